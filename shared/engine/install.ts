import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { printStatus } from "../print.ts";
import { showGrowth } from "./progress.ts";
import { installStaged, MODULES } from "./staging.ts";
import { checkVersion } from "./version.ts";

const FOLDER = import.meta.dirname;
const PLATFORM = `${process.platform}-${process.arch}`;
const PACKAGE = `@restatedev/restate-server-${PLATFORM}`;

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
  await installStaged(FOLDER, {
    watch: (folder) => showGrowth(binaryIn(folder)),
    finish: (folder) => checkVersion(binaryIn(folder), version),
    isInstalled: () => findEngine() !== undefined,
  });
  printStatus(`engine: restate-server ${version} is installed`);
  return binaryIn(FOLDER);
}
