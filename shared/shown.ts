// Shows a call to the person who decides about it, so that no part of it can look like something else.
import { shorten } from "./terminal.ts";

const MAX_PART = 1_000;

/** Characters that control a terminal or are invisible. Only the plain space is left out. */
const UNSEEN = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;
const ESCAPED = /\\./g;
/** Replaces an escaped quote within a text. It cannot occur in a line itself, because quote() escapes it. */
const INNER_QUOTE = "\0";

function escapeUnits(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** Takes data, returns it as JSON on one line without invisible characters. */
export function quote(value: unknown): string {
  return String(JSON.stringify(value)).replace(UNSEEN, escapeUnits);
}

/** Takes a tool's name and the arguments of a call, returns one line with all of them, each with its label. */
export function describeCall(name: string, args: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(args).map(([label, value]) => `${label} ${quote(value)}`);
  return [name, parts.join(", ")].join(" ");
}

/** Takes a line of describeCall, returns it with long texts cut. Each cut says how much is left out. */
export function abridge(line: string): string {
  const marked = line.replace(ESCAPED, (pair) => (pair === '\\"' ? INNER_QUOTE : pair));
  const cut = marked.replace(/"[^"]*"/g, (text) => {
    return shorten(text.replaceAll(INNER_QUOTE, '\\"'), MAX_PART);
  });
  return shorten(cut);
}
