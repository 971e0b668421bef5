import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Installs what the lock file in a folder names. No script of a package is run. */
export async function runNpm(folder: string): Promise<void> {
  await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
  });
}
