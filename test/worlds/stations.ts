import { setTimeout as wait } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import type { RunContext } from "../../mock-tools/context.ts";
import { forecast as beNasty } from "./nasty.ts";

const calls = new BroadcastChannel("calls");
calls.unref();

/**
 * A weather tool that reports its call and hands out its flag. The first word of the place says
 * what it does after a cancel: "aware" stops early, "sorry" fails, and "deaf" or "busy" never
 * end. In other places it is nasty.
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
