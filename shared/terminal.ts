// Makes a text safe for a terminal. It may come from a model, a server, a tool or a setting.
import { stripControls } from "./controls.ts";
import { hideSecrets } from "./secrets.ts";

const MAX_CHARACTERS = 4_000;

/** Only the first part of a longer text is read. Its last UNSURE characters may hold half a secret. */
const MAX_READ = 100_000;
const UNSURE = 1_000;

/** Takes any text, returns it without secrets and without terminal control sequences. */
export function clean(text: string): string {
  return hideSecrets(stripControls(text));
}

/** Takes a text, returns it clean. A long text is cut, and says how much is left out. */
export function shorten(text: string, max = MAX_CHARACTERS): string {
  const isRead = text.length <= MAX_READ;
  const plain = clean(isRead ? text : text.slice(0, MAX_READ));
  if (isRead && plain.length <= max) return plain;
  const shown = plain.slice(0, isRead ? max : Math.min(max, Math.max(0, plain.length - UNSURE)));
  const excess = (isRead ? plain.length : text.length) - shown.length;
  return `${shown}… (${excess} more characters)`;
}

/** Takes a text, returns it clean, shortened and on one line. */
export function onOneLine(text: string, max?: number): string {
  return shorten(text.replace(/\s+/g, " ").trim(), max);
}
