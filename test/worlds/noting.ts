import type { RunContext } from "../../mock-tools/context.ts";
import { forecast as beNasty } from "./nasty.ts";
import { note, readNotes } from "./notes.ts";

function askForRetry(retry: unknown): never {
  throw new Error("not yet", { cause: { retry } });
}

/** Blocks its thread without computing. Only the end of the thread stops it. */
function block(): never {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error("nobody wakes it");
}

/** How the first attempt and later ones end, by the name of the place. */
const places = new Map<string, (isFirst: boolean) => unknown>([
  ["works", () => "fine"],
  ["works later", (isFirst) => (isFirst ? askForRetry({ after_ms: 1 }) : "fine at last")],
  [
    "fails for good later",
    (isFirst) => {
      if (isFirst) askForRetry({ after_ms: 1 });
      throw new Error("for good");
    },
  ],
  ["never works", () => askForRetry({ after_ms: 1 })],
  ["never works either", () => askForRetry({ after_ms: 1 })],
  ["asks for any time", () => askForRetry({})],
  ["asks for an age", () => askForRetry({ after_ms: 1e9 })],
  ["asks without an object", () => askForRetry(true)],
  ["asks without a number", () => askForRetry({ after_ms: "soon" })],
  [
    "asks in a string",
    () => {
      throw '{"cause":{"retry":{}}}';
    },
  ],
  [
    "asks for nothing",
    () => {
      throw new Error("no cause");
    },
  ],
  ["waits for ever at first", (isFirst) => (isFirst ? new Promise(() => undefined) : "awake")],
  ["blocks its thread", block],
]);

/** A weather tool that notes each attempt at the places above, and is nasty elsewhere. */
export function forecast({ location }: { location: string }, context: RunContext = {}): unknown {
  const end = places.get(location);
  if (!end) return beNasty({ location });
  const isFirst = !readNotes().includes(JSON.stringify(location));
  note({ location, ...context });
  return end(isFirst);
}
