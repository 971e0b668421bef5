// The chapter's program after a change: it has one more effect, before the first request.
import { runQuestions } from "../../shared/cli.ts";
import { printCounts } from "./counts.ts";
import { parallelRunner, runAgent } from "./main.ts";
import { throughEngine } from "./service.ts";

const ask = throughEngine(async (question, execute) => {
  await execute("greeting", {}, async () => "hello");
  return runAgent(question, parallelRunner(), execute);
});
await runQuestions(ask, []);
printCounts();
process.exit();
