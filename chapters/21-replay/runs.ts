// Starts the chapter as a reader would: one process after another, in a folder that outlives them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../../mock-tools/at-end.ts";
import { endWithOutput } from "../../shared/output.ts";
import { print } from "../../shared/print.ts";

const MAIN = join(import.meta.dirname, import.meta.url.endsWith(".ts") ? "main.ts" : "main.js");
/** What each of the runs is asked for as well. */
const FLAGS = process.argv.filter((word) => word === "--timeline");
const UNSET = { MAILBOX_FILE: "", JOURNAL: "", JOURNAL_GRAIN: "", KILL_AT: "" };

let running: ChildProcess | undefined;

/** Makes a folder for some runs, which vanishes with this process. */
export function makeRunFolder(): string {
  endWithOutput();
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  atEnd(() => {
    running?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The journal of the runs in a folder. */
export function journalIn(folder: string): string {
  return join(folder, "journal.jsonl");
}

/** Runs a program to its end, and returns its exit code and what it has printed. */
async function runProgram(folder: string, args: readonly string[], settings: object) {
  // What is written to a file is there at once, even if the program is killed a moment later.
  const files = ["stdout", "stderr"].map((name) => join(folder, name));
  const [out = 0, err = 0] = files.map((file) => openSync(file, "w"));
  running = spawn(process.execPath, [...process.execArgv, ...args], {
    env: { ...process.env, ...UNSET, WORLD_DIR: folder, ...settings },
    stdio: ["ignore", out, err],
  });
  const [code] = await once(running, "exit");
  for (const file of [out, err]) closeSync(file);
  const [stdout = "", stderr = ""] = files.map((file) => readFileSync(file, "utf8"));
  return { code, stdout, stderr };
}

function countLines(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

/** What outlives a run. */
function describeLeft(folder: string): string {
  const lines = countLines(journalIn(folder));
  const mails = countLines(join(folder, "mailbox.jsonl"));
  return `Lines in the journal: ${lines}, e-mails sent: ${mails}`;
}

/** Asks the chapter a question in a process of its own, and prints what it says and leaves. */
export async function printRun(
  title: string,
  folder: string,
  question: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  print(`── ${title}\n`);
  const { code, stdout, stderr } = await runProgram(folder, [MAIN, question, ...FLAGS], settings);
  const killed = settings.KILL_AT && code !== 0 ? "(killed)\n" : "";
  process.stdout.write(stdout);
  print(`${killed}${describeLeft(folder)}\n`);
  process.stderr.write(stderr);
}
