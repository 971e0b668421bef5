// Measures the READMEs' figures and keeps them in bench/results.json: npm run bench
// Measures only one part: npm run bench overhead
// Records the runs of the demos in bench/runs: npm run bench runs, or npm run bench runs 04 05 for these chapters
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { measureAsyncOverhead, measureAsyncTools } from "./async-tools.ts";
import { measureBatches, measureOverhead } from "./batches.ts";
import { measureCancellation } from "./cancellation.ts";
import { measureColdStart } from "./cold-start.ts";
import { measureReplies, measureScheduling, measureWaves, recordWaves } from "./dependencies.ts";
import { measureDurable, recordResumed } from "./durable.ts";
import { measureHandles } from "./handles.ts";
import { measureWakeUp, recordPending } from "./human-approval.ts";
import { measureEarlyStarts, measureKnobs } from "./recordings.ts";
import { measureJournal, measureReplay } from "./replay.ts";
import { recordRuns } from "./runs.ts";
import { measureCallCost, measureGrowth, measureScaleOut } from "./scale-out.ts";
import { measureFirstStart, measureStreaming } from "./streaming.ts";
import {
  measureBuckets,
  measureLanes,
  measureLimits,
  measureRetries,
  measureSharedLanes,
  measureTimelines,
} from "./timeline.ts";
import { measureToolOutput } from "./tool-output.ts";
import { measureTrace } from "./trace.ts";

const FILE = join(import.meta.dirname, "results.json");
const words = process.argv.slice(2);
const wanted = words.filter((word) => !/^\d\d$/.test(word));
const numbers = words.filter((word) => !wanted.includes(word));
const parts = new Map<string, () => Promise<object | undefined>>([
  ["batches", measureBatches],
  ["overhead", measureOverhead],
  ["async-tools", measureAsyncTools],
  ["async-overhead", measureAsyncOverhead],
  ["cancellation", measureCancellation],
  ["dependencies", measureReplies],
  ["waves", measureWaves],
  ["scheduling", measureScheduling],
  ["streaming", measureStreaming],
  ["first-start", measureFirstStart],
  ["tool-output", measureToolOutput],
  ["handles", measureHandles],
  ["wake-up", measureWakeUp],
  ["replay", measureReplay],
  ["journal", measureJournal],
  ["durable", measureDurable],
  ["scale-out", measureScaleOut],
  ["scale-out-growth", measureGrowth],
  ["scale-out-calls", measureCallCost],
  ["timelines", measureTimelines],
  ["timeline-06", measureRetries],
  ["timeline-07", measureSharedLanes],
  ["timeline-09", measureLanes],
  ["timeline-10", measureLimits],
  ["timeline-12", measureBuckets],
  ["timeline-13-waves", recordWaves],
  ["timeline-15", measureKnobs],
  ["timeline-17", measureEarlyStarts],
  ["timeline-20", recordPending],
  ["timeline-22", recordResumed],
  ["trace", measureTrace],
  ["cold-start", measureColdStart],
  ["runs", () => recordRuns(numbers)],
]);

const unknown = wanted.find((name) => !parts.has(name));
if (unknown) {
  console.error(`error: expected ${[...parts.keys()].join(", ")} or nothing, got ${unknown}`);
  process.exit(1);
}

const results = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {};
const machine = {
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model,
  system: `${process.platform} ${process.arch}`,
};
// Chapters print a transcript and the bare loop does not. The terminal's time must not count.
const { log } = console;
console.log = () => undefined;
for (const [name, measure] of parts) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`measuring ${name} …`);
  const measured = await measure();
  // The runs have files of their own.
  if (!measured) continue;
  Object.assign(results, { machine, [name]: measured });
  log(name, JSON.stringify(results[name], null, 2));
}
writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`);
process.exit();
