// A run is killed between two calls of a batch, and started again: first with one effect per call, then
// with one effect per batch. Oslo's line drops at the first call, and works at the second.
//
// npx tsx chapters/21-replay/grains.ts
import { journalIn, makeRunFolder, printRun } from "./runs.ts";

const QUESTION = "How is the weather in Oslo and LA?";
const KILL_AT = "end of call 0";

for (const JOURNAL_GRAIN of ["call", "batch"]) {
  const folder = makeRunFolder();
  const settings = { JOURNAL: journalIn(folder), JOURNAL_GRAIN };
  await printRun(`An effect a ${JOURNAL_GRAIN}, killed at the ${KILL_AT}`, folder, QUESTION, {
    ...settings,
    KILL_AT,
  });
  await printRun(`An effect a ${JOURNAL_GRAIN}, the rerun`, folder, QUESTION, settings);
}
