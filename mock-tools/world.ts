// What the tools remember is kept in files, since threads and processes share no variables.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { atEnd } from "./at-end.ts";
import { messageOf } from "./plain.ts";

const MAX_ATTEMPTS = 10;

/** Removes a folder. A file that was on its way into it meanwhile is there when it is tried again. */
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

/** Removes a folder that threads may still be writing into: under another name they cannot find it. */
function remove(folder: string): void {
  const gone = `${folder}-gone`;
  try {
    renameSync(folder, gone);
  } catch {
    // It is gone already; or, on Windows, a file in it is open.
    removeAll(folder);
  }
  removeAll(gone);
}

/** What is wrong with the folder, for whoever wants to write into it. */
let fault: string | undefined;

function make(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    fault = `the folder ${folder} cannot be made: ${messageOf(error)}`;
  }
}

/** True where WORLD_DIR was given, so that the world outlives the program. */
export const isWorldKept = Boolean(process.env.WORLD_DIR);

/** WORLD_DIR, or a folder of this run's own that vanishes with it and that its threads inherit. */
function openWorld(): string {
  const given = process.env.WORLD_DIR;
  const folder = given || join(tmpdir(), `world-${crypto.randomUUID()}`);
  // A thread that starts up while the program ends would make a folder that nobody removes.
  if (isMainThread) make(folder);
  if (given) return folder;
  process.env.WORLD_DIR = folder;
  atEnd(() => remove(folder));
  return folder;
}

const folder = openWorld();

/**
 * The place of one file of the world, whose folder is there.
 *
 * @throws an error if it is not, because WORLD_DIR is no place for one
 */
export function worldFile(name: string): string {
  if (fault !== undefined) throw new Error(fault);
  return join(folder, name);
}
