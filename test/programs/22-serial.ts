// The chapter with the serial runner, so that a crash may come between two calls.
import { printCounts } from "../../chapters/22-durable-execution/counts.ts";
import { runAgent, serialRunner } from "../../chapters/22-durable-execution/main.ts";
import { throughEngine } from "../../chapters/22-durable-execution/service.ts";
import { runQuestions } from "../../shared/cli.ts";

const ask = throughEngine((question, execute) => runAgent(question, serialRunner, execute));
await runQuestions(ask, []);
printCounts();
// The threads of the chapter's pool would keep the process.
process.exit();
