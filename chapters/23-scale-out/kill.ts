// Kills a worker at a moment of the reader's choice, once. It is a real SIGKILL: no other line of code runs.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { worldFile } from "../../mock-tools/world.ts";
import type { Execute } from "../../shared/effects.ts";
import { addSettings } from "../../shared/settings.ts";

addSettings({ KILL_WORKER: "kill the worker that runs this call, once: the call's id" });

/** The file that says at which moments workers were killed. */
export const KILLED_FILE = "killed";

/** Kills this process if KILL_WORKER says so, and it is the first one at this moment. */
export function killFirst(moment: string): void {
  if (moment !== process.env.KILL_WORKER) return;
  const killed = worldFile(KILLED_FILE);
  // Whoever takes over goes on.
  if (existsSync(killed) && readFileSync(killed, "utf8").split("\n").includes(moment)) return;
  appendFileSync(killed, `${moment}\n`);
  process.kill(process.pid, "SIGKILL");
}

/** Makes effects that begin with that. */
export function withKillFirst(execute: Execute): Execute {
  return (key, input, run) =>
    execute(key, input, (idempotencyKey) => {
      killFirst(key);
      return run(idempotencyKey);
    });
}
