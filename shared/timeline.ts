// Collects the calls of a question for the timeline, and prints it.
import { appendFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { styleText } from "node:util";
import type { Piscina } from "piscina";
import { type CallNote, hearCalls, now } from "../mock-tools/notes.ts";
import { messageOf } from "../mock-tools/plain.ts";
import { type Bar, drawBars } from "./bars.ts";
import { makeBars } from "./call-bars.ts";
import { columnsOf } from "./columns.ts";
import { printStatus } from "./print.ts";
import { takeRuns } from "./runs.ts";

const notes: CallNote[] = [];
/** When each thread ended. */
const ends = new Map<number, number>();
let wanted = false;
let drawn = true;

/** Switches the timeline on. It must be called before any thread starts. */
export function wantTimeline(): void {
  wanted = true;
  hearCalls((note) => notes.push(note));
}

/**
 * Takes a note of a call in another process, for the timeline. Each process numbers its calls and its
 * threads itself, so the process id becomes a part of both numbers.
 */
export function noteFrom(pid: number, said: CallNote): void {
  if (!wanted) return;
  const call = `${pid} ${said.call}`;
  notes.push(said.type === "start" ? { ...said, call, thread: -pid } : { ...said, call });
}

/** Notes that a process has ended, and with it all of its calls. */
export function noteExit(pid: number): void {
  ends.set(-pid, now());
}

/** Draws this timeline no more, for a chapter that draws its own. TIMELINE_FILE still gets it. */
export function replaceTimeline(): void {
  drawn = false;
}

const pools: Piscina[] = [];

/** The numbers of the threads that have not ended. */
function aliveThreads(): Set<number> {
  return new Set(pools.flatMap((pool) => pool.threads.map(({ threadId }) => threadId)));
}

/** Notes which threads with calls have ended. */
function noteEnds(at: number): void {
  const alive = aliveThreads();
  for (const note of notes) {
    // Thread 0 is the program itself; a negative number is another process.
    const isGone = note.type === "start" && note.thread > 0 && !alive.has(note.thread);
    if (isGone && !ends.has(note.thread)) ends.set(note.thread, at);
  }
}

/** The calls of this process that have begun and not ended, each with its thread. */
const open = new Map<string, number>();
let pass: ((note: CallNote) => void) | undefined;

/** Passes each note of a call in this process on, to be drawn by another process. */
export function passNotes(onNote: (note: CallNote) => void): void {
  pass = onNote;
  hearCalls((note) => {
    if (note.type === "start") open.set(note.call, note.thread);
    else open.delete(note.call);
    onNote(note);
  });
}

/** Passes on that calls were lost with their threads. */
function passLosses(at: number): void {
  const alive = aliveThreads();
  for (const [call, thread] of open) {
    if (thread === 0 || alive.has(thread)) continue;
    open.delete(call);
    pass?.({ type: "end", call, how: "lost", at });
  }
}

/** Notes when the threads of a pool end, since a call that dies with its thread cannot report its end. */
export function watchThreads(pool: Piscina): void {
  pools.push(pool);
  pool.on("workerDestroy", () => {
    const at = now();
    // The pool forgets the thread after this event.
    queueMicrotask(() => {
      noteEnds(at);
      passLosses(at);
    });
  });
}

/** Writes the bars to a file. It only warns of an error, because the answer is already printed. */
function keep(file: string, bars: readonly Bar[]): void {
  try {
    appendFileSync(file, `${JSON.stringify(bars)}\n`);
  } catch (error) {
    printStatus(`warning: the timeline cannot be kept: ${messageOf(error)}`);
  }
}

/**
 * Draws the calls since the last time on stderr, if the timeline is on and there were any. With TIMELINE_FILE,
 * writes them to that file as one line of JSON instead.
 */
export async function printTimeline(): Promise<void> {
  if (!wanted) return;
  // The last notes may not have arrived yet.
  await turn();
  await turn();
  // A thread may have ended before its last note arrived.
  noteEnds(now());
  const moments = { threads: ends, runs: takeRuns(), latest: now() };
  const bars = makeBars(notes.splice(0), moments);
  if (bars.length === 0) return;
  const file = process.env.TIMELINE_FILE;
  if (file) return keep(file, bars);
  if (!drawn) return;
  const plain = !process.stderr.isTTY || process.env.NO_COLOR;
  const paint = (colour: "green" | "red" | "yellow", text: string) =>
    plain ? text : styleText(colour, text, { stream: process.stderr });
  console.error(`\n${drawBars(bars, columnsOf(process.stderr), paint)}`);
}
