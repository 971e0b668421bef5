// The pending calls of this run. Each waits for its resolution and has its own deadline.
import { watch } from "node:fs";
import { atEnd } from "../../mock-tools/at-end.ts";
import { putQuestion, type Resolution, readResolution, settle } from "./exchange.ts";
import { closeRun, openRun, type Run, touchRun } from "./runs.ts";

/** How often the files are read, in case the system does not report a change. */
const LOOK_MS = 500;

/** Aborted when the calls that are pending are cancelled. */
let stop = new AbortController();

let opened: Run | undefined;
let stopLooking: (() => void) | undefined;
/** The functions that end the waits, by the place of the call. */
const waiting = new Map<string, (resolution: Resolution) => void>();

/** The run of this process. Its folder is made at the first use, and removed when the program ends. */
export function thisRun(): Run {
  if (opened) return opened;
  const run = openRun();
  atEnd(() => closeRun(run));
  opened = run;
  return run;
}

function look(): void {
  for (const [place, end] of waiting) {
    const resolution = readResolution(thisRun().folder, place);
    if (resolution) end(resolution);
  }
}

function watchFolder(): () => void {
  try {
    const watcher = watch(thisRun().folder, look);
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    // The system has no watchers, or none is left.
    return () => undefined;
  }
}

/** Reads the files as long as a call is pending. */
function startLooking(): () => void {
  const stopWatching = watchFolder();
  const showAndLook = (): void => {
    touchRun(thisRun());
    look();
  };
  showAndLook();
  const interval = setInterval(showAndLook, LOOK_MS);
  return () => {
    stopWatching();
    clearInterval(interval);
  };
}

/** Resolves a call of this run from this process. If it was resolved before, that resolution counts. */
function settleHere(place: string, resolution: Resolution): void {
  let stands = resolution;
  try {
    stands = settle(thisRun().folder, place, resolution);
  } catch {
    // Without the folder, nobody else can resolve the call.
  }
  waiting.get(place)?.(stands);
}

/** What is asked about a call: a text for a person, and the seconds to answer. */
export type Asked = { readonly text: string; readonly seconds: number };
/**
 * A pending call: its key, the promise of its resolution, and a signal that is aborted
 * when it is resolved; the signal's reason is what was said.
 */
export type Wait = {
  readonly key: string;
  readonly resolution: Promise<Resolution>;
  readonly over: AbortSignal;
};

/** Opens the wait of the call at a place, and starts its deadline. */
export function openWait(place: string, id: string, { text, seconds }: Asked): Wait {
  const over = new AbortController();
  const deadline = Date.now() + seconds * 1000;
  const key = putQuestion(thisRun(), place, { id, text, deadline });
  const clock = setTimeout(settleHere, seconds * 1000, place, { said: "timeout" });
  const resolution = new Promise<Resolution>((resolve) => {
    waiting.set(place, (found) => {
      waiting.delete(place);
      clearTimeout(clock);
      resolve(found);
      over.abort(found.said);
      if (waiting.size > 0) return;
      stopLooking?.();
      stopLooking = undefined;
    });
  });
  stopLooking ??= startLooking();
  return { key, resolution, over: over.signal };
}

/** Resolves the call at a place as cancelled, if it is pending. */
export function cancel(place: string): void {
  if (waiting.has(place)) settleHere(place, { said: "cancelled" });
}

/** A signal that is aborted at the next cancelAll. */
export function untilCancelled(): AbortSignal {
  return stop.signal;
}

/** Resolves all pending calls as cancelled. Returns whether there were any. */
export function cancelAll(): boolean {
  const places = [...waiting.keys()];
  for (const place of places) cancel(place);
  if (places.length === 0) return false;
  stop.abort();
  stop = new AbortController();
  return true;
}
