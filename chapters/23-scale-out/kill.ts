// Kills a worker once, at a moment that the reader chooses. It is a real SIGKILL: no more code runs.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { worldFile } from "../../mock-tools/world.ts";
import type { Execute } from "../../shared/effects.ts";
import { addSettings } from "../../shared/settings.ts";

addSettings({ KILL_WORKER: "kill the worker that runs this call, once: the call's id" });

/** The file with the moments at which workers were killed. */
export const KILLED_FILE = "killed";

/** Kills this process if KILL_WORKER names this moment and no worker was killed at it before. */
export function killFirst(moment: string): void {
  if (moment !== process.env.KILL_WORKER) return;
  const killed = worldFile(KILLED_FILE);
  // The worker that takes over must live.
  if (existsSync(killed) && readFileSync(killed, "utf8").split("\n").includes(moment)) return;
  appendFileSync(killed, `${moment}\n`);
  process.kill(process.pid, "SIGKILL");
}

/** Wraps effects: each begins with killFirst. */
export function withKillFirst(execute: Execute): Execute {
  return (key, input, run) =>
    execute(key, input, (idempotencyKey) => {
      killFirst(key);
      return run(idempotencyKey);
    });
}
