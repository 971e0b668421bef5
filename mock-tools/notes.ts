// When each tool runs. Threads share no variables with the program, so it hears of their calls over a channel.
import { BroadcastChannel, threadId } from "node:worker_threads";

const CHANNEL = "tool calls";

/** What is said of a call: that it begins, or how it ends. Times are milliseconds since 1970. */
export type CallNote =
  | {
      readonly type: "start";
      readonly call: string;
      readonly label: string;
      readonly thread: number;
      readonly at: number;
    }
  | { readonly type: "end"; readonly call: string; readonly failed: boolean; readonly at: number };

let channel: BroadcastChannel | undefined;
let count = 0;

/** Opens the channel, which keeps no process alive. */
function open(): BroadcastChannel {
  const opened = new BroadcastChannel(CHANNEL);
  opened.unref();
  return opened;
}

/** The time on the one clock that all threads have. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Asks all tools that run from here on, in whichever thread, to say so. Threads inherit the wish. */
export function hearCalls(onNote: (note: CallNote) => void): void {
  process.env.NOTE_CALLS = "1";
  open().onmessage = (event) => {
    onNote(Object(event).data);
  };
}

/** A call in a few words: the tool's name, and the place or person that it is about. */
function labelOf(name: string, args: object): string {
  const { location, to } = Object(args);
  return [name, location ?? to ?? ""].join(" ").trim();
}

/** Runs a tool, and says when it begins and ends if somebody has asked for that. */
export async function noteCall<Value>(
  name: string,
  args: object,
  run: () => Value,
): Promise<Awaited<Value>> {
  if (!process.env.NOTE_CALLS) return await run();
  channel ??= open();
  const say = (note: CallNote) => channel?.postMessage(note);
  const call = `${threadId} ${count++}`;
  say({ type: "start", call, label: labelOf(name, args), thread: threadId, at: now() });
  let failed = true;
  try {
    const result = await run();
    failed = false;
    return result;
  } finally {
    say({ type: "end", call, failed, at: now() });
  }
}
