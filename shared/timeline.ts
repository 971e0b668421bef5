// Hears of the calls of a question, and has them drawn.
import { appendFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { styleText } from "node:util";
import type { Piscina } from "piscina";
import { type CallNote, hearCalls, now } from "../mock-tools/notes.ts";
import { messageOf } from "../mock-tools/plain.ts";
import { type Bar, drawBars } from "./bars.ts";
import { columnsOf } from "./columns.ts";
import { printStatus } from "./print.ts";
import { takeRuns } from "./runs.ts";

const notes: CallNote[] = [];
/** When each thread ended. */
const ends = new Map<number, number>();
let wanted = false;

/** Has the timeline drawn after each question. To be called before any thread starts. */
export function wantTimeline(): void {
  wanted = true;
  hearCalls((note) => notes.push(note));
}

/**
 * Takes what a tool says in another process, for the timeline. Each process numbers its calls and its
 * threads by itself, so the process's id is made a part of both.
 */
export function noteFrom(pid: number, said: CallNote): void {
  if (!wanted) return;
  const call = `${pid} ${said.call}`;
  notes.push(said.type === "start" ? { ...said, call, thread: -pid } : { ...said, call });
}

/** Notes that a process has ended, and all of its calls with it. */
export function noteExit(pid: number): void {
  ends.set(-pid, now());
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
    // Thread 0 is the program itself, and a number below that is another process.
    const isGone = note.type === "start" && note.thread > 0 && !alive.has(note.thread);
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

/** When things happened that calls did not say: each thread's end, the first reply of each run, the last moment. */
type Moments = {
  readonly threads: ReadonlyMap<number, number>;
  readonly runs: readonly number[];
  readonly latest: number;
};

/** The calls of some notes as bars, in the order in which they began. */
export function makeBars(said: readonly CallNote[], { threads, runs, latest }: Moments): Bar[] {
  // The first reply of a stream may come to its end after its first call has begun.
  const runOf = (start: number) => Math.max(1, runs.filter((at) => at <= start).length);
  const starts = said.flatMap((note) => (note.type === "start" ? [note] : []));
  const lasts = said.flatMap((note) => (note.type === "end" ? [[note.call, note] as const] : []));
  const endOf = new Map(lasts);
  return starts
    .map(({ call, label, thread, at: start }): Bar => {
      const end = endOf.get(call);
      const bar = { label, start, run: runOf(start) };
      const lost = threads.get(thread);
      if (!end && lost !== undefined) return { ...bar, end: lost, how: "lost" };
      if (!end) return { ...bar, end: latest, how: "running" };
      return { ...bar, end: end.at, how: end.failed ? "failed" : "done" };
    })
    .toSorted((one, other) => one.start - other.start);
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
  const moments = { threads: ends, runs: takeRuns(), latest: now() };
  const bars = makeBars(notes.splice(0), moments);
  if (bars.length === 0) return;
  const file = process.env.TIMELINE_FILE;
  if (file) return keep(file, bars);
  const plain = !process.stderr.isTTY || process.env.NO_COLOR;
  const paint = (colour: "green" | "red" | "yellow", text: string) =>
    plain ? text : styleText(colour, text, { stream: process.stderr });
  console.error(`\n${drawBars(bars, columnsOf(process.stderr), paint)}`);
}
