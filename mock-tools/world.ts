// The data of the tools is kept in files, since threads and processes share no variables.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { atEnd } from "./at-end.ts";
import { messageOf } from "./plain.ts";

const MAX_ATTEMPTS = 10;

/** Removes a folder. If a thread adds a file meanwhile, removing fails and is tried again. */
function removeAll(folder: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (Object(error).code !== "ENOTEMPTY" || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Renames a folder, then removes it. Threads that still write cannot find it under the other name. */
function remove(folder: string): void {
  const gone = `${folder}-gone`;
  try {
    renameSync(folder, gone);
  } catch {
    // The folder is already removed, or on Windows one of its files is open.
    removeAll(folder);
  }
  removeAll(gone);
}

/** Why the folder cannot be used, if so. worldFile throws it. */
let fault: string | undefined;

function make(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    fault = `the folder ${folder} cannot be made: ${messageOf(error)}`;
  }
}

/** True if WORLD_DIR was given. Then the world outlives the program. */
export const isWorldKept = Boolean(process.env.WORLD_DIR);

/** WORLD_DIR, or a folder for this run, which its threads inherit and which is removed at its end. */
function openWorld(): string {
  const given = process.env.WORLD_DIR;
  const folder = given || join(tmpdir(), `world-${crypto.randomUUID()}`);
  // If a thread starts while the program ends, its folder would never be removed.
  if (isMainThread) make(folder);
  if (given) return folder;
  process.env.WORLD_DIR = folder;
  atEnd(() => remove(folder));
  return folder;
}

const folder = openWorld();

/**
 * The path of one file of the world. Its folder exists.
 *
 * @throws an error if the folder cannot be made at WORLD_DIR
 */
export function worldFile(name: string): string {
  if (fault !== undefined) throw new Error(fault);
  return join(folder, name);
}
