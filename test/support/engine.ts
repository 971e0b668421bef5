// Helpers for tests of the engine, and of chapters that run on it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { isAlive } from "../../shared/alive.ts";
import { findEngine } from "../../shared/engine/install.ts";

/** A test that is skipped if the engine is not installed; test/support/compile.ts says how to get it. */
export const engineTest = test.skipIf(findEngine() === undefined);

/** The state of a process as one letter, and its parent's id; undefined if there is no such process. */
function look(pid: number): { state: string; parent: number } | undefined {
  if (!isAlive(pid)) return undefined;
  try {
    const text =
      process.platform === "linux"
        ? readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "")
        : execFileSync("ps", ["-o", "state=,ppid=", "-p", String(pid)], { encoding: "utf8" });
    const [state = "", parent = ""] = text.trim().split(/\s+/);
    return { state, parent: Number(parent) };
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}

/** True if a process lives. An ended process whose parent has not noticed does not count. */
export function lives(pid: number): boolean {
  const state = look(pid)?.state;
  return state !== undefined && !state.startsWith("Z");
}

/** The process that keeps an engine's server, by the server's id. */
export function keeperOf(pid: number): number {
  const parent = look(pid)?.parent;
  if (parent === undefined) throw new Error(`there is no process ${pid}`);
  return parent;
}

/** Stops a process until what is returned is called, or the test ends. */
export function pause(pid: number): () => void {
  const goOn = (): void => {
    if (lives(pid)) process.kill(pid, "SIGCONT");
  };
  onTestFinished(goOn);
  process.kill(pid, "SIGSTOP");
  return goOn;
}

/** All processes, as their ids and commands. */
function allProcesses(): string[] {
  if (process.platform !== "linux") {
    return execFileSync("ps", ["-ax", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
  }
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? `${name} ${readFileSync(`/proc/${name}/cmdline`, "utf8")}` : [];
    } catch {
      // The process has ended meanwhile.
      return [];
    }
  });
}

/** The servers that have their data in a folder. */
export function serversOf(folder: string): string[] {
  return allProcesses().filter((line) => {
    return line.includes("restate-server") && line.includes(folder);
  });
}

/** Waits until a check holds, long enough for a slow machine. */
export function until(holds: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(holds, { timeout: 30_000, interval: 20 });
}

/** Waits until none of some processes lives. */
export function untilGone(...pids: readonly number[]): Promise<void> {
  return until(() => expect(pids.filter(lives)).toEqual([]));
}

/** The path of a folder that does not exist yet. */
export function freshFolder(): string {
  return join(mkdtempSync(join(tmpdir(), "engine-")), "data");
}

/** Calls a handler of a service. The same key means the same call. Returns its status and answer. */
export async function callService(
  ingress: string,
  path: string,
  key: string,
): Promise<{ status: number; answer: unknown }> {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  const response = await fetch(`${ingress}/${path}`, { method: "POST", headers, body: '"a"' });
  return { status: response.status, answer: await response.json() };
}
