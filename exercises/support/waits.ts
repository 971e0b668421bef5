import { syncBuiltinESMExports } from "node:module";
import promises from "node:timers/promises";

/** How long a noted wait really takes at most. */
const SHORT_MS = 50;

/** True if a file of the folder called the timer. Packages set timers too, on behalf of such a file. */
function callerIn(folder: string): boolean {
  const places = new Error().stack?.split("\n").filter((line) => /^ +at .*[/\\]/.test(line));
  const caller = places?.find((line) => !line.includes("/support/waits."));
  return caller?.includes(folder) === true;
}

/**
 * Notes each wait that the files of a folder ask for, in milliseconds, and makes it short. So a check sees
 * a wait of an hour at once. Time limits (AbortSignal.timeout) stay as they are.
 */
export function noteWaits(folder: string): readonly number[] {
  const waits: number[] = [];
  const shorten = (ms = 1): number => {
    if (!callerIn(folder)) return ms;
    waits.push(ms);
    return Math.min(ms, SHORT_MS);
  };
  const { setTimeout: wait } = promises;
  const noted: typeof wait = (ms, value, options) => wait(shorten(ms), value, options);
  const { scheduler } = promises;
  const later = scheduler.wait.bind(scheduler);
  const notedLater: typeof later = (ms, options) => later(shorten(ms), options);
  Object.assign(scheduler, { wait: notedLater });
  Object.assign(promises, { setTimeout: noted });
  syncBuiltinESMExports();
  globalThis.setTimeout = new Proxy(setTimeout, {
    apply: (target, self, [run, ms, ...args]) => {
      return Reflect.apply(target, self, [run, shorten(ms), ...args]);
    },
  });
  return waits;
}
