// Kills the program at a moment of the reader's choice. It is a real SIGKILL: no handler runs, and no
// other line of code. KILL_AT names the moment: "before step 2 call 0", "after …" (it has run), "20 bytes
// of …" (so much of its line is written), "recorded …", "recorded 2 calls" (of any), or "end of call 0" (the
// first time there is one).
import type { Execute } from "./effects.ts";
import { printStatus } from "./print.ts";

const { KILL_AT = "" } = process.env;
const EFFECT = String.raw`step \d+ (request|batch|call \d+)`;
const COUNT = String.raw`recorded [1-9]\d* calls`;
const MOMENT = new RegExp(
  `^((before|after|recorded|\\d+ bytes of) ${EFFECT}|${COUNT}|end of call \\d+|)$`,
);

/** Says that the program has come to its end, where it was to be killed before. */
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

/** Throws an error if KILL_AT is set, and is no moment. */
export function expectMoment(): void {
  if (MOMENT.test(KILL_AT)) return;
  throw new Error(`expected a moment such as "after step 2 call 0" in KILL_AT, got ${KILL_AT}`);
}

/** How many calls are to be recorded when the program is killed. */
const CALLS = Number(/^recorded (\d+) calls$/.exec(KILL_AT)?.[1] ?? Number.POSITIVE_INFINITY);

/** Makes effects that kill the program when so many calls are recorded. The others wait, as if they took longer. */
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

/** Makes effects that kill the program when KILL_AT has come. Throws an error if that is no moment. */
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

/** The same for a write, of which a part is done then. */
export function withKillInWrite(append: Append): Append {
  return (line, key) => {
    const [count, of] = KILL_AT.split(" bytes of ");
    if (of !== key) return append(line, key);
    append(line.subarray(0, Number(count)), key);
    die();
  };
}

/** The same for the end of a call, in whichever step that is. */
export function killAtEndOfCall(_call: unknown, index: number): () => void {
  return () => dieAt(`end of call ${index}`);
}
