// Asks each chapter one question, the name of its folder, in one process: ask-each.ts 04-parallel-tools …
import { report } from "./report.ts";

type Chapter = { runAgent(question: string): Promise<string> };

for (const folder of process.argv.slice(2)) {
  const { runAgent }: Chapter = await import(`../../chapters/${folder}/main.ts`);
  report(folder, await runAgent(folder));
}
// The threads of the chapters' pools would keep the process.
process.exit();
