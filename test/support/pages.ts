import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findChapter, ROOT } from "../../scripts/chapters.ts";

/**
 * The output of a chapter's demo according to its page. documents.test.ts checks the pages' outputs, so
 * no other test has to run the demo for its transcript.
 *
 * @param question the question after the command, or none for the demo's own
 * @param program another program of the chapter's folder
 */
export function printed(number: string, question?: string, program = "main.ts"): string {
  const { folder } = findChapter(number);
  const file = `chapters/${folder}/${program}`;
  const page = readFileSync(join(ROOT, "chapters", folder, "README.md"), "utf8");
  const command = question === undefined ? `npx tsx ${file}` : `npx tsx ${file} "${question}"`;
  const [, after] = page.split(
    `<!-- generated: output ${command} -->\n\`\`\`console\n$ ${command}\n`,
  );
  const [output] = after?.split("```\n<!-- end -->") ?? [];
  if (output === undefined) throw new Error(`the page of ${number} has no output of ${command}`);
  return output;
}

const MAX_ENTRY_WORDS = 45;

/** A word of the glossary, where its heading leads, the chapter that teaches it, and what it says. */
export type Entry = {
  readonly term: string;
  readonly anchor: string;
  readonly chapter: string;
  readonly words: number;
};

/** Where a heading leads, as GitHub makes it: "I/O-bound" to "io-bound". */
export function anchorOf(heading: string): string {
  const letters = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "");
  return letters.replaceAll(" ", "-");
}

/** How many words a text has. A mark that stands alone is no word. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Reads the entries of a glossary. One that names no chapter, or several, has an empty chapter. */
export function readGlossary(text: string): Entry[] {
  const [, ...parts] = text.split(/^### /m);
  return parts.map((part) => {
    const [term = "", ...lines] = part.split("\n");
    const [said = "", ...links] = lines.join("\n").split(/Taught in <!-- generated: chapter /);
    const chapter = links.length === 1 ? (links[0]?.slice(0, 2) ?? "") : "";
    return { term, anchor: anchorOf(term), chapter, words: countWords(said) };
  });
}

/** What is wrong with the entries of a glossary, besides what they say. */
export function glossaryFaults(entries: readonly Entry[]): string[] {
  const faults = entries.flatMap(({ term, anchor, chapter, words }, index) => {
    const before = entries.slice(0, index);
    return [
      before.some((other) => other.term.toLowerCase() >= term.toLowerCase()) && "out of order",
      before.some((other) => other.anchor === anchor) && `#${anchor} leads elsewhere`,
      !/^\d\d$/.test(chapter) && "names no chapter, or several",
      (words === 0 || words > MAX_ENTRY_WORDS) && `${words} words, at most ${MAX_ENTRY_WORDS}`,
    ].flatMap((fault) => (fault ? `${term}: ${fault}` : []));
  });
  return entries.length === 0 ? ["there are no entries"] : faults;
}

// ── The shape of a page ──────────────────────────────────────────────────────────────────────────

const MAX_PART_WORDS = 150;
const MAX_INTRODUCTION_WORDS = 60;
const WHY_WORDS = { min: 60, max: 140 };

/** What a page holds besides prose: generated blocks, fences, comments, rows of tables, tags. */
const NOT_PROSE = [
  /<!-- generated: .*?<!-- end -->/gs,
  /^ *(```+).*?^ *\1 *$/gms,
  /<!--.*?-->/gs,
  /^ *\|.*$/gm,
  /<\/?(details|summary)>/g,
];
const HEADING = /^#.*$/gm;

/** Puts a character in place of each visible one, so that everything else keeps its place. */
function cover(text: string, pattern: RegExp, character = " "): string {
  return text.replaceAll(pattern, (found) => found.replaceAll(/\S/g, character));
}

/** The prose of a page and its headings, each where it stands on the page. */
function keepProse(page: string): string {
  return NOT_PROSE.reduce((text, pattern) => cover(text, pattern), page);
}

/** Covers code with a character that is neither a space nor in any word. */
function coverCode(text: string): string {
  return cover(text, /(`+)[^`]+\1/g, "·");
}

function lineOf(page: string, index: number): number {
  return page.slice(0, index).split("\n").length;
}

/** A link to the glossary: where it stands, and where its text does. */
type Link = {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly textStart: number;
  readonly anchor: string;
  readonly isBold: boolean;
};

function findLinks(prose: string): Link[] {
  const found = /\[(\*\*|)([^[\]]+?)\1\]\(\.\.\/GLOSSARY\.md#([^()\s]*)\)/g;
  return [...coverCode(prose).matchAll(found)].map((match) => {
    const [all, stars = "", words = "", anchor = ""] = match;
    const textStart = match.index + 1 + stars.length;
    const text = prose.slice(textStart, textStart + words.length);
    const end = match.index + all.length;
    return { start: match.index, end, text, textStart, anchor, isBold: stars !== "" };
  });
}

function coverLinks(prose: string, links: readonly Link[]): string {
  return links.reduce((text, { start, end }) => {
    return text.slice(0, start) + cover(text.slice(start, end), /\S+/g) + text.slice(end);
  }, prose);
}

/** Bold text that is no link to the glossary, and links to words that the glossary does not have. */
function findBoldFaults(page: string, anchors: ReadonlySet<string>): string[] {
  const prose = cover(keepProse(page), HEADING);
  const links = findLinks(prose);
  const unknown = links.filter(({ anchor }) => !anchors.has(anchor));
  const rest = coverLinks(
    prose,
    links.filter(({ isBold }) => isBold),
  );
  const bold = /\*\*(?=\S).+?\*\*|(?<!\w)__(?=\S).+?__|<(b|strong)>.*?<\/\1>/gs;
  return [
    ...unknown.map(({ text, anchor }) => `"${text}": the glossary has no #${anchor}`),
    ...[...coverCode(rest).matchAll(bold)].map(({ 0: all, index }) => {
      const text = rest.slice(index, index + all.length).replaceAll(/\s+/g, " ");
      return `line ${lineOf(page, index)}: ${text} is no link to the glossary`;
    }),
  ];
}

/** Where a text stands first as whole words, in any case, from an index on. Words in code do not count. */
function findFirst(prose: string, text: string, from: number): number {
  const isCode = text.includes("`");
  const words = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\s+/g, "\\s+");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${words}(?![\\p{L}\\p{N}])`, "giu");
  pattern.lastIndex = from;
  return pattern.exec(isCode ? prose : coverCode(prose))?.index ?? -1;
}

/** Links to the glossary that do not stand where their text comes first, from Why on, or come again. */
function findLinkFaults(page: string): string[] {
  const prose = cover(keepProse(page), HEADING);
  const links = findLinks(prose);
  const why = Math.max(0, keepProse(page).search(/^## Why$/m));
  return links.flatMap((link, index) => {
    const { start, text, textStart, anchor } = link;
    const line = lineOf(page, start);
    if (start < why) return `"${text}" is linked in line ${line}, before Why`;
    if (links.slice(0, index).some((other) => other.anchor === anchor)) {
      return `"${text}" is linked again in line ${line}`;
    }
    const others = links.filter((other) => other !== link);
    const first = findFirst(cover(coverLinks(prose, others), /\]\([^)]*\)/g), text, why);
    if (first === textStart) return [];
    return `"${text}" is linked in line ${line}, and stands first in line ${lineOf(page, first)}`;
  });
}

/** The words of a part, without its headings. */
function countPart(part: string): number {
  return countWords(cover(part, HEADING));
}

type Part = { readonly name: string; readonly text: string };

/** The parts under the headings of one level; what stands before them has the name "". */
function splitParts(page: string, level: "##" | "###"): Part[] {
  const [before = "", ...parts] = page.split(new RegExp(`^${level} `, "m"));
  const named = parts.map((part) => {
    const [name = "", ...lines] = part.split("\n");
    return { name, text: lines.join("\n") };
  });
  return [{ name: "", text: before }, ...named];
}

/** Parts of a page that are too long, or too short. */
function findPartFaults(page: string): string[] {
  const parts = splitParts(keepProse(page), "##");
  const find = (wanted: string): string => parts.find(({ name }) => name === wanted)?.text ?? "";
  const why = countPart(find("Why"));
  const { min, max } = WHY_WORDS;
  const isRight = why >= min && why <= max;
  const underneath = splitParts(find("What happens underneath"), "###");
  const tooLong = underneath.flatMap(({ name, text }) => {
    const words = countPart(text);
    const most = name === "" ? MAX_INTRODUCTION_WORDS : MAX_PART_WORDS;
    const where = name === "" ? "before the first part underneath" : `"${name}"`;
    return words > most ? `${where}: ${words} words, at most ${most}` : [];
  });
  return [...(isRight ? [] : [`Why: ${why} words, ${min} to ${max} are right`]), ...tooLong];
}

/** What is wrong with the shape of a chapter's page and with its links to the glossary. */
export function pageFaults(page: string, glossary: readonly Entry[]): string[] {
  const anchors = new Set(glossary.map(({ anchor }) => anchor));
  return [...findBoldFaults(page, anchors), ...findLinkFaults(page), ...findPartFaults(page)];
}

/** The words that a chapter teaches, by its number, and that its page does not link. */
export function findUnlinked(number: string, page: string, glossary: readonly Entry[]): string[] {
  const linked = new Set(findLinks(keepProse(page)).map(({ anchor }) => anchor));
  const own = glossary.filter(({ chapter }) => chapter === number);
  return own.filter(({ anchor }) => !linked.has(anchor)).map(({ term }) => term);
}
