import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { atEnd } from "../../mock-tools/at-end.ts";
import { isAlive } from "../alive.ts";
import { printStatus } from "../print.ts";
import { runNpm } from "./npm.ts";
import { showGrowth } from "./progress.ts";
import { checkVersion } from "./version.ts";

const FOLDER = import.meta.dirname;
const PLATFORM = `${process.platform}-${process.arch}`;
const PACKAGE = `@restatedev/restate-server-${PLATFORM}`;
const MODULES = "node_modules";

const Manifest = z.object({ version: z.string() });
const Lock = z.object({ packages: z.record(z.string(), z.looseObject({})) });

function readJson(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

/**
 * The version that the lock file names.
 *
 * @throws an error that says what to do if there is no server for this platform
 */
export function lockedVersion(): string {
  const { packages } = Lock.parse(readJson(FOLDER, "package-lock.json"));
  const locked = packages[`${MODULES}/${PACKAGE}`];
  if (locked) return Manifest.parse(locked).version;
  throw new Error(
    `Restate makes its server for Linux and macOS, not for ${PLATFORM}: run the book in WSL or in a Linux container (https://docs.restate.dev/installation)`,
  );
}

/** The path of the engine's binary under the folder that holds node_modules. */
function binaryIn(folder: string): string {
  return join(folder, MODULES, PACKAGE, "bin", "restate-server");
}

/** Returns the path of the engine's binary if the locked version is installed. It installs nothing. */
export function findEngine(): string | undefined {
  if (!existsSync(binaryIn(FOLDER))) return undefined;
  const { version } = Manifest.parse(readJson(FOLDER, MODULES, PACKAGE, "package.json"));
  return version === lockedVersion() ? binaryIn(FOLDER) : undefined;
}

/** Moves a finished installation to its place in one step, so that no process sees half of it. */
function moveFrom(folder: string): void {
  const place = join(FOLDER, MODULES);
  // Another setup may have been faster.
  if (findEngine()) return;
  if (existsSync(place)) renameSync(place, join(folder, "old"));
  renameSync(join(folder, MODULES), place);
}

const BEGIN = ".install-";

/** Removes what killed setups have left. */
function removeLeftovers(): void {
  for (const name of readdirSync(FOLDER).filter((one) => one.startsWith(BEGIN))) {
    const [pid = ""] = name.slice(BEGIN.length).split("-");
    if (!isAlive(Number(pid))) rmSync(join(FOLDER, name), { recursive: true, force: true });
  }
}

async function install(version: string): Promise<void> {
  removeLeftovers();
  const folder = mkdtempSync(join(FOLDER, `${BEGIN}${process.pid}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  atEnd(remove);
  const hide = showGrowth(binaryIn(folder));
  try {
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(join(FOLDER, name), join(folder, name));
    }
    await runNpm(folder);
    await checkVersion(binaryIn(folder), version);
    moveFrom(folder);
  } finally {
    hide();
    remove();
  }
}

/**
 * Returns the path of the engine's binary. If it is missing, says so on stderr, installs it and checks it.
 *
 * @throws an error in one line that says what to do
 */
export async function ensureEngine(): Promise<string> {
  const found = findEngine();
  if (found) return found;
  const version = lockedVersion();
  printStatus(`engine: restate-server ${version} is missing, so npm fetches it for ${PLATFORM}`);
  printStatus(`engine: about 80 MB, which become 226 MB in shared/engine/${MODULES}`);
  printStatus("engine: its licence is the Business Source License 1.1, whose text comes with it");
  await install(version);
  printStatus(`engine: restate-server ${version} is installed`);
  return binaryIn(FOLDER);
}
