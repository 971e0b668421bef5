// Notes when each tool runs. Threads share no variables with the program, so their notes go through a channel.
import { BroadcastChannel, threadId } from "node:worker_threads";

const CHANNEL = "tool calls";

/** A note that a call begins, or how it ended. Times are milliseconds since 1970. */
export type CallNote =
  | {
      readonly type: "start";
      readonly call: string;
      readonly label: string;
      /** The arguments as JSON. */
      readonly arguments: string;
      readonly thread: number;
      readonly at: number;
    }
  | {
      readonly type: "end";
      readonly call: string;
      /** "lost" if the call ended with its thread, which could not say so itself. */
      readonly how: "done" | "failed" | "lost";
      readonly at: number;
    };

let channel: BroadcastChannel | undefined;
let count = 0;

/** Opens the channel. It does not keep the process alive. */
function open(): BroadcastChannel {
  const opened = new BroadcastChannel(CHANNEL);
  opened.unref();
  return opened;
}

/** The time in milliseconds since 1970, on one clock for all threads. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** From now on, calls the function with a note of each call in any thread. Threads inherit the setting. */
export function hearCalls(onNote: (note: CallNote) => void): void {
  process.env.NOTE_CALLS = "1";
  open().onmessage = (event) => {
    onNote(Object(event).data);
  };
}

/** A short label of a call: the tool's name, and the place or person in its arguments. */
function labelOf(name: string, args: object): string {
  const { location, to } = Object(args);
  return [name, location ?? to ?? ""].join(" ").trim();
}

/** Runs a tool, and notes when it begins and ends if notes are wanted. */
export async function noteCall<Value>(
  name: string,
  args: object,
  run: () => Value,
): Promise<Awaited<Value>> {
  if (!process.env.NOTE_CALLS) return await run();
  channel ??= open();
  const say = (note: CallNote) => channel?.postMessage(note);
  const call = `${threadId} ${count++}`;
  const said = { label: labelOf(name, args), arguments: JSON.stringify(args) };
  say({ type: "start", call, ...said, thread: threadId, at: now() });
  let how: "done" | "failed" = "failed";
  try {
    const result = await run();
    how = "done";
    return result;
  } finally {
    say({ type: "end", call, how, at: now() });
  }
}
