// Starts the chapter as a reader would: one process after another. The folder stays for the next one.
import { join } from "node:path";
import { print } from "../../shared/print.ts";
import {
  countLines,
  makeRunFolder as makeFolder,
  repeat,
  runProgram,
} from "../../shared/processes.ts";

const MAIN = join(import.meta.dirname, import.meta.url.endsWith(".ts") ? "main.ts" : "main.js");
/** An option of this program that each run gets, too. */
const FLAGS = process.argv.filter((word) => word === "--timeline");
const UNSET = { JOURNAL: "", JOURNAL_GRAIN: "", KILL_AT: "" };

/** Makes a folder for some runs. It is removed when this process ends. */
export function makeRunFolder(): string {
  return makeFolder("replay");
}

/** The path of the journal in a folder of runs. */
export function journalIn(folder: string): string {
  return join(folder, "journal.jsonl");
}

/** Says what is left after a run. */
function describeLeft(folder: string): string {
  const lines = countLines(journalIn(folder));
  const mails = countLines(join(folder, "mailbox.jsonl"));
  return `Lines in the journal: ${lines}, e-mails sent: ${mails}`;
}

/** Asks the chapter a question in a new process. Prints its output and what is left afterwards. */
export async function printRun(
  title: string,
  folder: string,
  question: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  print(`── ${title}\n`);
  const args = [MAIN, question, ...FLAGS];
  const ended = await runProgram(folder, args, { ...UNSET, ...settings });
  const killed = settings.KILL_AT && ended.code !== 0 ? "(killed)\n" : "";
  repeat(ended);
  print(`${killed}${describeLeft(folder)}\n`);
}
