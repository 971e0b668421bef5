import { existsSync, writeFileSync } from "node:fs";
import { setImmediate as nextTask } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { worldFile } from "../../mock-tools/world.ts";
import { forecast as beNasty } from "./nasty.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

const where = isMainThread ? "loop" : "thread";

let here = 0;
let peak = 0;

/** Reports how many calls have been under way here at once, since there were none. */
async function countCrowd(): Promise<number> {
  here++;
  peak = Math.max(here, here === 1 ? 0 : peak);
  await nextTask();
  here--;
  return peak;
}

/** Holds its thread until the gate is open. Later calls find it open. */
function computeUntilOpen(place: string): string {
  if (existsSync(worldFile("gate"))) return `late in ${place}`;
  writeFileSync(worldFile(`busy-${place}`), "");
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(worldFile("gate"))) Atomics.wait(nap, 0, 0, 5);
  return `early in ${place}`;
}

async function allThreadsBusy(): Promise<void> {
  const files = ["a", "b", "c", "d"].map((place) => worldFile(`busy-${place}`));
  while (!files.every((file) => existsSync(file))) await nextTask();
}

let busy: Promise<void> | undefined;
let ended = 0;

/** Begins once four places hold a thread each. The last of fifty to end opens the gate. */
async function lookUp(): Promise<string> {
  busy ??= allThreadsBusy();
  await busy;
  if (++ended === 50) writeFileSync(worldFile("gate"), "");
  return "looked up";
}

/**
 * A weather tool that does what the name of the place says, and can report where it runs. In "barrier x"
 * it waits at the barrier as "loop x" or "thread x". It is nasty in all other places.
 */
export function forecast({ location }: { location: string }): unknown {
  const [, verb, place = ""] = /^(\S+) ?(.*)/.exec(location) ?? [];
  if (verb === "where") return where;
  if (verb === "crowd") return countCrowd();
  if (verb === "barrier") return waitAtBarrier({ location: `${where} ${place}` });
  if (verb === "compute") return computeUntilOpen(place);
  if (verb === "lookup") return lookUp();
  return beNasty({ location });
}
