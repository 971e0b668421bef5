// The pictures of the root README: calls on one axis, the tree of chapters, and whether all can read them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chapters, ROOT } from "../scripts/chapters.ts";
import { drawBadge, drawCalls, pictures } from "../scripts/pictures.ts";
import { type Theme, THEMES } from "../scripts/svg.ts";
import { drawTree, layOut } from "../scripts/tree.ts";

type Node = Parameters<typeof layOut>[0][number];

/** A tree from the bases of its chapters, the first of which is 01. */
function treeOf(bases: readonly number[]): Node[] {
  return bases.map((base, index) => {
    const [number = "", from = ""] = [index + 1, base].map((one) => String(one).padStart(2, "0"));
    return { number, title: `Chapter ${number}`, base: base === 0 ? "" : from };
  });
}

/** All texts of a picture that are drawn, in their order. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)</g)].flatMap(([, text]) => text ?? []);
}

/** The numbers that elements of a kind have as attributes, in their order. */
function numbersOf(svg: string, start: string, ...names: string[]): number[][] {
  const elements = svg.match(new RegExp(`<${start}[^>]*>`, "g")) ?? [];
  return elements.map((one) =>
    names.map((name) => Number(new RegExp(` ${name}="([^"]*)"`).exec(one)?.[1])),
  );
}

const call = { label: "get_weather LA", start: 0, end: 100, how: "done", run: 1 } as const;
const runs = [
  { title: "late", calls: [call, { ...call, label: "b", start: 150, end: 250 }] },
  { title: "early", calls: [call, { ...call, label: "c", start: 50, end: 125, how: "failed" }] },
] as const;

test("calls are drawn from their start to their end, all on one axis", () => {
  const svg = drawCalls(runs, THEMES.light);
  const bars = numbersOf(svg, 'rect x="', "x", "width");
  const marks = numbersOf(svg, 'line x1="', "x1").flat();
  const [zero = 0, second = 0] = marks;
  expect(marks.slice(0, 6)).toEqual(marks.slice(6));
  const pixels = (second - zero) / 50;
  const times = bars.map(([x = 0, width = 0]) => [(x - zero) / pixels, width / pixels]);
  expect(times.map((pair) => pair.map(Math.round))).toEqual([
    [0, 100],
    [150, 100],
    [0, 100],
    [50, 75],
  ]);
});

test("each call says what it is and how long it took, and each run when it was done", () => {
  expect(textsOf(drawCalls(runs, THEMES.light))).toEqual([
    ...["late", "done after 250 ms"],
    ...["get_weather LA", "100 ms", "b", "100 ms"],
    ...["early", "done after 125 ms"],
    ...["get_weather LA", "100 ms", "c", "75 ms failed"],
    ...["0", "50", "100", "150", "200", "250 ms"],
  ]);
});

test("a chapter that grows alone stands below its base, others beside it, the last of them level with it", () => {
  const spots = layOut(treeOf([0, 1, 2, 2, 3, 2, 6]));
  const pairs = [...spots].map(([number, { column, row }]) => [number, [column, row]]);
  expect(Object.fromEntries(pairs)).toEqual({
    "01": [0, 2],
    "02": [0, 1],
    "03": [1, 4],
    "05": [1, 3],
    "04": [1, 2],
    "06": [1, 1],
    "07": [1, 0],
  });
});

const trees = fc
  .array(fc.nat(), { maxLength: 40 })
  .map((picks) => treeOf([0, ...picks.map((pick, index) => 1 + (pick % (index + 1)))]));

test("in any tree no two chapters share a spot, and no two lines cross", () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const spots = layOut(tree);
      const spotOf = (number: string) => spots.get(number) ?? { column: NaN, row: NaN };
      // What a spot holds, and what the line from a chapter to those beside it takes of the gap there.
      const taken = tree.flatMap(({ number }) => {
        const { column, row } = spotOf(number);
        const beside = tree.filter(({ base }) => base === number).map((one) => spotOf(one.number));
        const rows = beside.filter((spot) => spot.column === column + 1).map((spot) => spot.row);
        if (rows.length > 0) expect(Math.min(...rows)).toBe(row);
        const height = rows.length > 0 ? Math.max(...rows) - row + 1 : 0;
        const gap = Array.from({ length: height }, (_, up) => `gap ${column} ${row + up}`);
        return [`box ${column} ${row}`, ...gap];
      });
      expect(new Set(taken).size).toBe(taken.length);
    }),
  );
});

test("the tree has every chapter of the book, with its number and its title", () => {
  const svg = drawTree(chapters(), THEMES.dark);
  const words = chapters().flatMap(({ number, title }) => [number, ...title.split(" ")]);
  expect(textsOf(svg).flatMap((text) => text.split(" "))).toEqual(words);
  expect(numbersOf(svg, "path")).toHaveLength(chapters().length - 1);
});

test("words of a title share a line where that is no longer than the longest word of all", () => {
  const titles = ["Cancellation", "Tool runners", "Parallel tools"];
  const all = treeOf([0, 1, 1]).map((node, index) => ({ ...node, title: titles[index] ?? "" }));
  const lines = ["01", "Cancellation", "02", "Tool runners", "03", "Parallel", "tools"];
  expect(textsOf(drawTree(all, THEMES.light))).toEqual(lines);
});

test("what a title has of SVG's own signs is text in the picture", () => {
  const svg = drawTree([{ number: "01", title: 'A<b> & "c"', base: "" }], THEMES.light);
  expect(textsOf(svg)).toEqual(["01", "A&lt;b&gt;", "&amp;", "&quot;c&quot;"]);
});

test.each([
  ["calls", drawCalls(runs, THEMES.light)],
  ["the tree", drawTree(chapters(), THEMES.light)],
  ["a badge", drawBadge("Open it", THEMES.light)],
])("the picture of %s tells in words all that it shows", (_, svg) => {
  const [, description = ""] = /<title>.+<\/title>\n<desc>(.+)<\/desc>/.exec(svg) ?? [];
  const untold = textsOf(svg).filter((text) => !description.includes(text));
  // The marks of the axis are no part of what went on.
  expect(untold.filter((text) => !["200", "250 ms"].includes(text))).toEqual([]);
});

/** The relative luminance of a colour: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [one, other].map(luminance).toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const READ_ON: readonly (readonly [text: keyof Theme, ground: keyof Theme])[] = [
  ["ink", "panel"],
  ["ink", "box"],
  ["ink", "tint"],
  ["quiet", "panel"],
  ["accent", "box"],
  ["accent", "tint"],
  ["accent", "panel"],
  ["inverse", "accent"],
];

test.each(Object.entries(THEMES))(
  "on a %s page every text has the contrast that WCAG AA asks for",
  (_, theme) => {
    const low = READ_ON.filter(([text, ground]) => contrast(theme[text], theme[ground]) < 4.5);
    expect(low).toEqual([]);
  },
);

test("the folder of pictures holds these and no others", () => {
  const files = readdirSync(join(ROOT, "chapters/pictures")).map(
    (file) => `chapters/pictures/${file}`,
  );
  expect(files).toEqual([...pictures().keys()].toSorted());
});

test("the pages show each of the pictures", () => {
  const page = readFileSync(join(ROOT, "README.md"), "utf8");
  expect([...pictures().keys()].filter((path) => !page.includes(path))).toEqual([]);
});
