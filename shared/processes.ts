// Starts programs as a reader would, one process after another. Their folder stays for the next one.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../mock-tools/at-end.ts";
import { endWithOutput } from "./output.ts";

let running: ChildProcess | undefined;

/** Makes a folder for some processes. It is removed when this process ends. Its name begins with the given words. */
export function makeRunFolder(name: string): string {
  endWithOutput();
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  atEnd(() => {
    running?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The exit code of a program, which is null if a signal ended it, and what it printed. */
export type Printed = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Runs a program to its end in a process of its own. The folder is its world.
 *
 * @param args the program's file and its arguments
 * @param settings to add to the environment
 */
export async function runProgram(
  folder: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Printed> {
  // Output to a file is complete even if the program is killed a moment later.
  const files = ["stdout", "stderr"].map((name) => join(folder, name));
  const [out = 0, err = 0] = files.map((file) => openSync(file, "w"));
  running = spawn(process.execPath, [...process.execArgv, ...args], {
    env: { ...process.env, MAILBOX_FILE: "", WORLD_DIR: folder, ...settings },
    stdio: ["ignore", out, err],
  });
  const [code] = await once(running, "exit");
  for (const file of [out, err]) closeSync(file);
  const [stdout = "", stderr = ""] = files.map((file) => readFileSync(file, "utf8"));
  return { code, stdout, stderr };
}

/** Prints the output of a program. The program has cleaned it already. */
export function repeat({ stdout, stderr }: Pick<Printed, "stdout" | "stderr">): void {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
}

/** How many lines a file has; 0 if it does not exist. */
export function countLines(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}
