import { setMaxListeners } from "node:events";

/**
 * A signal that is aborted when another signal is, or after so many milliseconds. AbortSignal.any could
 * combine the two, but its signal may miss an abort after the garbage collector has
 * run (nodejs/node#57736, nodejs/node#65995).
 */
export function withLimit(ms: number, signal: AbortSignal): AbortSignal {
  // Many calls may listen to one signal. Without this, Node would warn of a leak.
  setMaxListeners(0, signal);
  const limited = new AbortController();
  const abort = (): void => limited.abort();
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { signal: limited.signal });
  AbortSignal.timeout(ms).addEventListener("abort", abort, { signal: limited.signal });
  return limited.signal;
}
