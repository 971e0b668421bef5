// A run is killed between two calls of a batch, and started again: with an effect a call, and with one
// for the whole batch. Oslo's line drops the first time that somebody asks, and works the second time.
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
