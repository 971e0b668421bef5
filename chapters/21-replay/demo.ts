import { readFileSync, writeFileSync } from "node:fs";
import { journalIn, makeRunFolder, printRun } from "./runs.ts";

export const QUESTION = "Get the weather in LA and send a summary email to me.";

const words = process.argv.slice(2).filter((word) => word !== "--timeline");
/** True if neither a question nor JOURNAL is given. */
export const isDemo = words.length === 0 && !process.env.JOURNAL;

/** Edits the recorded reply so that it asks for another place than the recorded call did. */
function editReply(journal: string): void {
  const text = readFileSync(journal, "utf8");
  writeFileSync(journal, text.replace(/(\\"location\\":\s*\\")[^\\]*/, "$1Lima"));
}

/** Starts a run that is killed, a rerun that does the rest, one that does nothing, and one after an edit. */
export async function runDemo(): Promise<void> {
  const folder = makeRunFolder();
  const JOURNAL = journalIn(folder);
  const run = (title: string, KILL_AT = "") =>
    printRun(title, folder, QUESTION, { JOURNAL, KILL_AT });
  await run("1 · A run, killed between the e-mail and its line", "after step 2 call 0");
  await run("2 · A rerun");
  await run("3 · Another rerun");
  editReply(JOURNAL);
  await run("4 · A rerun after the recorded reply was edited: it asks for Lima");
}
