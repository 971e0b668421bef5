import type { MessagePort } from "node:worker_threads";

/** What a caller may give a tool besides its arguments. A tool may ignore it. */
export type RunContext = {
  /** An idempotency key: if a call with this key runs several times, it takes effect once. */
  readonly key?: string;
  /** A shared integer. If it is not 0, the call is cancelled, and the tool should stop. */
  readonly cancelled?: Int32Array;
  /** While the tool works, signals arrive here, and it may report its progress here. */
  readonly port?: MessagePort;
};

/** A message from the caller to a working tool. */
export type Signal = { readonly name: string; readonly payload: string };
