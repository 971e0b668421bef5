// Draws calls as the bars of a timeline.
import { fitTo, shareOut, widthOf, wrap } from "./columns.ts";
import { onOneLine } from "./terminal.ts";

/** How a call ended. A call is lost if its thread ended first, and running if it has not ended. */
type End = "done" | "failed" | "lost" | "running";

/** A call as a bar. Times are milliseconds since 1970; a lost call ends when the loss was noticed. */
export type Bar = {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly how: End;
  /** The number of the agent's run, from 1 up. */
  readonly run: number;
};

/** Colours a text, or returns it unchanged if no colour is wanted. */
type Paint = (colour: "green" | "red" | "yellow", text: string) => string;

/** The letter of the bar, the word behind it and the colour, by the way in which a call ended. */
const SIGNS = {
  done: { letter: "█", word: "", colour: "green" },
  failed: { letter: "▒", word: " failed", colour: "red" },
  lost: { letter: "░", word: " lost", colour: "yellow" },
  running: { letter: "▓", word: " running", colour: "yellow" },
} as const;

/** The most calls of a run that are drawn; the others are counted. */
const MAX_BARS = 50;
const MAX_BAR = 60;
const MAX_LABEL = 32;

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}

function behind({ start, end, how }: Bar): string {
  return ms(end - start) + SIGNS[how].word;
}

/** From the first start to the last end. */
function spanOf(bars: readonly Bar[]): { from: number; length: number } {
  const from = bars.reduce((first, { start }) => Math.min(first, start), Infinity);
  const to = bars.reduce((last, { end }) => Math.max(last, end), -Infinity);
  return { from, length: to - from };
}

/** The line under a picture. Only calls that are done or failed count as work. */
function sumUp(bars: readonly Bar[]): string {
  const ended = bars.filter(({ how }) => how === "done" || how === "failed");
  const work = ended.reduce((sum, { start, end }) => sum + end - start, 0);
  const calls = bars.length === 1 ? "1 call" : `${bars.length} calls`;
  const lost = bars.filter(({ how }) => how === "lost").length;
  const note = lost > 0 ? `; ${lost} lost (a bar ends when that was noticed)` : "";
  return `${calls}: ${ms(work)} of work in ${ms(spanOf(bars).length)}${note}`;
}

/** The layout of a picture: the columns of each part, the columns per millisecond, the colours. */
type Layout = {
  readonly columns: number;
  readonly label: number;
  readonly bar: number;
  readonly scale: number;
  readonly paint: Paint;
};

function layOut(runs: readonly (readonly Bar[])[], columns: number, paint: Paint): Layout {
  const drawn = runs.flatMap((run) => run.slice(0, MAX_BARS));
  const widest = (texts: string[]) => Math.max(...texts.map(widthOf));
  const label = Math.min(MAX_LABEL, widest(drawn.map((bar) => onOneLine(bar.label))));
  const most = { label, bar: MAX_BAR, behind: widest(drawn.map(behind)) };
  const shares = shareOut(columns, most);
  const longest = Math.max(...runs.map((run) => spanOf(run).length));
  return { columns, paint, ...shares, scale: shares.bar / (longest || 1) };
}

function drawBar(bar: Bar, from: number, { label, bar: width, scale, paint }: Layout): string {
  const { letter, colour } = SIGNS[bar.how];
  const left = Math.min(width - 1, Math.floor((bar.start - from) * scale));
  const length = Math.max(1, Math.min(width - left, Math.round((bar.end - bar.start) * scale)));
  const picture = " ".repeat(left) + paint(colour, letter.repeat(length));
  const gap = " ".repeat(width - left - length);
  return `${fitTo(onOneLine(bar.label), label)} ${picture}${gap} ${behind(bar)}`;
}

function drawRun(run: readonly Bar[], layout: Layout): string {
  const { from } = spanOf(run);
  const lines = run.slice(0, MAX_BARS).map((bar) => drawBar(bar, from, layout));
  const excess = run.length - MAX_BARS;
  if (excess > 0) lines.push(`… (${excess} more calls)`);
  return [...lines, wrap(sumUp(run), layout.columns)].join("\n");
}

/**
 * Draws bars below one another, on one axis from the first start to the last end. Several runs of an agent
 * are drawn one by one, in the same scale.
 *
 * @param columns how wide the terminal is
 */
export function drawBars(bars: readonly Bar[], columns: number, paint: Paint): string {
  const numbers = [...new Set(bars.map(({ run }) => run))];
  const runs = numbers.map((number) => bars.filter(({ run }) => run === number));
  const layout = layOut(runs, columns, paint);
  const pictures = runs.map((run) => drawRun(run, layout));
  if (runs.length === 1) return pictures.join("");
  return pictures.map((picture, index) => `run ${numbers[index]}\n${picture}`).join("\n\n");
}
