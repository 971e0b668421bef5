import { type Chapter, chapters } from "../scripts/chapters.ts";
import type { Part } from "./markdown.ts";
import { pageOf } from "./shell.ts";

/** What the search looks through: the address of a place, where it is, what it is called, its text. */
type Place = readonly [address: string, page: string, heading: string, text: string];

/** A declaration or a banner begins a place in the code; the lines up to the next one belong to it. */
const BEGINS = /^(export )?(async )?(function|const|type|class) (\w+)|^\/\/ ── (.*?) ─/;

/** The places in a chapter's main.ts. */
function placesInCode(chapter: Chapter): Place[] {
  const page = `${chapter.number} · ${chapter.title}`;
  const places: { line: number; name: string; lines: string[] }[] = [];
  for (const [index, line] of chapter.source.split("\n").entries()) {
    const [, , , , name, banner] = BEGINS.exec(line) ?? [];
    const heading = name ?? banner;
    if (heading) places.push({ line: index + 1, name: `main.ts: ${heading}`, lines: [] });
    places.at(-1)?.lines.push(line);
  }
  return places.map(({ line, name, lines }) => {
    return [`${pageOf(chapter)}#L${line}`, page, name, lines.join(" ").replaceAll(/\s+/g, " ")];
  });
}

/** One page of the site with its parts. */
export type Searched = {
  readonly file: string;
  readonly title: string;
  readonly parts: readonly Part[];
};

/** The script that holds everything that the search looks through. */
export function searchData(pages: readonly Searched[]): string {
  const inText = pages.flatMap(({ file, title, parts }) => {
    return parts.map(({ anchor, heading, text }): Place => {
      return [anchor ? `${file}#${anchor}` : file, title, heading, text];
    });
  });
  const all = [...inText, ...chapters().flatMap(placesInCode)];
  return `const PLACES = ${JSON.stringify(all)};\n`;
}
