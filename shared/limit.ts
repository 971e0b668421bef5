import { setMaxListeners } from "node:events";

/**
 * A signal that is aborted when another one is, and after so many milliseconds at the latest. It is
 * what AbortSignal.any makes of two signals; on Node 20 that one forgets a time limit as soon as the
 * garbage collector runs (nodejs/node#57736).
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
