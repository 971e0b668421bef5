import type { MessagePort } from "node:worker_threads";

/** What a caller may tell a tool besides its arguments; a tool that does not care ignores it. */
export type RunContext = {
  /** An idempotency key: however often a call with this key is run, it takes effect once. */
  readonly key?: string;
  /** A shared integer; once it is not 0, nobody waits for the result any more. */
  readonly cancelled?: Int32Array;
  /** Signals arrive here while the tool works, and here it may say how far it is. */
  readonly port?: MessagePort;
};

/** What the caller says to a tool while it works. */
export type Signal = { readonly name: string; readonly payload: string };
