// node:worker_threads
import type { CallNote } from "../../../mock-tools/notes.ts";
import { tell } from "../realm.ts";

export const threadId = start.thread;
export const isMainThread = start.thread === 0;

/** The channel for notes of calls. A thread's notes go to the program, and all of them to the page. */
export class BroadcastChannel {
  onmessage: unknown;

  postMessage(note: CallNote): void {
    tell({ type: "note", note });
  }

  unref(): void {
    // A page's worker is ended by the page, whatever it waits for.
  }
}

/** Only studies have a port, and no chapter that runs in a page offers them. */
export function receiveMessageOnPort(): undefined {
  return undefined;
}
