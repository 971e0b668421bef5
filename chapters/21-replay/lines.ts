// What stands in a journal: a head, and an entry for each effect that has ended.
import { readFileSync } from "node:fs";
import { z } from "zod";

const Head = z.strictObject({
  /** The version of the format. */
  journal: z.literal(1),
  /** An id, with which the idempotency keys of this journal begin. */
  run: z.string().min(1),
  question: z.string(),
});
export type Head = z.infer<typeof Head>;

const Entry = z.strictObject({
  key: z.string(),
  hash: z.string(),
  /** The parts of the input, for a person to read. */
  input: z.record(z.string(), z.string()),
  value: z.unknown(),
});
export type Entry = z.infer<typeof Entry>;

/** Each head begins like this, and nothing that is no journal does. */
const HEAD_BEGINS = '{"journal":';

/** The JSON in a line that was read as bytes, or undefined. */
function parseLine(bytes: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes, "latin1").toString());
  } catch {
    // No JSON value is undefined.
    return undefined;
  }
}

function readLine<Value>(schema: z.ZodType<Value>, line: string, number: number): Value {
  const parsed = schema.safeParse(parseLine(line));
  if (parsed.success) return parsed.data;
  throw new Error(`line ${number} of the journal is broken`);
}

/** Splits what was read into whole lines and what a write that was cut short has left at the end. */
function splitLines(bytes: string): { lines: string[]; torn: string } {
  const lines = bytes.split("\n");
  const rest = lines.pop() ?? "";
  const last = lines.at(-1);
  // When the power fails, a line may have its end and lack its middle.
  if (rest !== "" || last === undefined || parseLine(last) !== undefined)
    return { lines, torn: rest };
  return { lines: lines.slice(0, -1), torn: `${last}\n` };
}

/** All of a journal but a torn last line, how many bytes that has, and how many are torn. */
export type Content = {
  readonly head: Head | undefined;
  readonly entries: Map<string, Entry>;
  readonly whole: number;
  readonly torn: number;
};

function indexByKey(entries: readonly Entry[]): Map<string, Entry> {
  const byKey = new Map<string, Entry>();
  for (const [index, entry] of entries.entries()) {
    if (byKey.has(entry.key)) throw new Error(`line ${index + 2} of the journal repeats a key`);
    byKey.set(entry.key, entry);
  }
  return byKey;
}

/**
 * Reads a journal. A torn last line is left out, since its effect will run again.
 *
 * @throws an error that names the line, if any other is broken, as it is in a file of another kind
 */
export function readJournal(file: string): Content {
  // In latin1 a byte is a character, so a length is that of the file.
  const bytes = readFileSync(file, "latin1");
  const { lines, torn } = splitLines(bytes);
  const [first, ...rest] = lines;
  const isHead = torn.startsWith(HEAD_BEGINS) || HEAD_BEGINS.startsWith(torn);
  if (first === undefined && !isHead) throw new Error("line 1 of the journal is broken");
  const head = first === undefined ? undefined : readLine(Head, first, 1);
  const entries = indexByKey(rest.map((line, index) => readLine(Entry, line, index + 2)));
  return { head, entries, whole: bytes.length - torn.length, torn: torn.length };
}
