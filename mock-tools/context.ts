/** What a caller may tell a tool besides its arguments; a tool that does not care ignores it. */
export type RunContext = {
  /** An idempotency key: however often a call with this key is run, it takes effect once. */
  readonly key?: string;
  /** A shared integer; once it is not 0, nobody waits for the result any more. */
  readonly cancelled?: Int32Array;
};
