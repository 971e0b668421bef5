// An engine, an agent and workers. Each is a process of its own.
import { mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, openEngine } from "../../shared/engine/engine.ts";
import { printStatus } from "../../shared/print.ts";
import { makeRunFolder } from "../../shared/processes.ts";
import type { noteFrom } from "../../shared/timeline.ts";
import { startAgent, startWorkers, type Workers } from "./workers.ts";

export type Fleet = {
  readonly engine: Engine;
  readonly workers: Workers;
  /** The world of all of them. It is removed when this process ends. */
  readonly folder: string;
  close(): Promise<void>;
};

/** The offline model answers, and nobody is asked about e-mails. */
const SETTINGS = { OPENAI_API_KEY: "", OPENAI_BASE_URL: "", APPROVALS: "off", MAILBOX_FILE: "" };

/**
 * Starts all of them. Their warnings are printed only if one of them cannot be started.
 *
 * @param count how many workers
 * @param whenNoted is called when a call begins or ends; without it, workers do not report calls
 */
export async function openFleet(count: number, whenNoted?: typeof noteFrom): Promise<Fleet> {
  const folder = makeRunFolder("fleet");
  const file = join(folder, "stderr");
  const engine = await openEngine(mkdtempSync(join(tmpdir(), "engine-")), { temporary: true });
  const settings = { ...SETTINGS, WORLD_DIR: folder, NOTE_CALLS: whenNoted ? "1" : "" };
  const options = { settings, stderr: openSync(file, "a") };
  try {
    const [workers, closeAgent] = await Promise.all([
      startWorkers(engine, { ...options, count, ...(whenNoted && { whenNoted }) }),
      startAgent(engine, options),
    ]);
    const close = async () => {
      await Promise.all([workers.close(), closeAgent()]);
      await engine.close();
    };
    return { engine, workers, folder, close };
  } catch (error) {
    for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1)) printStatus(line);
    throw error;
  }
}
