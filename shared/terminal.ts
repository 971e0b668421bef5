// What a terminal may be shown of a text that came from a model, a server, a tool or a setting.
import { stripControls } from "./controls.ts";
import { hideSecrets } from "./secrets.ts";

const MAX_CHARACTERS = 4_000;

/** Of a longer text, no more than this is looked at; the last part of it may hold half a secret. */
const MAX_READ = 100_000;
const UNSURE = 1_000;

/** Takes a text of any kind, returns it without secrets and without what a terminal would obey. */
export function clean(text: string): string {
  return hideSecrets(stripControls(text));
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
