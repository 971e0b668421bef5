// Kills a worker and the engine from outside, each while a forecast runs.
import { setTimeout as wait } from "node:timers/promises";
import { now } from "../../mock-tools/notes.ts";
import type { Fleet } from "./fleet.ts";
import type { Watch } from "./watch.ts";

/** How many workers and engines were killed, and how many calls ran at that moment. */
export type Kills = {
  readonly workers: number;
  readonly ranInWorker: number;
  readonly restarts: number;
  readonly ranAtEngine: number;
  /** The time without an engine that took calls, in ms. */
  readonly gap: number;
};

const LOOK_MS = 20;

/** Kills a process, and returns the time in milliseconds since 1970. */
function kill(pid: number): number {
  const at = now();
  process.kill(pid, "SIGKILL");
  return at;
}

/**
 * Kills a worker when a quarter of the forecasts have begun, and the engine when half of them have.
 *
 * @param forecasts how many forecasts the questions need
 */
export async function killBoth(
  { engine, workers }: Fleet,
  watch: Watch,
  forecasts: number,
): Promise<() => Kills> {
  const worker = await watch.forecasts(Math.ceil(forecasts / 4));
  const killedWorker = kill(worker);
  // The killed worker's forecast begins again, so one more begins than the questions need.
  await watch.forecasts(Math.ceil(forecasts / 2) + 1);
  const { pid } = engine;
  const killedEngine = kill(pid);
  while (engine.pid === pid) await wait(LOOK_MS);
  const gap = now() - killedEngine;
  // Counted at the end, when every call has reported its end.
  return () => ({
    workers: workers.pids().includes(worker) ? 0 : 1,
    ranInWorker: watch.ranAt(killedWorker, (pid) => pid === worker),
    restarts: engine.pid === pid ? 0 : 1,
    ranAtEngine: watch.ranAt(killedEngine, (one) => one !== worker),
    gap,
  });
}
