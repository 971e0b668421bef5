// Asks on the terminal that the program runs in.
import { createInterface } from "node:readline/promises";
import { setImmediate as nextPhase } from "node:timers/promises";
import { printStatus } from "../../shared/print.ts";
import type { Asked, Audience } from "./audience.ts";
import { type Resolution, resolve, sayResolved } from "./exchange.ts";

type Streams = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };

/** What somebody has typed: yes, no, or a reason to say no. */
function readSaid(typed: string): Resolution {
  const words = typed.trim();
  if (/^y(?:es)?$/i.test(words)) return { said: "yes" };
  return /^(?:no?)?$/i.test(words) ? { said: "no" } : { said: "no", reason: words };
}

/** Makes somebody who is asked about one call after the other, as long as each is pending. */
export function openTerminal(seconds: number, { input, output }: Streams): Audience {
  // Ctrl-C stays with the terminal, which makes a signal of it.
  const lines = createInterface({ input, output, terminal: false });
  const ask = async ({ text, key, over }: Asked): Promise<void> => {
    // Of calls that are over in the same moment, the last one would still be asked about.
    await nextPhase();
    if (over.aborted) return;
    const typed = await lines.question(`${text}\nSend it? [y/N, or why not] `, { signal: over });
    printStatus(sayResolved(resolve(key, readSaid(typed))));
  };
  let last = Promise.resolve();
  return {
    seconds,
    hear(asked) {
      // Somebody else was faster, or the time is over, or nothing more can be typed here.
      const goOn = (): void => printStatus(`\nno longer asked here: ${asked.text}`);
      last = last.then(() => ask(asked)).catch(goOn);
    },
    end: () => lines.close(),
  };
}
