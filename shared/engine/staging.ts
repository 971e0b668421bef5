import { copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { atEnd } from "../../mock-tools/at-end.ts";
import { isAlive } from "../alive.ts";
import { runNpm } from "./npm.ts";

/** The folder that npm installs packages into. */
export const MODULES = "node_modules";

/** How long a move of another setup may take, in milliseconds. */
const SETTLE_MS = 200;

/** The beginning of a staging folder's name. Then follows the id of its process. */
const BEGIN = ".install-";

/** Removes what killed setups have left. */
function removeLeftovers(place: string): void {
  for (const name of readdirSync(place).filter((one) => one.startsWith(BEGIN))) {
    const [pid = ""] = name.slice(BEGIN.length).split("-");
    if (!isAlive(Number(pid))) rmSync(join(place, name), { recursive: true, force: true });
  }
}

/**
 * Moves a finished installation to its place in one step, so that no process sees half of it. Leaves
 * the place as it is if another setup was faster.
 */
async function moveInto(place: string, folder: string, isInstalled: () => boolean): Promise<void> {
  const modules = join(place, MODULES);
  try {
    if (isInstalled()) return;
    if (existsSync(modules)) renameSync(modules, join(folder, "old"));
    renameSync(join(folder, MODULES), modules);
  } catch (error) {
    // The other setup may be in the middle of its own move.
    await wait(SETTLE_MS);
    if (!isInstalled()) throw error;
  }
}

/** What is special about one installation. */
type Steps = {
  /** Is called with the staging folder before npm begins. What it returns is called at the end. */
  readonly watch?: (folder: string) => () => void;
  /** Completes and checks what npm has installed in the staging folder. Throws if it cannot be used. */
  readonly finish: (folder: string) => void | Promise<void>;
  readonly isInstalled: () => boolean;
};

/**
 * Installs what a folder's lock file names, first in a staging folder. Nothing is replaced before the
 * new installation is whole.
 *
 * @param place the folder with package.json and package-lock.json
 * @throws an error in one line if npm fails, and what `finish` throws
 */
export async function installStaged(place: string, steps: Steps): Promise<void> {
  removeLeftovers(place);
  const folder = mkdtempSync(join(place, `${BEGIN}${process.pid}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  atEnd(remove);
  const unwatch = steps.watch?.(folder);
  try {
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(join(place, name), join(folder, name));
    }
    await runNpm(folder);
    await steps.finish(folder);
    await moveInto(place, folder, steps.isInstalled);
  } finally {
    unwatch?.();
    remove();
  }
}
