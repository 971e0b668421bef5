import { setMaxListeners } from "node:events";

/**
 * A signal that is aborted when another one is, and after so many milliseconds at the latest. It is
 * what AbortSignal.any makes of two signals; that one may miss an abort once the garbage collector has
 * run (nodejs/node#57736, nodejs/node#65995).
 */
export function withLimit(ms: number, signal: AbortSignal): AbortSignal {
  // Many calls may listen to one signal; Node would take them for a leak.
  setMaxListeners(0, signal);
  const limited = new AbortController();
  const abort = (): void => limited.abort();
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { signal: limited.signal });
  AbortSignal.timeout(ms).addEventListener("abort", abort, { signal: limited.signal });
  return limited.signal;
}
