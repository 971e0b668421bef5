// Starts programs as a reader would: one process after another, in a folder that outlives them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../mock-tools/at-end.ts";
import { endWithOutput } from "./output.ts";

let running: ChildProcess | undefined;

/** Makes a folder for some processes, which vanishes with this one. Its name begins with the given words. */
export function makeRunFolder(name: string): string {
  endWithOutput();
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  atEnd(() => {
    running?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The exit code of a program, which is null if a signal has ended it, and what it has printed. */
export type Printed = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Runs a program to its end, in a process of its own whose world is a folder.
 *
 * @param args the program's file, and what it is given
 * @param settings are added to the environment
 */
export async function runProgram(
  folder: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Printed> {
  // What is written to a file is there at once, even if the program is killed a moment later.
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

/** Prints what a program has printed. It has passed the guard there. */
export function repeat({ stdout, stderr }: Pick<Printed, "stdout" | "stderr">): void {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
}

/** How many lines a file has; none if it is not there. */
export function countLines(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}
