// Kills the program at a moment of the reader's choice. It is a real SIGKILL: no handler runs, and no
// other line of code. KILL_AT names the moment: "before step 2 call 0", "after …" (it has run), "20 bytes
// of …" (so much of its line is written), "recorded …", or "end of call 0" (the first time there is one).
import { printStatus } from "../../shared/print.ts";
import type { Execute } from "./effects.ts";
import type { Append } from "./file.ts";

const { KILL_AT = "" } = process.env;
const EFFECT = String.raw`step \d+ (request|batch|call \d+)`;
const MOMENT = new RegExp(`^((before|after|recorded|\\d+ bytes of) ${EFFECT}|end of call \\d+|)$`);

if (!MOMENT.test(KILL_AT)) {
  printStatus(`error: expected a moment such as "after step 2 call 0" in KILL_AT, got ${KILL_AT}`);
  process.exit(1);
}

/** Says that the program has come to its end, where it was to be killed before. */
export function printMissed(): void {
  if (KILL_AT) printStatus(`warning: the program was not killed: "${KILL_AT}" never came`);
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

function dieAt(moment: string): void {
  if (moment === KILL_AT) die();
}

/** Effects that the program may not survive. */
export function mortal(execute: Execute): Execute {
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

/** The same for a write: the program may die when a part of the line is written. */
export function mortalWrite(append: Append): Append {
  return (line, key) => {
    const [count, of] = KILL_AT.split(" bytes of ");
    if (of !== key) return append(line, key);
    append(line.subarray(0, Number(count)), key);
    die();
  };
}

/** The same for the end of a call, in whichever step that is. */
export function watchMortally(_call: unknown, index: number): () => void {
  return () => dieAt(`end of call ${index}`);
}
