// The folders in which processes meet, and the files in them.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { messageOf } from "../../mock-tools/plain.ts";

/** The folder of a run. Other files in a folder that the reader named are left alone. */
const RUN = /^run-[\da-f-]{36}$/;

/** APPROVALS_DIR, or a folder of the book. It is the same in every working directory. */
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

/** Anybody who may write to a folder can approve calls, so only this user may write to it. */
function refuseForeign(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  const user = process.getuid?.();
  // Windows has no user numbers, and its modes do not say what other users may do.
  if (!found || user === undefined) return;
  if (found.uid === user && (found.mode & 0o022) === 0) return;
  throw new Error(`expected a folder that is yours and that only you may write to, got ${folder}`);
}

/** The folders of all runs. Throws if other users may write to one of them, or to their parent folder. */
export function listFolders(): string[] {
  const root = exchangeFolder();
  const names = tryOn(root, () => (existsSync(root) ? readdirSync(root) : []));
  const folders = names.filter((name) => RUN.test(name)).map((name) => join(root, name));
  for (const folder of [root, ...folders]) refuseForeign(folder);
  return folders;
}

/** Makes a folder for a run. Only this user may read it. */
export function makeFolder(): string {
  const root = exchangeFolder();
  const folder = join(root, `run-${randomUUID()}`);
  tryOn(root, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  return folder;
}

/** The time since the last write to a file or folder, in ms, or nothing if it does not exist. */
export function ageOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && Date.now() - found.mtimeMs;
}

/** The content of a file, or nothing if the file is missing or does not fit the schema. */
export function read<Value>(schema: z.ZodType<Value>, folder: string, name: string) {
  try {
    return schema.safeParse(JSON.parse(readFileSync(join(folder, name), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Writes a file that only this user may read. */
export function write(folder: string, name: string, value: object): void {
  writeFileSync(join(folder, name), JSON.stringify(value), { mode: 0o600 });
}
