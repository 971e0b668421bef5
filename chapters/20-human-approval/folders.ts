// The folders in which processes meet, and the files in them.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { messageOf } from "../../mock-tools/plain.ts";

/** Whatever else is in a folder that a reader has named is none of this program's business. */
const RUN = /^run-[\da-f-]{36}$/;

/** APPROVALS_DIR, or a folder of the book, which is the same wherever a command is typed. */
function exchangeFolder(): string {
  return process.env.APPROVALS_DIR || join(import.meta.dirname, "../../.approvals");
}

function tryOn<Value>(root: string, act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    throw new Error(`expected a folder for what is pending, got ${root}: ${messageOf(error)}`);
  }
}

/** Who may write to a folder decides what is approved, so that has to be this user alone. */
function refuseForeign(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  const user = process.getuid?.();
  // Windows has no such numbers for users, and its modes say nothing about others.
  if (!found || user === undefined) return;
  if (found.uid === user && (found.mode & 0o022) === 0) return;
  throw new Error(`expected a folder that is yours and that only you may write to, got ${folder}`);
}

/** The folders of all runs. Throws if others may write to one of them, or to the folder they are in. */
export function listFolders(): string[] {
  const root = exchangeFolder();
  const names = tryOn(root, () => (existsSync(root) ? readdirSync(root) : []));
  const folders = names.filter((name) => RUN.test(name)).map((name) => join(root, name));
  for (const folder of [root, ...folders]) refuseForeign(folder);
  return folders;
}

/** Makes a folder for a run, which nobody but this user may read. */
export function makeFolder(): string {
  const root = exchangeFolder();
  const folder = join(root, `run-${randomUUID()}`);
  tryOn(root, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  return folder;
}

/** For how long nobody has written to a file or folder, in ms, or nothing if it is not there. */
export function ageOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && Date.now() - found.mtimeMs;
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
