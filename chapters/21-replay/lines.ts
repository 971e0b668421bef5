// The lines of a journal: a head, and an entry for each effect that has ended.
import { readFileSync } from "node:fs";
import { z } from "zod";

/** The version of the format. */
export const FORMAT = 1;

const Head = z.strictObject({
  journal: z.literal(FORMAT),
  /** An id. The idempotency keys of this journal begin with it. */
  run: z.string().min(1),
  /** Whether one effect is a call or a batch. The keys of the entries depend on it. */
  grain: z.enum(["call", "batch"]),
  question: z.string(),
});
export type Head = z.infer<typeof Head>;
const OtherHead = z.looseObject({ journal: z.number() });

const Entry = z.strictObject({
  key: z.string(),
  hash: z.string(),
  /** The parts of the input, for a person to read. */
  input: z.record(z.string(), z.string()),
  value: z.unknown(),
});
export type Entry = z.infer<typeof Entry>;

/** The beginning of every head. */
const HEAD_BEGINS = `{"journal":${FORMAT},"run":"`;

/** True for the beginning of a head. A file with another beginning is not a journal, and is not changed. */
function isPartOfHead(text: string): boolean {
  if (text.length < HEAD_BEGINS.length) return HEAD_BEGINS.startsWith(text);
  return text.startsWith(HEAD_BEGINS);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON in a line that was read as bytes, or undefined. */
function parseLine(bytes: string): unknown {
  try {
    return JSON.parse(utf8.decode(Buffer.from(bytes, "latin1")));
  } catch {
    // JSON has no undefined, so this is not a value.
    return undefined;
  }
}

function readLine<Value>(schema: z.ZodType<Value>, line: string, number: number): Value {
  const parsed = schema.safeParse(parseLine(line));
  if (parsed.success) return parsed.data;
  throw new Error(`line ${number} of the journal is broken`);
}

function readHead(line: string): Head {
  const other = OtherHead.safeParse(parseLine(line));
  if (other.success && other.data.journal !== FORMAT) {
    throw new Error(`expected a journal of format ${FORMAT}, got one of ${other.data.journal}`);
  }
  return readLine(Head, line, 1);
}

/** A journal without its torn last line, its length in bytes, and the number of torn bytes. */
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
 * Reads a journal. What follows the last newline is torn and left out: its effect will run again.
 *
 * @throws an error that names the first broken line, also for a file that is not a journal
 */
export function readJournal(file: string): Content {
  // In latin1 each byte is one character, so lengths are counted in bytes.
  const bytes = readFileSync(file, "latin1");
  const lines = bytes.split("\n");
  // Each line is written together with its newline, so text after the last newline was cut short.
  const torn = lines.pop() ?? "";
  const [first, ...rest] = lines;
  const isOurs = first !== undefined || isPartOfHead(torn);
  if (!isOurs) throw new Error("line 1 of the journal is broken");
  const head = first === undefined ? undefined : readHead(first);
  const entries = indexByKey(rest.map((line, index) => readLine(Entry, line, index + 2)));
  return { head, entries, whole: bytes.length - torn.length, torn: torn.length };
}
