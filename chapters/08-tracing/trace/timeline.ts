import { onOneLine } from "../../../shared/terminal.ts";
import type { Bar } from "./bars.ts";

const WIDTH = 48;

function ms(microseconds: number): string {
  return `${Math.round(microseconds / 1e3)} ms`;
}

function draw(bar: Bar, all: readonly Bar[]): string {
  const start = Math.min(...all.map((one) => one.start));
  const scale = WIDTH / (Math.max(...all.map((one) => one.end)) - start || 1);
  const from = Math.min(WIDTH - 1, Math.floor((bar.start - start) * scale));
  const length = Math.max(1, Math.round((bar.end - start) * scale) - from);
  const picture = (" ".repeat(from) + (bar.failed ? "▒" : "█").repeat(length)).padEnd(WIDTH);
  const label = onOneLine(String(bar.attributes["gen_ai.tool.call.id"] ?? bar.name));
  const short = label.length > 24 ? `${label.slice(0, 23)}…` : label;
  return `${short.padEnd(24)} ${picture} ${ms(bar.end - bar.start)}`;
}

/** What a batch took against what its calls took: how many of them ran at once, on average. */
function sumUp(batch: Bar, bars: readonly Bar[]): string {
  const calls = bars.filter(({ parent }) => parent === batch.id);
  const work = calls.reduce((sum, { start, end }) => sum + end - start, 0);
  const wall = batch.end - batch.start;
  const failed = calls.filter((call) => call.failed).length;
  const counts = `${calls.length - failed} succeeded, ${failed} failed`;
  return `batch: ${counts}; ${ms(work)} of calls in ${ms(wall)}; gain ${(work / wall).toFixed(1)}`;
}

/** Draws a timeline of bars, run by run, each followed by the gain of its batches. */
export function drawTimeline(bars: readonly Bar[]): string {
  const runs = new Set(bars.map(({ run }) => run));
  const pictures = [...runs].map((run) => {
    const all = bars.filter((bar) => bar.run === run);
    const batches = all.filter(({ name }) => name === "tool_batch");
    const lines = [...all.map((bar) => draw(bar, all)), ...batches.map((one) => sumUp(one, all))];
    return `run ${run}\n${lines.join("\n")}`;
  });
  return pictures.join("\n\n");
}
