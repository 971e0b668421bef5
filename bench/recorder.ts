// Asks a chapter a question, once with each setting that is named after it, and keeps the bars of each
// run: node bench/recorder.ts FILE QUESTION SETTING ...
// It is a program of its own, since tools that say when they run cost other measurements something.
import { pathToFileURL } from "node:url";
import { printTimeline, wantTimeline } from "../shared/timeline.ts";

const [file = "", question = "", ...settings] = process.argv.slice(2);
// Before the chapter starts its threads.
wantTimeline();
const { runAgent, parallelRunner } = await import(pathToFileURL(file).href);
for (const setting of settings) {
  await runAgent(question, setting === "parallel" ? parallelRunner() : JSON.parse(setting));
  await printTimeline();
}
process.exit();
