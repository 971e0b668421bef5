import { fitTo, shareOut, wrap } from "../../../shared/columns.ts";
import { onOneLine } from "../../../shared/terminal.ts";
import type { Bar } from "./bars.ts";

const MAX_LABEL = 24;
const MAX_BAR = 48;

function ms(microseconds: number): string {
  return `${Math.round(microseconds / 1e3)} ms`;
}

function draw(bar: Bar, all: readonly Bar[], columns: number): string {
  const behind = Math.max(...all.map(({ start, end }) => ms(end - start).length));
  const width = shareOut(columns, { label: MAX_LABEL, bar: MAX_BAR, behind });
  const start = Math.min(...all.map((one) => one.start));
  const scale = width.bar / (Math.max(...all.map((one) => one.end)) - start || 1);
  const from = Math.min(width.bar - 1, Math.floor((bar.start - start) * scale));
  const length = Math.max(1, Math.round((bar.end - start) * scale) - from);
  const picture = " ".repeat(from) + (bar.failed ? "▒" : "█").repeat(length);
  const label = onOneLine(String(bar.attributes["gen_ai.tool.call.id"] ?? bar.name));
  return `${fitTo(label, width.label)} ${picture.padEnd(width.bar)} ${ms(bar.end - bar.start)}`;
}

/** Compares a batch's time with the sum of its calls' times: the average number of calls that ran at once. */
function sumUp(batch: Bar, bars: readonly Bar[]): string {
  const calls = bars.filter(({ parent }) => parent === batch.id);
  const work = calls.reduce((sum, { start, end }) => sum + end - start, 0);
  const wall = batch.end - batch.start;
  const failed = calls.filter((call) => call.failed).length;
  const counts = `${calls.length - failed} succeeded, ${failed} failed`;
  return `batch: ${counts}; ${ms(work)} of calls in ${ms(wall)}; gain ${(work / wall).toFixed(1)}`;
}

/**
 * Draws a timeline of bars, run by run, each followed by the gain of its batches.
 *
 * @param columns how wide the terminal is
 */
export function drawTimeline(bars: readonly Bar[], columns: number): string {
  const runs = new Set(bars.map(({ run }) => run));
  const pictures = [...runs].map((run) => {
    const all = bars.filter((bar) => bar.run === run);
    const batches = all.filter(({ name }) => name === "tool_batch");
    const sums = batches.map((batch) => wrap(sumUp(batch, all), columns));
    return [`run ${run}`, ...all.map((bar) => draw(bar, all, columns)), ...sums].join("\n");
  });
  return pictures.join("\n\n");
}
