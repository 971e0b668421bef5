import { setTimeout as wait } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import type { RunContext } from "../../mock-tools/context.ts";
import { forecast as beNasty } from "./nasty.ts";

const calls = new BroadcastChannel("calls");
calls.unref();

/**
 * A weather tool that says when it is called and hands out its flag. The first word of the place says
 * how it takes a cancel: an aware one stops early, a sorry one fails then, and a deaf or busy one never
 * ends. In other places it is nasty.
 */
export async function forecast(
  { location }: { location: string },
  { cancelled = new Int32Array(1) }: RunContext = {},
): Promise<unknown> {
  calls.postMessage({ location, cancelled });
  const [nature] = location.split(" ");
  if (nature === "deaf") await new Promise<never>(() => undefined);
  if (nature === "busy") for (;;);
  if (nature === "aware" || nature === "sorry") {
    while (Atomics.load(cancelled, 0) === 0) await wait(1);
  }
  if (nature === "sorry") throw new Error("half a forecast is none");
  return beNasty({ location });
}
