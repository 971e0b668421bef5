// What a terminal may be shown of a text that came from a model, a server, a tool or a setting.
import { stripVTControlCharacters } from "node:util";
import { hideSecrets } from "./secrets.ts";

const MAX_CHARACTERS = 4_000;

/** Of a longer text, no more than this is looked at; the last part of it may hold half a secret. */
const MAX_READ = 100_000;
const UNSURE = 1_000;

/** All control characters but tab and newline, and the marks that turn the direction of a text. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Takes a text of any kind, returns it without secrets and without what a terminal would obey. */
export function clean(text: string): string {
  return hideSecrets(stripVTControlCharacters(text).replace(CONTROLS, ""));
}

/** Takes a text, returns it clean, and cut where it is long; then it says by how much. */
export function shorten(text: string, max = MAX_CHARACTERS): string {
  const isRead = text.length <= MAX_READ;
  const plain = clean(isRead ? text : text.slice(0, MAX_READ));
  if (isRead && plain.length <= max) return plain;
  const shown = plain.slice(0, isRead ? max : Math.min(max, Math.max(0, plain.length - UNSURE)));
  const excess = (isRead ? plain.length : text.length) - shown.length;
  return `${shown}… (${excess} more characters)`;
}

/** Takes a text, returns it clean and not too long, on one line. */
export function onOneLine(text: string, max?: number): string {
  return shorten(text.replace(/\s+/g, " ").trim(), max);
}
