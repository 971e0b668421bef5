import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { chapters, ROOT } from "../scripts/chapters.ts";
import { findUnlinked, glossaryFaults, pageFaults, readGlossary } from "./support/pages.ts";

function read(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

const glossary = readGlossary(read("chapters/GLOSSARY.md"));

describe.each(chapters())("the page of $folder", ({ number, folder }) => {
  const page = read(`chapters/${folder}/README.md`);

  test("has short parts, and bold words only where they link to the glossary at their first place", () => {
    expect(pageFaults(page, glossary)).toEqual([]);
  });

  test("links every word that its chapter teaches", () => {
    expect(findUnlinked(number, page, glossary)).toEqual([]);
  });
});

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

const sample = readGlossary(entry("call id") + entry("lane") + entry("wave", "A word.", ["13"]));
const LANE = "[**lane**](../GLOSSARY.md#lane)";
const CALL_ID = "[**call id**](../GLOSSARY.md#call-id)";

/** Parts of a page, and how many words end its Why. */
type Parts = {
  readonly what?: string;
  readonly why?: string;
  readonly more?: number;
  readonly underneath?: string;
};

const words = (count: number): string => "word ".repeat(count);

/** A page with nothing wrong, besides what is given. Its Why begins in line 7. */
function pageWith({ what = "- A bullet.", why = "", more = 60, underneath = "" }: Parts): string {
  return [
    ...["# 04 · Title", "", "## What this teaches", what, "", "## Why", why, words(more)],
    ...["", "## What happens underneath", underneath, "", "## Break it", words(200)],
  ].join("\n");
}

const FENCE = `\`\`\`text\n## Why ** not ** lane ${words(200)}\n\`\`\``;
const TABLE = `| **a lane** | ${words(200)} |`;
const BLOCK = `<!-- generated: code a b -->\n**a lane** ${words(200)}\n<!-- end -->`;
const TAGS = "<details>\n".repeat(61);
const COMMENT = `<!-- **a lane** ${words(200)} -->`;

test.each<[string, Parts]>([
  ["links a word at its first place", { why: `A ${LANE}, and another lane.` }],
  ["has a word before Why and links it after that", { what: "- A lane.", why: `A ${LANE}.` }],
  ["links a plural", { why: "Two [**lanes**](../GLOSSARY.md#lane)." }],
  ["has the end of another word first", { why: `A plane and a ${LANE}.` }],
  ["has the beginning of another word first", { why: `Two lanes and a ${LANE}.` }],
  ["has the word in code first", { why: `\`lane\` and a ${LANE}.` }],
  ["has the word in an address first", { why: `[A page](https://a.b/lane) and a ${LANE}.` }],
  ["has the word in a heading first", { underneath: `### A lane\nA ${LANE}.` }],
  ["has the word in what is no prose first", { why: `${FENCE}\n${TABLE}\n${BLOCK}\nA ${LANE}.` }],
  [
    "links the word within others first",
    { why: `[**call lane**](../GLOSSARY.md#call-id), ${LANE}` },
  ],
  ["links a word of code", { why: "A [**`call_id`**](../GLOSSARY.md#call-id), `call_id`." }],
  ["has a link broken by a line", { why: "A [**call\nid**](../GLOSSARY.md#call-id)." }],
  ["links the glossary itself", { why: "The [glossary](../GLOSSARY.md) and _italics_." }],
  ["has names with two underscores", { why: "`__proto__`, a `**` and __dirname." }],
  ["has as many words as it may", { more: 140, underneath: `${words(60)}\n### A\n${words(150)}` }],
  ["counts prose alone", { underneath: [FENCE, TABLE, BLOCK, COMMENT, TAGS].join("\n") }],
])("a page that %s is fine", (_, parts) => {
  expect(pageFaults(pageWith(parts), sample)).toEqual([]);
});

test.each<[string, Parts, string]>([
  ["has bold text", { why: "A **b c**." }, "line 7: **b c** is no link to the glossary"],
  ["begins an item in bold", { what: "- **A.** B" }, "line 4: **A.** is no link to the glossary"],
  [
    "has bold text over two lines",
    { why: "**a\nb**" },
    "line 7: **a b** is no link to the glossary",
  ],
  ["has bold code", { why: "**`a`**" }, "line 7: **`a`** is no link to the glossary"],
  ["has bold underscores", { why: "A __b__." }, "line 7: __b__ is no link to the glossary"],
  ["has a bold tag", { why: "<b>a</b>" }, "line 7: <b>a</b> is no link to the glossary"],
  [
    "has a bold link to another page",
    { why: "[**lane**](../LANES.md#lane)" },
    "line 7: **lane** is no link to the glossary",
  ],
  [
    "has stars around a link",
    { why: "**[lane](../GLOSSARY.md#lane)**" },
    "line 7: **[lane](../GLOSSARY.md#lane)** is no link to the glossary",
  ],
  [
    "links a word without an entry",
    { why: "[**edge**](../GLOSSARY.md#edge)" },
    '"edge": the glossary has no #edge',
  ],
  ["links a word before Why", { what: `A ${LANE}.` }, '"lane" is linked in line 4, before Why'],
  ["links a word twice", { why: `A ${LANE}.\nA ${LANE}.` }, '"lane" is linked again in line 8'],
  [
    "links a word in two forms",
    { why: `A ${LANE}.\nTwo [lanes](../GLOSSARY.md#lane).` },
    '"lanes" is linked again in line 8',
  ],
  [
    "has a word before its link",
    { why: `A lane.\nA ${LANE}.` },
    '"lane" is linked in line 8, and stands first in line 7',
  ],
  [
    "has a word in capitals before its link",
    { why: `Lane!\nA ${LANE}.` },
    '"lane" is linked in line 8, and stands first in line 7',
  ],
  [
    "has a word in italics before its link",
    { why: `_lane_\nA ${LANE}.` },
    '"lane" is linked in line 8, and stands first in line 7',
  ],
  [
    "has a word in another link before its own",
    { why: `[A lane](a.md)\nA ${LANE}.` },
    '"lane" is linked in line 8, and stands first in line 7',
  ],
  [
    "has two words over two lines before their link",
    { why: `A call\nid.\nA ${CALL_ID}.` },
    '"call id" is linked in line 9, and stands first in line 7',
  ],
  ["has a short Why", { more: 59 }, "Why: 59 words, 60 to 140 are right"],
  ["has a long Why", { more: 141 }, "Why: 141 words, 60 to 140 are right"],
  ["has a Why of code", { why: FENCE, more: 0 }, "Why: 0 words, 60 to 140 are right"],
  [
    "has a long text before the first part",
    { underneath: `${words(61)}\n### A\nB` },
    "before the first part underneath: 61 words, at most 60",
  ],
  [
    "has a long part without a heading",
    { underneath: words(150) },
    "before the first part underneath: 150 words, at most 60",
  ],
  ["has a long part", { underneath: `### A\n${words(151)}` }, '"A": 151 words, at most 150'],
  [
    "has a long part below a smaller heading",
    { underneath: `### A\n${words(100)}\n#### B\n${words(51)}` },
    '"A": 151 words, at most 150',
  ],
  [
    "has a long part twice the same name",
    { underneath: `### A\n${words(151)}\n### A\nB` },
    '"A": 151 words, at most 150',
  ],
])("a page that %s is noticed", (_, parts, fault) => {
  expect(pageFaults(pageWith(parts), sample)).toEqual([fault]);
});

test("a page without a link to a word of its chapter is noticed", () => {
  const both = pageWith({ why: `A ${LANE} and a ${CALL_ID}.` });
  expect(findUnlinked("04", both, sample)).toEqual([]);
  expect(findUnlinked("13", both, sample)).toEqual(["wave"]);
  const inTable = pageWith({ why: `A ${LANE}.\n| ${CALL_ID} |` });
  expect(findUnlinked("04", inTable, sample)).toEqual(["call id"]);
});
