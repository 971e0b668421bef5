// Asks questions, a JSON list of them, with runners that are watched, and reports for each question
// how its batches ran. Then it asks those of a second list with the chapter's own runners.
import { makeRunners, runAgent } from "../../chapters/11-dynamic-parallelism/main.ts";
import { makeGauge } from "../../shared/gauge.ts";
import { report } from "./report.ts";

type RunBatch = ReturnType<typeof makeRunners>["parallel"];

const [, , watched = "[]", unwatched = "[]"] = process.argv;

for (const question of JSON.parse(watched)) {
  const gauge = makeGauge();
  const { parallel, sequential } = makeRunners(gauge.onStart);
  const name = (word: string, runBatch: RunBatch): RunBatch => {
    return (calls) => {
      gauge.trail += ` ${word} `;
      return runBatch(calls);
    };
  };
  await runAgent(question, {
    parallel: name("parallel", parallel),
    sequential: name("sequential", sequential),
  });
  report(question, { peak: gauge.peak, trail: gauge.trail.trim() });
}

for (const question of JSON.parse(unwatched)) await runAgent(question);
// The threads of the chapter's pool would keep the process.
process.stdout.write("", () => process.exit());
