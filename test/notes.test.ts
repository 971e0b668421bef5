import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Chapter, chapters, findChapter, ROOT } from "../scripts/chapters.ts";
import { gitDiff } from "../scripts/git.ts";

const MAX_WORDS = 45;

/** A line of a chapter's diff, as it is quoted, and what is said about it. */
type Note = { readonly quote: string; readonly said: string };

/** Reads notes: each is a line that begins with "> ", an empty line, and a paragraph. */
function readNotes(text: string): Note[] {
  return text.split(/^(?=> )/m).map((part) => {
    const [, quote = "", said = ""] = /^> (.+)\n\n((?:.+\n)+)\n?$/.exec(part) ?? [];
    return { quote, said: said.trim().replaceAll("\n", " ") };
  });
}

/** The added and deleted lines of a chapter's diff to its base, without their indentation. */
function changedLines(chapter: Chapter): string[] {
  const [, ...hunks] = gitDiff(findChapter(chapter.base).file, chapter.file, "-U0").split(/^@@.*/m);
  const lines = hunks.join("").split("\n");
  return lines.filter((line) => /^[-+]/.test(line)).map((line) => line.slice(1).trim());
}

/** How many sentences a text has. A sign within `code` ends none. A text without an end has 0. */
function countSentences(text: string): number {
  const prose = text.replaceAll(/`[^`]*`/g, "code");
  return /[.?!]$/.test(prose) ? (prose.match(/[.?!](?= |$)/g) ?? []).length : 0;
}

/** What is wrong with the notes of one file, in words. */
function faults(text: string, changed: readonly string[]): string[] {
  const notes = readNotes(text);
  const quotes = notes.map(({ quote }) => quote);
  return notes.flatMap(({ quote, said }, index) => {
    if (quote === "") return [`note ${index + 1} is not a line "> …" and a paragraph`];
    const places = changed.filter((line) => line === quote).length;
    const sentences = countSentences(said);
    const words = said.split(" ").length;
    return [
      ...(places === 1 ? [] : [`${quote}: in ${places} changed lines`]),
      ...(quotes.indexOf(quote) === index ? [] : [`${quote}: has two notes`]),
      ...(sentences === 1 || sentences === 2 ? [] : [`${quote}: ${sentences} sentences`]),
      ...(words <= MAX_WORDS ? [] : [`${quote}: ${words} words, at most ${MAX_WORDS}`]),
    ];
  });
}

const based = chapters().filter(({ base }) => base !== "");

test.each(based.map((chapter) => [chapter.folder, chapter] as const))(
  "%s has short notes, each on one line of its diff",
  (folder, chapter) => {
    const text = readFileSync(join(ROOT, "chapters", folder, "notes.md"), "utf8");
    expect(faults(text, changedLines(chapter))).toEqual([]);
    const count = readNotes(text).length;
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThanOrEqual(8);
  },
);

test("a chapter without a base has no notes", () => {
  const others = chapters().filter(({ base }) => base === "");
  const files = others.map(({ folder }) => join(ROOT, "chapters", folder, "notes.md"));
  expect(files.filter((file) => existsSync(file))).toEqual([]);
});

const CHANGED = ["const one = 1;", "}", "}"];

test.each([
  ["is empty", "", 'note 1 is not a line "> …" and a paragraph'],
  ["begins with something else", "# Notes\n", 'note 1 is not a line "> …" and a paragraph'],
  ["says nothing", "> const one = 1;\n", 'note 1 is not a line "> …" and a paragraph'],
  [
    "says it in two paragraphs",
    "> const one = 1;\n\nWhy.\n\nAnd how.\n",
    'note 1 is not a line "> …" and a paragraph',
  ],
  ["quotes a line that is not there", "> const two = 2;\n\nWhy.\n", "in 0 changed lines"],
  ["quotes a part of a line", "> const one\n\nWhy.\n", "in 0 changed lines"],
  ["quotes a line that is there twice", "> }\n\nWhy.\n", "in 2 changed lines"],
  ["quotes a line twice", "> const one = 1;\n\nA.\n\n> const one = 1;\n\nB.\n", "has two notes"],
  ["has a note of three sentences", "> const one = 1;\n\nA. B? C.\n", "3 sentences"],
  ["has a note without an end", "> const one = 1;\n\nWhy\n", "0 sentences"],
  ["has a long note", `> const one = 1;\n\n${"word ".repeat(46)}end.\n`, "47 words, at most 45"],
])("a file of notes that %s is noticed", (_, text, fault) => {
  const found = faults(text, CHANGED);
  expect(found.map((line) => line.replace(/^.*: /, ""))).toContain(fault);
});

test("notes may run over lines, and a sign within code ends no sentence", () => {
  const text = "> const one = 1;\n\nFirst `a?.b` and\nthen `c. d`. Why so?\n";
  expect(readNotes(text)).toEqual([
    { quote: "const one = 1;", said: "First `a?.b` and then `c. d`. Why so?" },
  ]);
  expect(faults(text, CHANGED)).toEqual([]);
});
