// The chapter after a change of the arguments that it gives its first call.
import { printCounts } from "../../chapters/22-durable-execution/counts.ts";
import { parallelRunner, runAgent } from "../../chapters/22-durable-execution/main.ts";
import { throughEngine } from "../../chapters/22-durable-execution/service.ts";
import { runQuestions } from "../../shared/cli.ts";

const runBatch = parallelRunner();
const runChanged: typeof runBatch = (calls, execute) => {
  const changed = calls.map((call, index) => {
    return index === 0 ? { ...call, arguments: '{"location":"b"}' } : call;
  });
  return runBatch(changed, execute);
};
await runQuestions(
  throughEngine((question, execute) => runAgent(question, runChanged, execute)),
  [],
);
printCounts();
process.exit();
