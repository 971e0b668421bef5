// Asks a chapter a question, once with each of the settings that follow it, and keeps the bars of each
// run: node bench/recorder.ts FILE QUESTION SETTING ...
// It is a program of its own, since tools that note their runs would slow other measurements down.
import { pathToFileURL } from "node:url";
import { printTimeline, wantTimeline } from "../shared/timeline.ts";

const [file = "", question = "", ...settings] = process.argv.slice(2);
// This must come before the chapter starts its threads.
wantTimeline();
const { runAgent, parallelRunner } = await import(pathToFileURL(file).href);
for (const setting of settings) {
  await runAgent(question, setting === "parallel" ? parallelRunner() : JSON.parse(setting));
  await printTimeline();
}
process.exit();
