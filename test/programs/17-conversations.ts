// Has a conversation over each of QUESTIONS, and reports how it ended; where a question is about a
// terminal, the program prints as it does on one. Then asks the question on the command line as a
// reader would.
import { runAgent } from "../../chapters/17-streaming/main.ts";
import { runQuestions } from "../../shared/cli.ts";
import { report } from "./report.ts";

for (const question of JSON.parse(process.env.QUESTIONS ?? "[]")) {
  process.stdout.isTTY = question.includes("terminal");
  const end = await runAgent(question).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
  report(question, end);
}
await runQuestions((question) => runAgent(question), []);
// The threads of the chapter's pool would keep the process.
process.exit();
