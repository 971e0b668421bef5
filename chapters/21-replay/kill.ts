// Kills the program at a moment of the reader's choice. It is a real SIGKILL: no handler runs, and no
// other line of code. KILL_AT names the moment: "before step 2 call 0", "after …" (it has run), "20 bytes
// of …" (so much of its line is written), "recorded …", or "end of call 0" (the first time there is one).
import { printStatus } from "../../shared/print.ts";
import type { Execute } from "./effects.ts";
import type { Append } from "./file.ts";

const { KILL_AT = "" } = process.env;
const EFFECT = String.raw`step \d+ (request|batch|call \d+)`;
const MOMENT = new RegExp(`^((before|after|recorded|\\d+ bytes of) ${EFFECT}|end of call \\d+|)$`);

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

/** Makes effects that kill the program when KILL_AT has come. Throws an error if that is no moment. */
export function withKill(execute: Execute): Execute {
  if (!MOMENT.test(KILL_AT)) {
    throw new Error(`expected a moment such as "after step 2 call 0" in KILL_AT, got ${KILL_AT}`);
  }
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
