// The calls of a question as bars, drawn in a terminal.
import { appendFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { styleText } from "node:util";
import type { Piscina } from "piscina";
import { type CallNote, hearCalls, now } from "../mock-tools/notes.ts";
import { messageOf } from "../mock-tools/plain.ts";
import { printStatus } from "./print.ts";
import { onOneLine } from "./terminal.ts";

/** How a call ended. One is lost when its thread ends; one that has not ended is running. */
type End = "done" | "failed" | "lost" | "running";

/** A call as a bar. Times are milliseconds since 1970. */
export type Bar = {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly how: End;
};

/** What tells the ends apart, besides the colour: the letter of the bar, and a word behind it. */
const SIGNS = {
  done: { letter: "█", word: "", colour: "green" },
  failed: { letter: "▒", word: " failed", colour: "red" },
  lost: { letter: "░", word: " lost", colour: "yellow" },
  running: { letter: "▓", word: " running", colour: "yellow" },
} as const;

/** The most calls that are drawn; the others are counted. */
const MAX_BARS = 50;
const MIN_BAR = 20;
const MAX_BAR = 60;
const MAX_LABEL = 32;
/** What stands behind a bar at most: " 12345 ms failed". */
const BEHIND = 17;

const notes: CallNote[] = [];
/** When each thread ended. */
const ends = new Map<number, number>();
let wanted = false;

/** Has the timeline drawn after each question. To be called before any thread starts. */
export function wantTimeline(): void {
  wanted = true;
  hearCalls((note) => notes.push(note));
}

/** For a chapter that draws a picture of its own. */
export function replaceTimeline(): void {
  wanted = false;
}

const pools: Piscina[] = [];

/** Notes which threads have ended, of those that calls began in. */
function noteEnds(at: number): void {
  const threads = pools.flatMap((pool) => pool.threads);
  const alive = new Set(threads.map(({ threadId }) => threadId));
  for (const note of notes) {
    const isGone = note.type === "start" && note.thread !== 0 && !alive.has(note.thread);
    if (isGone && !ends.has(note.thread)) ends.set(note.thread, at);
  }
}

/** Notes when the threads of a pool end, since a call that ends with its thread cannot say so. */
export function watchThreads(pool: Piscina): void {
  pools.push(pool);
  pool.on("workerDestroy", () => {
    const at = now();
    // The pool forgets the thread after this event.
    queueMicrotask(() => noteEnds(at));
  });
}

/** The calls of some notes as bars, in the order in which they began. */
export function makeBars(
  said: readonly CallNote[],
  threads: ReadonlyMap<number, number>,
  latest: number,
): Bar[] {
  const starts = said.flatMap((note) => (note.type === "start" ? [note] : []));
  const lasts = said.flatMap((note) => (note.type === "end" ? [[note.call, note] as const] : []));
  const endOf = new Map(lasts);
  return starts
    .map(({ call, label, thread, at: start }): Bar => {
      const end = endOf.get(call);
      const lost = threads.get(thread);
      if (!end && lost !== undefined) return { label, start, end: lost, how: "lost" };
      if (!end) return { label, start, end: latest, how: "running" };
      return { label, start, end: end.at, how: end.failed ? "failed" : "done" };
    })
    .toSorted((one, other) => one.start - other.start);
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}

/**
 * Draws bars under one another, on one axis from the first start to the last end.
 *
 * @param columns how wide the terminal is
 * @param paint colours a text; it leaves it as it is where no colour is wanted
 */
export function drawBars(
  bars: readonly Bar[],
  columns: number,
  paint: (colour: "green" | "red" | "yellow", text: string) => string,
): string {
  const from = bars.reduce((first, { start }) => Math.min(first, start), Infinity);
  const to = bars.reduce((last, { end }) => Math.max(last, end), -Infinity);
  const drawn = bars.slice(0, MAX_BARS);
  const labels = drawn.map(({ label }) => onOneLine(label));
  const longest = Math.max(...labels.map(({ length }) => length));
  const labelWidth = Math.max(8, Math.min(longest, MAX_LABEL, columns - MIN_BAR - BEHIND));
  const width = Math.max(MIN_BAR, Math.min(MAX_BAR, columns - labelWidth - BEHIND));
  const scale = width / (to - from || 1);
  const lines = drawn.map(({ start, end, how }, index) => {
    const { letter, word, colour } = SIGNS[how];
    const left = Math.min(width - 1, Math.floor((start - from) * scale));
    const length = Math.max(1, Math.min(width - left, Math.round((end - start) * scale)));
    const label = labels[index] ?? "";
    // The end of a label tells more than its beginning.
    const short = label.length > labelWidth ? `…${label.slice(1 - labelWidth)}` : label;
    const gap = " ".repeat(width - left - length);
    const bar = `${" ".repeat(left)}${paint(colour, letter.repeat(length))}${gap}`;
    return `${short.padEnd(labelWidth)} ${bar} ${ms(end - start)}${word}`;
  });
  const excess = bars.length - drawn.length;
  if (excess > 0) lines.push(`… (${excess} more calls)`);
  const work = bars.reduce((sum, { start, end }) => sum + end - start, 0);
  const calls = bars.length === 1 ? "1 call" : `${bars.length} calls`;
  return `${lines.join("\n")}\n${calls}: ${ms(work)} of work in ${ms(to - from)}`;
}

/** The answer is there by now, so a file that cannot be written is no reason to fail. */
function keep(file: string, bars: readonly Bar[]): void {
  try {
    appendFileSync(file, `${JSON.stringify(bars)}\n`);
  } catch (error) {
    printStatus(`warning: the timeline cannot be kept: ${messageOf(error)}`);
  }
}

/**
 * Draws the calls since the last time on stderr, if that is wanted and there were any. TIMELINE_FILE gets
 * them as one line of JSON instead.
 */
export async function printTimeline(): Promise<void> {
  if (!wanted) return;
  // The last notes may still be on their way.
  await turn();
  await turn();
  // A thread may have ended before its last note was heard.
  noteEnds(now());
  const bars = makeBars(notes.splice(0), ends, now());
  if (bars.length === 0) return;
  const file = process.env.TIMELINE_FILE;
  if (file) return keep(file, bars);
  const { isTTY, columns } = process.stderr;
  const plain = !isTTY || process.env.NO_COLOR;
  const paint = (colour: "green" | "red" | "yellow", text: string) =>
    plain ? text : styleText(colour, text);
  console.error(`\n${drawBars(bars, columns || 80, paint)}`);
}
