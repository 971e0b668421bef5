import { diffWordsWithSpace } from "diff";
import type { Chapter } from "../scripts/chapters.ts";
import { gitDiff, gitDiffs } from "../scripts/git.ts";
import type { Range } from "./highlight.ts";

/**
 * Two lines beside each other, as their places from 0 up. "pair" is a deleted line beside an added
 * one. A side without a line has the place of its next line.
 */
export type Row = {
  readonly kind: "same" | "pair" | "deleted" | "added";
  readonly from: number;
  readonly to: number;
};

/** The lines of a chapter's main.ts. */
export function linesOf({ source }: Chapter): string[] {
  return source.replace(/\n$/, "").split("\n");
}

/** Gives the whole files in git's diff, with the unchanged lines. */
const WHOLE = "-U100000";

/** The sign of each line in git's diff of two whole files: a space, - or +. Equal files have no diff. */
function signs(text: string, to: Chapter): string {
  if (text === "") return " ".repeat(linesOf(to).length);
  const body = text.slice(text.indexOf("\n@@")).split("\n").slice(2, -1);
  return body.map((line) => line.slice(0, 1)).join("");
}

const words = new Map<string, readonly string[]>();

function wordsOf(line: string): readonly string[] {
  const known = words.get(line) ?? line.match(/\w+/g)?.sort() ?? [];
  words.set(line, known);
  return known;
}

/** How many of their words two lines share: 0 if none, 1 if all. */
export function similarity(before: string, after: string): number {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  let [i, j, shared] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [word = "", other = ""] = [a[i], b[j]];
    if (word === other) shared++;
    if (word <= other) i++;
    if (word >= other) j++;
  }
  return (2 * shared) / Math.max(a.length + b.length, 1);
}

/** From here on, two lines count as one line that was changed. */
const SIMILAR = 0.5;

/** For larger changes, finding the lines that belong together takes too long. */
const MAX_CELLS = 5_000;

type Table = readonly Float64Array[];

function valueAt(table: Table, i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}

/** For each place in two changed blocks, how much the best pairs from there on have in common. */
function commonFrom(before: readonly string[], after: readonly string[]): Table {
  const best = Array.from(before, () => new Float64Array(after.length));
  for (const [i, row] of [...best.entries()].reverse()) {
    for (let j = after.length - 1; j >= 0; j--) {
      const value = similarity(before[i] ?? "", after[j] ?? "");
      const paired = value < SIMILAR ? 0 : value + valueAt(best, i + 1, j + 1);
      row[j] = Math.max(paired, valueAt(best, i + 1, j), valueAt(best, i, j + 1));
    }
  }
  return best;
}

type Place = { readonly from: number; readonly to: number };

/** The pairs of similar lines, in order, that have most in common. */
function similarPairs(before: readonly string[], after: readonly string[]): Place[] {
  if (before.length * after.length > MAX_CELLS) return [];
  const best = commonFrom(before, after);
  const pairs: Place[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const most = valueAt(best, i, j);
    if (most === valueAt(best, i + 1, j)) i++;
    else if (most === valueAt(best, i, j + 1)) j++;
    else pairs.push({ from: i++, to: j++ });
  }
  return pairs;
}

/** Puts the lines between two places beside each other, as far as both sides have lines. */
function beside(start: Place, end: Place): Row[] {
  const [deleted, added] = [end.from - start.from, end.to - start.to];
  return Array.from({ length: Math.max(deleted, added) }, (_, index) => {
    const [from, to] = [start.from + Math.min(index, deleted), start.to + Math.min(index, added)];
    if (index >= added) return { kind: "deleted", from, to };
    return { kind: index >= deleted ? "added" : "pair", from, to };
  });
}

/** Puts deleted and added lines beside each other: similar ones first, the others in order. */
function pairUp(before: readonly string[], after: readonly string[], start: Place): Row[] {
  const rows: Row[] = [];
  let at = start;
  for (const pair of similarPairs(before, after)) {
    const here = { from: start.from + pair.from, to: start.to + pair.to };
    const next = { from: here.from + 1, to: here.to + 1 };
    rows.push(...beside(at, here), ...beside(here, next));
    at = next;
  }
  const end = { from: start.from + before.length, to: start.to + after.length };
  return [...rows, ...beside(at, end)];
}

function layOver(text: string, from: Chapter, to: Chapter): Row[] {
  const [before, after] = [linesOf(from), linesOf(to)];
  const rows: Row[] = [];
  let at: Place = { from: 0, to: 0 };
  for (const [block] of signs(text, to).matchAll(/ +|[-+]+/g)) {
    const added = block.replaceAll("-", "").length;
    const deleted = block.replaceAll("+", "").length;
    const end = { from: at.from + deleted, to: at.to + added };
    if (block.startsWith(" ")) {
      rows.push(...beside(at, end).map((row) => ({ ...row, kind: "same" }) as const));
    } else rows.push(...pairUp(before.slice(at.from, end.from), after.slice(at.to, end.to), at));
    at = end;
  }
  return rows;
}

/** Lays git's diff of two chapters over their lines. */
export function rowsOf(from: Chapter, to: Chapter): Row[] {
  const text = from.file === to.file ? "" : gitDiff(from.file, to.file, WHOLE);
  return layOver(text, from, to);
}

/** The same for many pairs of chapters. */
export function rowsOfAll(pairs: readonly (readonly [from: Chapter, to: Chapter])[]): Row[][] {
  const files = pairs.map(([from, to]) => [from.file, to.file] as const);
  const texts = gitDiffs(files, WHOLE);
  return pairs.map(([from, to], index) => layOver(texts[index] ?? "", from, to));
}

export type Marks = { readonly before: readonly Range[]; readonly after: readonly Range[] };

/** Joins marks with only spaces between them, and takes the spaces off their ends. */
function joinMarks(line: string, marks: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const [start, end] of marks) {
    const last = joined.at(-1);
    if (line.slice(start, end).trim() === "") continue;
    if (last && line.slice(last[1], start).trim() === "") joined.splice(-1, 1, [last[0], end]);
    else joined.push([start, end]);
  }
  return joined.map(([start, end]) => {
    const text = line.slice(start, end);
    return [start + text.length - text.trimStart().length, start + text.trimEnd().length];
  });
}

/** The words that differ between two similar lines. Between others, nothing is marked. */
export function changedWords(before: string, after: string): Marks {
  if (similarity(before, after) < SIMILAR) return { before: [], after: [] };
  const [old, current]: [Range[], Range[]] = [[], []];
  let [i, j] = [0, 0];
  for (const { value, added, removed } of diffWordsWithSpace(before, after)) {
    if (removed) old.push([i, i + value.length]);
    if (added) current.push([j, j + value.length]);
    if (!added) i += value.length;
    if (!removed) j += value.length;
  }
  return { before: joinMarks(before, old), after: joinMarks(after, current) };
}
