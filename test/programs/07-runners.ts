// Gives batches to the runners of chapter 07, and reports the outcomes.
import { parallelRunner, runAgent, serialRunner } from "../../chapters/07-tool-runners/main.ts";
import { makeGauge } from "../../shared/gauge.ts";
import { report } from "./report.ts";

await runAgent("six calls, by default");

for (const limit of [1, 2, 3]) {
  const gauge = makeGauge();
  await runAgent(`six calls, limit ${limit}`, parallelRunner(limit, gauge.onStart));
  report(`limit ${limit}`, gauge);
}
const gauge = makeGauge();
await runAgent("six calls, limit 4", parallelRunner(undefined, gauge.onStart));
report("limit 4", gauge);

await runAgent("the nasty batch, one by one", serialRunner);
await runAgent("the nasty batch, all at once", parallelRunner(100));

const seen: unknown[] = [];
const watched = parallelRunner(1, (call, index) => {
  seen.push({ start: index, call });
  return (outcome) => seen.push({ end: index, outcome });
});
await runAgent("two calls that are watched", watched);
report("watched", seen);

await runAgent("two calls, another runner", async (calls) => {
  return calls.map(({ id, name }) => ({ type: "success", id, result: `${name} was not run` }));
});

const idle = makeGauge();
const outcomes = [await serialRunner([]), await parallelRunner(4, idle.onStart)([])];
report("empty", { outcomes, peak: idle.peak });

function refusal(limit: number): string {
  try {
    parallelRunner(limit);
    return "taken";
  } catch (error) {
    return String(error);
  }
}
report("refusals", [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map(refusal));

// The threads of the chapter's pool would keep the process.
process.exit();
