import { readFileSync, writeFileSync } from "node:fs";
import { journalIn, openStage, play } from "./acts.ts";

export const QUESTION = "Get the weather in LA and send a summary email to me.";

const words = process.argv.slice(2).filter((word) => word !== "--timeline");
/** True where nothing says what to do. */
export const isDemo = words.length === 0 && !process.env.JOURNAL;

/** Lets the recorded reply ask for another place than the recorded call did. */
function editReply(journal: string): void {
  const text = readFileSync(journal, "utf8");
  writeFileSync(journal, text.replace(/(\\"location\\":\s*\\")[^\\]*/, "$1Lima"));
}

/** Runs, is killed, and reruns what is left, then nothing, then what was edited. */
export async function playDemo(): Promise<void> {
  const folder = openStage();
  const JOURNAL = journalIn(folder);
  const act = (title: string, KILL_AT = "") => play(title, folder, QUESTION, { JOURNAL, KILL_AT });
  await act("1 · A run, killed between the e-mail and its line", "after step 2 call 0");
  await act("2 · A rerun");
  await act("3 · Another rerun");
  editReply(JOURNAL);
  await act("4 · A rerun after the recorded reply was edited: it asks for Lima");
}
