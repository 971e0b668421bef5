// node:timers/promises
type Options = { readonly signal?: AbortSignal };

/** Resolves after so many milliseconds. An abort ends it early, with an error. */
export function setTimeout<Value>(
  ms: number,
  value?: Value,
  { signal }: Options = {},
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = globalThis.setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve(value);
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

export function setImmediate(): Promise<void> {
  return new Promise((resolve) => globalThis.setTimeout(resolve, 0));
}
