import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";
import { glossaryFaults, readGlossary } from "./support/pages.ts";

const glossary = readGlossary(readFileSync(join(ROOT, "chapters/GLOSSARY.md"), "utf8"));

test("the glossary is in order, and each entry is short and names one chapter", () => {
  expect(glossaryFaults(glossary)).toEqual([]);
});

/** An entry of a glossary. */
function entry(term: string, said = "A word.", chapters = ["04"]): string {
  const links = chapters.map(
    (number) => `Taught in <!-- generated: chapter ${number} -->x<!-- end -->.`,
  );
  return `### ${term}\n\n${said}\n${links.join("\n")}\n\n`;
}

test.each([
  ["is empty", "# Glossary\n", "there are no entries"],
  ["is out of order", entry("wave") + entry("lane"), "lane: out of order"],
  ["has a word twice", entry("lane") + entry("Lane"), "Lane: out of order"],
  ["has two words with one anchor", entry("I/O") + entry("IO"), "IO: #io leads elsewhere"],
  [
    "has an entry without a chapter",
    entry("lane", "A word.", []),
    "lane: names no chapter, or several",
  ],
  [
    "has an entry with two chapters",
    entry("lane", "A word.", ["04", "05"]),
    "lane: names no chapter, or several",
  ],
  ["has an empty entry", entry("lane", ""), "lane: 0 words, at most 45"],
  ["has a long entry", entry("lane", "word ".repeat(46)), "lane: 46 words, at most 45"],
])("a glossary that %s is noticed", (_, text, fault) => {
  expect(glossaryFaults(readGlossary(text))).toContain(fault);
});

test("a word of the glossary has the anchor that GitHub gives its heading", () => {
  const text = ["call_id", "I/O-bound", "server-sent events"].map((term) => entry(term)).join("");
  const anchors = readGlossary(text).map(({ anchor }) => anchor);
  expect(anchors).toEqual(["call_id", "io-bound", "server-sent-events"]);
  expect(glossaryFaults(readGlossary(text))).toEqual([]);
});
