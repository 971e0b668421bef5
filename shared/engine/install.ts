import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { printStatus } from "../print.ts";
import { runNpm } from "./npm.ts";

const FOLDER = import.meta.dirname;
const PLATFORM = `${process.platform}-${process.arch}`;
const PACKAGE = `@restatedev/restate-server-${PLATFORM}`;
const MODULES = "node_modules";

const Manifest = z.object({ version: z.string() });
const Lock = z.object({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })),
});

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The version that the lock file names for this platform; undefined if there is no server for it. */
function lockedVersion(): string | undefined {
  const { packages } = Lock.parse(readJson(join(FOLDER, "package-lock.json")));
  return packages[`${MODULES}/${PACKAGE}`]?.version;
}

/** Takes the folder that node_modules is in. */
function binaryIn(folder: string): string {
  return join(folder, MODULES, PACKAGE, "bin", "restate-server");
}

/** The path of the engine's binary if the locked version is installed. */
export function findEngine(): string | undefined {
  const manifest = join(FOLDER, MODULES, PACKAGE, "package.json");
  if (!existsSync(manifest) || !existsSync(binaryIn(FOLDER))) return undefined;
  const { version } = Manifest.parse(readJson(manifest));
  return version === lockedVersion() ? binaryIn(FOLDER) : undefined;
}

async function checkVersion(binary: string, version: string): Promise<void> {
  const { stdout } = await promisify(execFile)(binary, ["--version"]);
  const found = stdout.trim().split(" ").at(-1);
  if (found !== version) throw new Error(`expected restate-server ${version}, got ${found}`);
}

async function install(version: string): Promise<void> {
  const folder = mkdtempSync(join(FOLDER, ".install-"));
  try {
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
      copyFileSync(join(FOLDER, file), join(folder, file));
    }
    await runNpm(folder);
    await checkVersion(binaryIn(folder), version);
    if (!findEngine()) {
      rmSync(join(FOLDER, MODULES), { recursive: true, force: true });
      renameSync(join(folder, MODULES), join(FOLDER, MODULES));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Returns the path of the engine's binary. Installs it first if it is missing, and says so on stderr.
 *
 * @throws an error that says what to do
 */
export async function ensureEngine(): Promise<string> {
  const found = findEngine();
  if (found) return found;
  const version = lockedVersion();
  if (!version) throw new Error(`Restate has no server for ${PLATFORM}`);
  printStatus(`installing the engine, restate-server ${version}`);
  await install(version);
  return binaryIn(FOLDER);
}
