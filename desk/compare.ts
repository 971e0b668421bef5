import { type Chapter, chapters } from "../scripts/chapters.ts";
import { filesBeside } from "./chapter.ts";
import { viewButtons } from "./diff.ts";
import { escapeHtml, type Html } from "./html.ts";
import { highlightLines, type Range } from "./highlight.ts";
import type { Site } from "./markdown.ts";
import { changedWords, linesOf, type Row, rowsOfAll } from "./rows.ts";
import { pageOf } from "./shell.ts";

const SIGNS = { same: "=", pair: "~", deleted: "-", added: "+" } as const;

/** The rows of a diff as run lengths: "=12~1+3" is 12 unchanged lines, one that changed, 3 that came. */
export function editScript(rows: readonly Row[]): string {
  const signs = rows.map(({ kind }) => SIGNS[kind]).join("");
  return signs.replaceAll(/(.)\1*/g, (run, sign) => sign + run.length);
}

/** What client/compare.js needs. Lines and pairs of lines stand in it once, however many have them. */
export type CompareData = {
  readonly titles: Readonly<Record<string, string>>;
  /** All different lines of the book, highlighted. */
  readonly lines: readonly Html[];
  /** The places of a chapter's lines in `lines`. */
  readonly files: Readonly<Record<string, readonly number[]>>;
  /** The edit scripts, as "0713": "=12~1". The way back has + and - exchanged. */
  readonly scripts: Readonly<Record<string, string>>;
  /** The words that differ in two lines, as "12 57": those in line 12, and those in line 57. */
  readonly words: Readonly<Record<string, readonly [readonly Range[], readonly Range[]]>>;
};

/** Gives each different line a place. A line is the same if its look is, too. */
function numberLines(all: readonly Chapter[]) {
  const places = new Map<Html, number>();
  const files = all.map((chapter) => {
    const html = highlightLines(chapter.source, "typescript").slice(0, -1);
    const file = html.map((line) => {
      const place = places.get(line) ?? places.size;
      places.set(line, place);
      return place;
    });
    return [chapter.number, file] as const;
  });
  return { lines: [...places.keys()], files: Object.fromEntries(files) };
}

/** Everything for any two chapters, from the lower number to the higher. */
export function compareData(all = chapters()): CompareData {
  const { lines, files } = numberLines(all);
  const scripts: Record<string, string> = {};
  const words: Record<string, readonly [readonly Range[], readonly Range[]]> = {};
  const pairs = all.flatMap((to, index) => all.slice(0, index).map((from) => [from, to] as const));
  const diffs = rowsOfAll(pairs);
  for (const [index, [from, to]] of pairs.entries()) {
    const rows = diffs[index] ?? [];
    const [before, after] = [linesOf(from), linesOf(to)];
    scripts[from.number + to.number] = editScript(rows);
    for (const { from: i, to: j } of rows.filter(({ kind }) => kind === "pair")) {
      const marks = changedWords(before[i] ?? "", after[j] ?? "");
      const name = `${files[from.number]?.[i]} ${files[to.number]?.[j]}`;
      if (marks.before.length + marks.after.length > 0) words[name] = [marks.before, marks.after];
    }
  }
  const titles = Object.fromEntries(all.map(({ number, title }) => [number, title]));
  return { titles, lines, files, scripts, words };
}

/** A chapter with links to its page and to what stands beside its main.ts, which is not compared. */
function tell(chapter: Chapter, site: Site): Html {
  const page = `<a href="${pageOf(chapter)}">${chapter.number} · ${escapeHtml(chapter.title)}</a>`;
  const beside = filesBeside(chapter).map((path) => {
    return `<a href="${site.fileOf(path)}"><code>${path.replace(/^.*\//, "")}</code></a>`;
  });
  return beside.length === 0
    ? page
    : `${page}, with ${beside.join(", ")} beside its <code>main.ts</code>`;
}

function choice(label: string, id: string, all: readonly Chapter[]): Html {
  const options = all.map(({ number, title }) => {
    return `<option value="${number}">${number} · ${escapeHtml(title)}</option>`;
  });
  return `<label for="${id}">${label}</label> <select id="${id}">${options.join("")}</select>`;
}

/**
 * The page that compares any two chapters, in both directions. compare.html#07-13 compares these two.
 *
 * @returns the markup, and the text of each script that the page loads before client/compare.js
 */
export function comparePage(site: Site): { html: Html; scripts: Readonly<Record<string, string>> } {
  const all = chapters();
  const html = `<h1>Compare two chapters</h1>
<p>What changed in <code>main.ts</code> from one chapter to another.</p>
<noscript><p>This page needs scripts. The page of each chapter shows what changed from its base without them.</p></noscript>
<form class="compare" data-js hidden>
${choice("from", "from", all)}
${choice("to", "to", all)}
<button type="button" class="plain" id="swap">exchange the two</button>
</form>
<figure class="diff" data-view="inline" id="compared" data-js hidden>
<figcaption><output for="from to"></output></figcaption>
<ul class="told"></ul>
${viewButtons}
<div class="rows"></div>
</figure>`;
  const told = Object.fromEntries(all.map((chapter) => [chapter.number, tell(chapter, site)]));
  const data = JSON.stringify({ ...compareData(all), told });
  return { html, scripts: { "compare-data.js": `const COMPARE = ${data};\n` } };
}
