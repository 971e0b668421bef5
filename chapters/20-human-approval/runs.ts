// The runs whose calls may be pending. Other terminals find them, too.
import { randomBytes } from "node:crypto";
import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isAlive } from "../../shared/alive.ts";
import { ageOf, listFolders, makeFolder, read, write } from "./folders.ts";

/** A process that waits shows within this time that it is alive, unless it was stopped. */
const QUIET_MS = 30_000;
/** No call is pending for longer than a day. */
const GONE_MS = 86_400_000;
/** A new folder gets its owner's file at once, unless the process is killed before. */
const OWNERLESS_MS = 60_000;

const OWNER_FILE = "run.json";
const Owner = z.object({ pid: z.number(), secret: z.string() });

/** A run: the folder of its files, and the secret that its keys are signed with. */
export type Run = { readonly folder: string; readonly secret: string };

type Found = Run & {
  /** True while its process waits for pending calls. */
  readonly alive: boolean;
  /** True if its process has ended. */
  readonly gone: boolean;
};

/** All runs that have a folder. */
export function findRuns(): Found[] {
  return listFolders().flatMap((folder) => {
    const owner = read(Owner, folder, OWNER_FILE);
    const quiet = ageOf(join(folder, OWNER_FILE));
    if (!owner || quiet === undefined) return [];
    // After a process was killed, the system may give its number to another process.
    const runs = isAlive(owner.pid);
    const [alive, gone] = [runs && quiet < QUIET_MS, !runs || quiet > GONE_MS];
    return [{ folder, secret: owner.secret, alive, gone }];
  });
}

/** Removes the folder of a run. After that, its keys resolve nothing. */
export function closeRun({ folder }: Pick<Run, "folder">): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Shows that the process of a run is alive and waits. */
export function touchRun({ folder }: Run): void {
  const now = new Date();
  try {
    utimesSync(join(folder, OWNER_FILE), now, now);
  } catch {
    // Without the folder, nobody else can find the run.
  }
}

/** Removes the folders of processes that were killed. */
function cleanUp(): void {
  for (const run of findRuns()) if (run.gone) closeRun(run);
  for (const folder of listFolders()) {
    const isOwned = ageOf(join(folder, OWNER_FILE)) !== undefined;
    if (!isOwned && Number(ageOf(folder)) > OWNERLESS_MS) closeRun({ folder });
  }
}

/** Makes a folder for this process, and removes those of processes that were killed. */
export function openRun(): Run {
  cleanUp();
  const folder = makeFolder();
  const secret = randomBytes(32).toString("hex");
  write(folder, OWNER_FILE, { pid: process.pid, secret });
  return { folder, secret };
}
