import { setImmediate as nextRound } from "node:timers/promises";
import { RestatePromise } from "@restatedev/restate-sdk";

/** Waits for a promise of the engine's SDK, while others wait for theirs. */
export type Wait = (promise: RestatePromise<unknown>) => Promise<unknown>;

/**
 * Lets several functions wait for the engine at once. Its SDK allows one await at a time
 * (https://github.com/restatedev/sdk-typescript/issues/743), so one loop awaits for all of them.
 *
 * @returns a function for one call of a handler. If that call is cancelled, every waiting function gets the error
 */
export function openWaits(): Wait {
  const open = new Map<RestatePromise<void>, (error: unknown) => void>();
  let isAwaiting = false;
  const awaitAll = async () => {
    if (isAwaiting) return;
    isAwaiting = true;
    try {
      while (open.size > 0) {
        await RestatePromise.race([...open.keys()]);
        // A function that goes on first begins its next effect, so that this is awaited, too.
        await nextRound();
      }
    } catch (error) {
      for (const reject of open.values()) reject(error);
      open.clear();
    }
    isAwaiting = false;
  };
  return (promise) =>
    new Promise((resolve, reject) => {
      const ended = promise.map((value, failure) => {
        open.delete(ended);
        return failure ? reject(failure) : resolve(value);
      });
      open.set(ended, reject);
      // All lanes of a batch must begin before the first await.
      setImmediate(awaitAll);
    });
}
