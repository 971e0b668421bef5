// How a call is shown to whoever decides about it, so that nothing in it passes for something else.
import { shorten } from "./terminal.ts";

const MAX_PART = 1_000;

/** All but letters, marks, signs and the plain space: it would be obeyed, or would not be seen. */
const UNSEEN = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;
const ESCAPED = /\\./g;
/** Stands for a quote within a text, and is in no line itself, because that would be escaped. */
const INNER_QUOTE = "\0";

function escapeUnits(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** Takes data, returns it as JSON on one line, in which every character can be seen. */
export function quote(value: unknown): string {
  return String(JSON.stringify(value)).replace(UNSEEN, escapeUnits);
}

/** Takes a tool's name and the arguments of a call, returns one line with all of them, each with its label. */
export function describeCall(name: string, args: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(args).map(([label, value]) => `${label} ${quote(value)}`);
  return [name, parts.join(", ")].join(" ");
}

/** Takes such a line, returns it with each long text cut; then it says by how much. */
export function abridge(line: string): string {
  const marked = line.replace(ESCAPED, (pair) => (pair === '\\"' ? INNER_QUOTE : pair));
  const cut = marked.replace(/"[^"]*"/g, (text) => {
    return shorten(text.replaceAll(INNER_QUOTE, '\\"'), MAX_PART);
  });
  return shorten(cut);
}
