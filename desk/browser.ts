// Finds a browser of the Chromium family on this machine. Pictures are drawn in it, and pages are tested in it.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { installedBrowser } from "./browser/install.ts";

/** What is needed to start a browser. */
export type Found = { readonly executablePath: string; readonly args: readonly string[] };

/** Where to look, apart from the setting CHROME and the npm one. Tests look elsewhere. */
export type Places = {
  readonly chrome: readonly string[];
  /** The folder that holds a distribution's Chromium. */
  readonly programs: string;
  readonly installed: () => string | undefined;
};

const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** Where Google Chrome installs itself on each system. */
function chromePaths(): string[] {
  const { env, platform } = process;
  if (platform === "darwin") return [MAC, join(env.HOME ?? "", MAC)];
  if (platform !== "win32") return ["/opt/google/chrome/chrome"];
  const folders = [env.LOCALAPPDATA, env.PROGRAMFILES, env["PROGRAMFILES(X86)"]];
  return folders.flatMap((folder) => {
    return folder ? [join(folder, "Google", "Chrome", "Application", "chrome.exe")] : [];
  });
}

/** Chromium as distributions name it; not its driver, nor other programs of its package. */
const CHROMIUM = /^chromium(-browser|-headless-shell)?$/;

function chromiumsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => CHROMIUM.test(name));
  return names.sort().map((name) => join(folder, name));
}

const PLACES: Places = {
  chrome: chromePaths(),
  programs: "/usr/bin",
  installed: installedBrowser,
};

/** Gives text its exact width, whatever the screen. */
const ARGS = ["--font-render-hinting=none"];

/**
 * Finds a browser: the one that CHROME names, Google Chrome, a distribution's Chromium, or the one that
 * npm run book:browser installs.
 *
 * @throws an error if CHROME names a file that does not exist
 */
export async function findBrowser(places: Places = PLACES): Promise<Found | undefined> {
  const { CHROME } = process.env;
  if (CHROME && !existsSync(CHROME)) throw new Error(`CHROME names no file: ${CHROME}`);
  const executablePath =
    CHROME ||
    [...places.chrome, ...chromiumsIn(places.programs)].find(existsSync) ||
    places.installed();
  return executablePath ? { executablePath, args: ARGS } : undefined;
}

/** What to do without a browser. */
export const HOW_TO_GET =
  "install Google Chrome, set CHROME to the path of a Chromium, or run npm run book:browser (Linux on x64)";

/**
 * Starts a browser without a window. Whoever opens it closes it; it ends with this program, too.
 *
 * @throws an error in one line that says how to get a browser, if there is none
 */
export async function openBrowser(): Promise<Browser> {
  const found = await findBrowser();
  if (!found) throw new Error(`there is no browser: ${HOW_TO_GET}`);
  try {
    return await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  } catch (error) {
    const reason = /error while loading .*/.exec(String(error))?.[0] ?? "it ends at once";
    throw new Error(`${found.executablePath} cannot be started (${reason}): ${HOW_TO_GET}`, {
      cause: error,
    });
  }
}
