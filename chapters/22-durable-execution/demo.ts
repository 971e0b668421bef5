import { print } from "../../shared/print.ts";
import { type Note, readNotes } from "./counts.ts";
import { flags, openRuns } from "./runs.ts";

export const QUESTION = "Get the weather in Beijing and LA and send an summary email to me.";

/** True if neither a question nor RUN is given. */
export const isDemo = process.argv.length - 2 === flags.length && !process.env.RUN;

/** Sorts the keys of effects by step; the request of a step comes before its calls. */
function inOrder(keys: Iterable<string>): string[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const place = (key: string) => key.replace("request", "");
  return [...keys].sort((one, other) => compare(place(one), place(other)));
}

/** Prints a row for each effect, with what each process did with it. */
function printTable(notes: readonly Note[]): void {
  const pids = [...new Set(notes.map(({ pid }) => pid))];
  const keys = inOrder(new Set(notes.map(({ key }) => key)));
  const howOf = (key: string, pid: number) =>
    notes.findLast((note) => note.key === key && note.pid === pid)?.how ?? "";
  const head = ["effect", ...pids.map((_, index) => `process ${index + 1}`)];
  const rows = keys.map((key) => [key, ...pids.map((pid) => howOf(key, pid))]);
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.padEnd(16)).join(""));
  print(lines.map((line) => line.trimEnd()).join("\n"));
}

/** Starts a run that is killed, goes on with it in another process, and asks for it once more. */
export async function runDemo(): Promise<void> {
  const runs = await openRuns(QUESTION);
  await runs.print("1 · A run, killed when two of its three calls are recorded", {
    KILL_AT: "recorded 2 calls",
  });
  await runs.print("2 · The run goes on in another process");
  await runs.print("3 · The same run is asked for once more");
  printTable(readNotes(runs.folder));
  await runs.close();
}
