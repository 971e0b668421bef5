import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Chapter, chapters, findChapter, ROOT } from "../scripts/chapters.ts";
import { gitDiff } from "../scripts/git.ts";

/** Chapters that swap a mechanism may change more; the first three build the loop. */
const SWAPS = ["04", "10", "13", "14", "15", "17", "21", "23"];
const FREE = ["01", "02", "03"];
const LIMITS = {
  chapter: { added: 40, deleted: 20, kept: 0.8, toRead: 80 },
  swap: { added: 65, deleted: 50, kept: 0.6, toRead: 130 },
};

const SECTIONS = [
  "What the model may say",
  "What it may do",
  "Running the calls",
  "The loop",
  "Run it",
];

/** The size of a chapter's diff for a reader, with one line of context around each change. */
function cost(base: Chapter, chapter: Chapter) {
  const numbers = gitDiff(base.file, chapter.file, "--numstat").split("\t").map(Number);
  const [added = 0, deleted = 0] = numbers;
  const [, ...hunks] = gitDiff(base.file, chapter.file, "-U1").split(/^(?=@@)/m);
  const lines = base.source.split("\n").length - 1;
  const toRead = hunks.join("").split("\n").length - 1;
  return { added, deleted, kept: (lines - deleted) / lines, toRead };
}

const budgeted = chapters().filter(({ number }) => !FREE.includes(number));

test.each(budgeted.map((chapter) => [chapter.folder, chapter] as const))(
  "%s stays within its budget",
  (_, chapter) => {
    const limit = SWAPS.includes(chapter.number) ? LIMITS.swap : LIMITS.chapter;
    const { added, deleted, kept, toRead } = cost(findChapter(chapter.base), chapter);
    expect(added).toBeLessThanOrEqual(limit.added);
    expect(deleted).toBeLessThanOrEqual(limit.deleted);
    expect(kept).toBeGreaterThanOrEqual(limit.kept);
    expect(toRead).toBeLessThanOrEqual(limit.toRead);
  },
);

describe.each(chapters().map((chapter) => [chapter.folder, chapter] as const))(
  "%s",
  (folder, chapter) => {
    const lines = chapter.source.split("\n");

    test("begins with its four header lines", () => {
      expect(lines[0]).toBe(`// ${chapter.number} · ${chapter.title}`);
      expect(lines[1]).toMatch(/^\/\/ [A-Z].*\.$/);
      expect(lines.slice(2, 5)).toEqual(["//", `// npx tsx chapters/${folder}/main.ts`, ""]);
    });

    test("has its sections in order, under banners of one width", () => {
      const banners = lines.filter((line) => line.startsWith("// ──"));
      const names = banners.map((line) => line.replaceAll(/^\/\/ ── | ─+$/g, ""));
      expect(names).toEqual(SECTIONS.filter((name) => names.includes(name)));
      expect(names).toEqual(
        expect.arrayContaining(["What the model may say", "The loop", "Run it"]),
      );
      expect(new Set(banners.map(({ length }) => length))).toEqual(new Set([100]));
    });

    test("imports node:, packages, shared, mock-tools and its own folder in that order", () => {
      const sources = lines.flatMap(
        (line) => /^(?:import|\}) .*from "(.+)";$/.exec(line)?.[1] ?? [],
      );
      const ranks = sources.map((source) => {
        const places = [
          /^node:/,
          /^[^.]/,
          /^\.\.\/\.\.\/shared\//,
          /^\.\.\/\.\.\/mock-tools\//,
          /^\.\/[\w-]+\.ts$/,
        ];
        return places.findIndex((place) => place.test(source));
      });
      expect(ranks).not.toContain(-1);
      expect(ranks).toEqual(ranks.toSorted());
    });

    test("is 60 to 280 lines of at most 100 characters", () => {
      expect(lines.length).toBeGreaterThanOrEqual(60);
      expect(lines.length).toBeLessThanOrEqual(280);
      expect(lines.filter(({ length }) => length > 100)).toEqual([]);
    });

    test("has comments that say why, not when", () => {
      const comments = lines.slice(4).filter((line) => /^\s*(\/\/ [^─]|\/\*|\*)/.test(line));
      const historic = /\b(now|new|changed|previously|used to|chapter|TODO|FIXME)\b/i;
      expect(comments.filter((line) => historic.test(line))).toEqual([]);
    });

    test("has no loose types and no silent catch", () => {
      const loose =
        /:\s*any\b|\bas (unknown|any|never|string|[A-Z]\w*)\b|\w!(\.|\)|;)|@ts-|biome-ignore|catch\s*\{\s*\}/;
      const code = lines.filter((line) => !/^\/\/|^ {2}\w+ as \w+,$/.test(line));
      expect(code.filter((line) => loose.test(line))).toEqual([]);
    });
  },
);

test("no synonym of the book's words is used", () => {
  const synonyms = /\b(invocations?|observations?|iterations?|turns?)\b/i;
  const pages = chapters().flatMap(({ folder, file }) => [file, `chapters/${folder}/README.md`]);
  for (const page of [...pages, "README.md"]) {
    const text = readFileSync(join(ROOT, page), "utf8");
    expect(text.split("\n").filter((line) => synonyms.test(line))).toEqual([]);
  }
});
