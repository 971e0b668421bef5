// Holds each conversation three times: without a journal, with a fresh one, and with the same one again.
// Reports how each ended, and what was replayed.
import { inline } from "../../shared/effects.ts";
import { openJournal } from "../../chapters/21-replay/journal.ts";
import { parallelRunner, runAgent } from "../../chapters/21-replay/main.ts";
import { worldFile } from "../../mock-tools/world.ts";
import { report } from "./report.ts";

async function end(question: string, execute = inline): Promise<object> {
  return runAgent(question, parallelRunner(), execute).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
}

async function endInJournal(question: string, file: string): Promise<object> {
  const { execute, counts, close } = openJournal(file, { question, sync: false });
  const ended = await end(question, execute);
  close();
  return { ...ended, ...counts };
}

for (const [index, question] of process.argv.slice(2).entries()) {
  report(`${question}, inline`, await end(question));
  const file = worldFile(`${index}.jsonl`);
  report(`${question}, recorded`, await endInJournal(question, file));
  report(`${question}, replayed`, await endInJournal(question, file));
}
// The threads of the chapter's pool would keep the process.
process.exit();
