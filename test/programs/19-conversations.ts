// Has a conversation over each of QUESTIONS and reports how it ended, with the parallel runner, and with
// processes of its own. At the end, only the ordinary pool may keep the program alive.
import { parallelRunner, runAgent } from "../../chapters/19-background-tools/main.ts";
import { report } from "./report.ts";

for (const question of JSON.parse(process.env.QUESTIONS ?? "[]")) {
  const end = await runAgent(question, parallelRunner()).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
  report(question, end);
}
// The threads of the chapter's pools would keep the process.
process.exit();
