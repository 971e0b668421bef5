// Asks with split runners that a reader has made, and prints the error for a bad limit.
import {
  parallelRunner,
  runAgent,
  serialRunner,
  splitRunner,
} from "../../chapters/09-async-tools/main.ts";

await runAgent("the default limits", splitRunner());
await runAgent("narrow limits", splitRunner(parallelRunner(2), serialRunner));
for (const limit of [0, -1, 1.5, Number.NaN]) {
  try {
    parallelRunner(limit);
  } catch (error) {
    console.log(`LIMIT ${error}`);
  }
}
// The threads would wait for more calls.
process.stdout.write("", () => process.exit());
