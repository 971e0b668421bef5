// Kills the program at a moment that the reader chooses. It is a real SIGKILL: no handler runs, and no
// other line of code. KILL_AT names the moment: "before step 2 call 0", "after …" (it has run), "20 bytes
// of …" (that much of its line is written), "recorded …", "recorded 2 calls" (any two), or "end of call 0"
// (the first such end).
import type { Execute } from "./effects.ts";
import { printStatus } from "./print.ts";

const { KILL_AT = "" } = process.env;
const EFFECT = String.raw`step \d+ (request|batch|call \d+)`;
const COUNT = String.raw`recorded [1-9]\d* calls`;
const MOMENT = new RegExp(
  `^((before|after|recorded|\\d+ bytes of) ${EFFECT}|${COUNT}|end of call \\d+|)$`,
);

/** Warns that the program has reached its end although KILL_AT should have killed it. */
export function printMissed(): void {
  const isMoment = KILL_AT !== "" && MOMENT.test(KILL_AT);
  if (isMoment) printStatus(`warning: the program was not killed: "${KILL_AT}" never came`);
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

function dieAt(moment: string): void {
  if (moment === KILL_AT) die();
}

/** Throws an error if KILL_AT is set but does not name a moment. */
export function expectMoment(): void {
  if (MOMENT.test(KILL_AT)) return;
  throw new Error(`expected a moment such as "after step 2 call 0" in KILL_AT, got ${KILL_AT}`);
}

/** The number of recorded calls at which the program is killed. */
const CALLS = Number(/^recorded (\d+) calls$/.exec(KILL_AT)?.[1] ?? Number.POSITIVE_INFINITY);

/** Wraps effects: kills the program when so many calls are recorded. Further calls wait, as if they took longer. */
function withKillAfterCalls(execute: Execute): Execute {
  let begun = 0;
  let recorded = 0;
  return async (key, input, run) => {
    if (!/ call \d+$/.test(key)) return execute(key, input, run);
    const mayRun = ++begun <= CALLS;
    const forever = new Promise<never>(() => undefined);
    const value = await execute(key, input, (own) => (mayRun ? run(own) : forever));
    if (++recorded === CALLS) die();
    return value;
  };
}

/** Wraps effects: kills the program at the moment of KILL_AT. Throws an error if that is not a moment. */
export function withKill(given: Execute): Execute {
  expectMoment();
  const execute = withKillAfterCalls(given);
  return async (key, input, run) => {
    dieAt(`before ${key}`);
    const value = await execute(key, input, async (idempotencyKey) => {
      const ended = await run(idempotencyKey);
      dieAt(`after ${key}`);
      return ended;
    });
    dieAt(`recorded ${key}`);
    return value;
  };
}

type Append = (line: Uint8Array, key: string) => void;

/** Wraps the write of a line: kills the program when a part of it is written. */
export function withKillInWrite(append: Append): Append {
  return (line, key) => {
    const [count, of] = KILL_AT.split(" bytes of ");
    if (of !== key) return append(line, key);
    append(line.subarray(0, Number(count)), key);
    die();
  };
}

/** A watcher that kills the program when the call at this place of any batch ends. */
export function killAtEndOfCall(_call: unknown, index: number): () => void {
  return () => dieAt(`end of call ${index}`);
}
