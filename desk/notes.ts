import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { marked } from "marked";
import { ROOT } from "../scripts/chapters.ts";
import type { Html } from "./html.ts";
import type { Row } from "./rows.ts";

/** A line of a chapter's diff, and what there is to say about it. */
export type Note = {
  /** The file that holds the note, as a path from the root. */
  readonly file: string;
  readonly quote: string;
  readonly html: Html;
};

/** Reads the notes of a file: each is a line "> quote" and the paragraph that follows. */
export function parseNotes(file: string, text: string): Note[] {
  const parts = text.trim().split(/^> /m);
  if (parts[0] !== "") throw new Error(`${file}: expected "> " and a line of main.ts at the start`);
  return parts.slice(1).map((part) => {
    const [quote = "", ...rest] = part.split("\n");
    const prose = rest.join("\n").trim();
    if (prose === "") throw new Error(`${file}: nothing is said about "${quote.trim()}"`);
    return { file, quote: quote.trim(), html: marked.parseInline(prose, { async: false }) };
  });
}

/** The notes of a chapter, from the notes.md in its folder. A chapter may have none. */
export function readNotes(folder: string): Note[] {
  const file = `chapters/${folder}/notes.md`;
  if (!existsSync(join(ROOT, file))) return [];
  return parseNotes(file, readFileSync(join(ROOT, file), "utf8"));
}

/** The notes under each deleted line and under each added line, by the place of the line. */
export type PlacedNotes = {
  readonly deleted: ReadonlyMap<number, readonly Note[]>;
  readonly added: ReadonlyMap<number, readonly Note[]>;
};

/**
 * Finds the line that each note is about.
 *
 * @throws an error that names the file and the line, if the diff does not have it exactly once
 */
export function placeNotes(
  notes: readonly Note[],
  rows: readonly Row[],
  before: readonly string[],
  after: readonly string[],
): PlacedNotes {
  const placed = { deleted: new Map<number, Note[]>(), added: new Map<number, Note[]>() };
  const changed = rows.flatMap(({ kind, from, to }) => {
    const deleted = { at: from, side: placed.deleted, text: before[from]?.trim() };
    const added = { at: to, side: placed.added, text: after[to]?.trim() };
    if (kind === "same") return [];
    if (kind === "pair") return [deleted, added];
    return kind === "deleted" ? [deleted] : [added];
  });
  for (const note of notes) {
    const [line, another] = changed.filter(({ text }) => text === note.quote);
    const problem = line ? "several lines of the diff read" : "no line of the diff reads";
    if (!line || another) throw new Error(`${note.file}: ${problem} "${note.quote}"`);
    line.side.set(line.at, [...(line.side.get(line.at) ?? []), note]);
  }
  return placed;
}
