// Asks questions, each with a runner that has watchers of its own, and prints what the watchers got.
import { parallelRunner, runAgent } from "../../chapters/08-tracing/main.ts";

type RunBatch = ReturnType<typeof parallelRunner>;
type OnStart = NonNullable<Parameters<typeof parallelRunner>[1]>;

function breakDown(): never {
  throw new Error("broken");
}

let notes: unknown[] = [];
const note: OnStart = (call, index) => {
  notes.push(["start", index, call.id, call.name]);
  return ({ id, type }) => notes.push(["end", index, id, type]);
};

const runners: Readonly<Record<string, RunBatch>> = {
  "one watcher": parallelRunner(4, note),
  "a watcher throws at a start": parallelRunner(4, breakDown, note),
  "a watcher throws at an end": parallelRunner(4, () => breakDown, note),
  "a watcher rejects": parallelRunner(4, () => async () => breakDown(), note),
  "equal ids": parallelRunner(1),
  "one by one": parallelRunner(1),
  "at the same time": parallelRunner(4),
  "no model": parallelRunner(4),
};

for (const [question, runBatch] of Object.entries(runners)) {
  notes = [];
  console.log(`# ${question}`);
  console.error(`# ${question}`);
  await runAgent(question, runBatch).catch((error) => console.error(`rejected: ${error}`));
  console.log(`NOTES ${JSON.stringify(notes)}`);
}
// The threads would wait for more calls.
process.stdout.write("", () => process.exit());
