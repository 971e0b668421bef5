// A run is killed, and goes on in a program that was changed meanwhile. The first change is in what it
// sends to the model, the second in the order of its effects. Then the unchanged program goes on with it.
//
// npx tsx chapters/22-durable-execution/changed.ts
import { openRuns } from "./runs.ts";

const runs = await openRuns("How is the weather in LA?");
await runs.print("1 · A run, killed when its first request is recorded", {
  KILL_AT: "recorded step 1 request",
});
await runs.print("2 · The program has changed: it sends other requests", {
  OPENAI_PROTOCOL: "chat",
});
await runs.print("3 · The program has changed: it has one effect more", {}, "extra");
await runs.print("4 · The program is the one that began the run");
await runs.close();
