// One text for each value, so that equal inputs have equal hashes.
import { createHash } from "node:crypto";

const MAX_SHOWN = 200;

function write(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const parts = entries.map(([key, part]) => `${JSON.stringify(key)}:${write(part)}`);
  return `{${parts.join(",")}}`;
}

/**
 * The JSON of a value, without spaces and with the keys of each object in the order of their UTF-16
 * units, as in RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785). Values that JSON cannot hold are
 * treated as JSON.stringify treats them.
 */
export function canonicalJson(value: unknown): string {
  return write(JSON.parse(JSON.stringify(value ?? null)));
}

/** The SHA-256 of a value's canonical JSON, as 64 hexadecimal digits. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The parts of an input for a person to read: a short one as it is, a long one by its length and hash. */
export function summarize(input: object): Record<string, string> {
  const parts = Object.entries(input).map(([name, part]) => {
    const text = typeof part === "string" ? part : canonicalJson(part);
    const hash = hashOf(part).slice(0, 8);
    return [name, text.length > MAX_SHOWN ? `${text.length} characters (${hash})` : text];
  });
  return Object.fromEntries(parts);
}

/** The record of an effect's input: its hash, and its parts for a person to read. */
export type Recorded = { readonly hash: string; readonly input: Readonly<Record<string, string>> };

/** Says in which parts the recorded input differs from the present input. */
export function compare(
  { hash: wasHash, input: was }: Recorded,
  hash: string,
  input: object,
): string {
  const is = summarize(input);
  const names = Object.keys({ ...was, ...is }).filter((name) => was[name] !== is[name]);
  if (names.length === 0) return `its hash was ${wasHash} and is ${hash}`;
  const say = (parts: Record<string, string>, name: string) => parts[name] ?? "missing";
  return names.map((name) => `${name} was ${say(was, name)} and is ${say(is, name)}`).join("; ");
}
