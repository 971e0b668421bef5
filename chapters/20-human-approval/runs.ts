// The folders of the runs whose calls may be pending, which this terminal and others find.
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../mock-tools/plain.ts";

const Owner = z.object({ pid: z.number(), secret: z.string() });

/** A run: the folder of its files, and the secret that its keys are signed with. */
export type Run = { readonly folder: string; readonly secret: string };

/** APPROVALS_DIR, or a folder of the book, which is the same wherever a command is typed. */
function exchangeFolder(): string {
  return process.env.APPROVALS_DIR || join(import.meta.dirname, "../../.approvals");
}

/** What a file holds, or nothing if it is not there or holds something else. */
export function read<Value>(schema: z.ZodType<Value>, folder: string, name: string) {
  try {
    return schema.safeParse(JSON.parse(readFileSync(join(folder, name), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Writes a file that nobody but this user may read. */
export function write(folder: string, name: string, value: object): void {
  writeFileSync(join(folder, name), JSON.stringify(value), { mode: 0o600 });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process of another user may not be asked, but it is there.
    return Object(error).code === "EPERM";
  }
}

function listNames(root: string): string[] {
  try {
    return existsSync(root) ? readdirSync(root) : [];
  } catch (error) {
    throw new Error(`expected a folder for what is pending, got ${root}: ${messageOf(error)}`);
  }
}

/** All runs that have a folder, and whether their processes are alive. */
export function findRuns(): (Run & { readonly alive: boolean })[] {
  const root = exchangeFolder();
  return listNames(root).flatMap((name) => {
    const folder = join(root, name);
    const owner = read(Owner, folder, "run.json");
    return owner ? [{ folder, secret: owner.secret, alive: isAlive(owner.pid) }] : [];
  });
}

/** Removes the folder of a run. None of its keys resolves anything any more. */
export function closeRun({ folder }: Run): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Makes a folder for this process, and removes those of processes that were killed. */
export function openRun(): Run {
  for (const run of findRuns()) if (!run.alive) closeRun(run);
  const folder = join(exchangeFolder(), `run-${randomUUID()}`);
  const secret = randomBytes(32).toString("hex");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(folder, "run.json", { pid: process.pid, secret });
  return { folder, secret };
}
