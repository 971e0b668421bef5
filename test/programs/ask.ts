// Asks a chapter one question after the other, in one process: ask.ts 04-parallel-tools "…" "…"
import { readMailbox } from "../../mock-tools/mailbox.ts";
import { report } from "./report.ts";

type Chapter = { runAgent(question: string): Promise<string> };

const [folder, ...questions] = process.argv.slice(2);
const { runAgent }: Chapter = await import(`../../chapters/${folder}/main.ts`);

for (const question of questions) {
  try {
    const answer = await runAgent(question);
    report(question, { answer, mailbox: readMailbox() });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown.message : String(thrown);
    report(question, { error, mailbox: readMailbox() });
  }
}
// The threads of the chapter's pool would keep the process.
process.exit();
