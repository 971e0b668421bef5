import { stripVTControlCharacters } from "node:util";

/** All control characters but tab and newline, and the marks that turn the direction of a text. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Takes a text, returns it without anything that a terminal would obey. */
export function stripControls(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROLS, "");
}
