// Asks each of the QUESTIONS with the parallel runner and reports how it ended, and the outcomes of its
// calls as the program had them.
import { parallelRunner, runAgent } from "../../chapters/18-tool-output/main.ts";
import { report } from "./report.ts";

for (const question of JSON.parse(process.env.QUESTIONS ?? "[]")) {
  const outcomes: unknown[] = [];
  const runner = parallelRunner(4, () => (outcome) => outcomes.push(outcome));
  const end = await runAgent(question, runner).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
  report(question, { ...end, outcomes });
}
// The threads of the chapter's pool would keep the process; what it has said goes out first.
process.stdout.write("", () => process.exit());
