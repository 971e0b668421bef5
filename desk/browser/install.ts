import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { messageOf } from "../../mock-tools/plain.ts";
import { installStaged, MODULES } from "../../shared/engine/staging.ts";
import { printStatus } from "../../shared/print.ts";

const FOLDER = import.meta.dirname;
const PACKAGE = "@sparticuz/chromium";

const Manifest = z.object({ version: z.string() });
const Lock = z.object({ packages: z.record(z.string(), z.looseObject({})) });

function readJson(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

/** The version that the lock file names. */
export function lockedBrowser(): string {
  const { packages } = Lock.parse(readJson(FOLDER, "package-lock.json"));
  return Manifest.parse(packages[`${MODULES}/${PACKAGE}`]).version;
}

/** Where the package unpacks its browser, under the folder that holds node_modules. */
function unpackedIn(folder: string): string {
  return join(folder, MODULES, ".unpacked");
}

function binaryIn(folder: string): string {
  return join(unpackedIn(folder), "chromium");
}

/** Returns the path of the browser if the locked version is installed. It installs nothing. */
export function installedBrowser(): string | undefined {
  if (!existsSync(binaryIn(FOLDER))) return undefined;
  const { version } = Manifest.parse(readJson(FOLDER, MODULES, PACKAGE, "package.json"));
  return version === lockedBrowser() ? binaryIn(FOLDER) : undefined;
}

/** The package unpacks its browser into the temporary folder, so it gets a folder of ours as that. */
const UNPACK = `import chromium from "${PACKAGE}"; await chromium.executablePath();`;

async function unpack(folder: string): Promise<void> {
  const TMPDIR = unpackedIn(folder);
  mkdirSync(TMPDIR);
  const options = { cwd: folder, env: { ...process.env, TMPDIR } };
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", UNPACK], options);
  // It is of no use any more.
  rmSync(join(folder, MODULES, PACKAGE, "bin"), { recursive: true });
}

/**
 * Runs the browser to see whether this system has the libraries that it needs.
 *
 * @throws an error that says what is missing
 */
function checkBrowser(binary: string): void {
  const { status, stderr, error } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  if (status === 0) return;
  const [line] = (error ? messageOf(error) : stderr).trim().split("\n");
  throw new Error(`Chromium cannot be run here: ${line}`);
}

/** Completes what npm has fetched, and checks it. */
async function finish(folder: string): Promise<void> {
  printStatus("browser: npm has fetched it, now it is unpacked");
  await unpack(folder);
  checkBrowser(binaryIn(folder));
}

const BEAT_MS = 5_000;

/** Says every few seconds that the work goes on, until what is returned is called. */
function showTime(): () => void {
  let seconds = 0;
  const timer = setInterval(() => {
    seconds += BEAT_MS / 1_000;
    printStatus(`browser: ${seconds} s so far`);
  }, BEAT_MS);
  return () => clearInterval(timer);
}

/**
 * Returns the path of the browser. If it is missing, says so on stderr, installs it and checks it.
 *
 * @throws an error in one line that says what to do
 */
export async function ensureBrowser(): Promise<string> {
  const found = installedBrowser();
  if (found) return found;
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== "linux-x64") {
    throw new Error(
      `this browser is made for Linux on x64, not for ${platform}: install Google Chrome (https://www.google.com/chrome), or set CHROME to the path of a Chromium`,
    );
  }
  printStatus(`browser: Chromium ${lockedBrowser()} is missing, so npm fetches it`);
  printStatus(`browser: about 70 MB, which become 220 MB in desk/browser/${MODULES}`);
  const hide = showTime();
  try {
    await installStaged(FOLDER, { finish, isInstalled: () => installedBrowser() !== undefined });
  } finally {
    hide();
  }
  printStatus(`browser: Chromium ${lockedBrowser()} is installed`);
  return binaryIn(FOLDER);
}
