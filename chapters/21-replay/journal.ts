import { truncateSync } from "node:fs";
import { compare, hashOf, summarize } from "../../shared/canonical.ts";
import type { Execute } from "../../shared/effects.ts";
import { printStatus } from "../../shared/print.ts";
import { type Append, type LineFile, openLineFile } from "./file.ts";
import { type Content, type Entry, FORMAT, type Head, readJournal } from "./lines.ts";

/** The effects of a run, and how many of them were replayed and how many ran. */
export type Journal = {
  readonly execute: Execute;
  readonly counts: { replayed: number; executed: number };
  readonly close: () => void;
};

function toLine(value: Head | Entry): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** Replays the effects that have an entry. Runs and records the others. */
function journalled(
  id: string,
  entries: ReadonlyMap<string, Entry>,
  append: Append,
): Omit<Journal, "close"> {
  const counts = { replayed: 0, executed: 0 };
  let fault: unknown;
  const stop = (error: unknown): never => {
    fault = error;
    throw error;
  };
  const record = (entry: Entry): void => {
    try {
      append(toLine(entry), entry.key);
    } catch (error) {
      stop(error);
    }
  };
  const execute: Execute = async (key, input, run) => {
    // Nothing starts after an effect that does not match its entry, or that could not be recorded.
    if (fault) throw fault;
    const hash = hashOf(input);
    const entry = entries.get(key);
    if (entry && entry.hash !== hash) {
      return stop(new Error(`the journal holds another ${key}: ${compare(entry, hash, input)}`));
    }
    if (entry) {
      counts.replayed++;
      return entry.value;
    }
    counts.executed++;
    const value = await run(`${id} ${key}`);
    record({ key, hash, input: summarize(input), value });
    return value;
  };
  return { execute, counts };
}

/** What must be the same in each run. With another grain, the keys of the entries would not match. */
type Subject = Pick<Head, "question" | "grain">;

function expectSame(head: Head, subject: Subject): void {
  for (const part of ["question", "grain"] as const) {
    if (head[part] === subject[part]) continue;
    throw new Error(`the ${part} of the journal was ${head[part]} and is ${subject[part]}`);
  }
}

/** Reads a journal, which must be empty or about this subject. A torn last line is cut off. */
function readAndMend(path: string, subject: Subject): Content {
  const content = readJournal(path);
  const { head, torn, whole } = content;
  if (head) expectSame(head, subject);
  if (torn > 0) {
    printStatus(`warning: the last line of ${path} was torn, and is cut off`);
    truncateSync(path, whole);
  }
  return content;
}

function begin(file: LineFile, { question, grain }: Subject): Head {
  const head: Head = { journal: FORMAT, run: crypto.randomUUID(), grain, question };
  file.append(toLine(head), "head");
  return head;
}

type Options = {
  readonly question: string;
  /** Whether one effect is a call or a batch. */
  readonly grain?: Head["grain"];
  /** Whether each line must survive a power failure, and not only the end of the process. */
  readonly sync: boolean;
  /** Stands between the journal and its file. */
  readonly wrap?: (append: Append) => Append;
};

/**
 * Opens a journal, or begins one. A recorded effect does not run again. Any other effect runs, and is
 * recorded before its value is used. An effect that throws is not recorded.
 *
 * @throws an error if another process uses the file, a line is broken, or the question or the grain
 *   has changed. `execute` throws if a recorded effect had another input, and from then on runs
 *   nothing
 */
export function openJournal(path: string, options: Options): Journal {
  const { question, grain = "call", sync, wrap } = options;
  const file = openLineFile(path, sync);
  try {
    const { head, entries } = readAndMend(file.path, { question, grain });
    const { run: id } = head ?? begin(file, { question, grain });
    const append = wrap ? wrap(file.append) : file.append;
    return { ...journalled(id, entries, append), close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}
