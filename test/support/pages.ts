import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findChapter, ROOT } from "../../scripts/chapters.ts";

/**
 * What a chapter's page says that its demo prints. That it prints this is checked with the pages, in
 * documents.test.ts, so no other test has to run the demo for its transcript.
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
