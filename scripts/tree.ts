// The tree of chapters as a picture: each in a box, with a line from the one that it grows from.
import type { Chapter } from "./chapters.ts";
import { element, MARGIN, svgFile, textAt, textWidth, type Theme } from "./svg.ts";

type Node = Pick<Chapter, "number" | "title" | "base">;

/** Chapters that grow one from the other, and what branches off the last of them. */
type Stack = { readonly nodes: readonly Node[]; readonly branches: readonly Stack[] };

function stackFrom(node: Node, all: readonly Node[]): Stack {
  const grown = all.filter(({ base }) => base === node.number);
  const [only] = grown;
  if (!only || grown.length > 1) {
    return { nodes: [node], branches: grown.map((one) => stackFrom(one, all)) };
  }
  const { nodes, branches } = stackFrom(only, all);
  return { nodes: [node, ...nodes], branches };
}

function countOf({ nodes, branches }: Stack): number {
  return branches.reduce((sum, branch) => sum + countOf(branch), nodes.length);
}

/** The chapters that most of the book grows from, down to the last of them with branches. */
function trunkOf({ nodes, branches }: Stack): readonly Node[] {
  const [heaviest] = branches.toSorted((one, other) => countOf(other) - countOf(one));
  return heaviest ? [...nodes, ...trunkOf(heaviest)] : [];
}

/** Columns count from the left, rows from the bottom. */
type Spot = { readonly column: number; readonly row: number };

/** What is taken so far: the spot of each chapter, and the lowest row of each column that is free. */
type Taken = { readonly spots: Map<string, Spot>; readonly free: number[] };

/**
 * Gives each chapter of a stack, and of its branches, a spot. A stack takes one column; its branches take the
 * next, the last of them level with the end of the stack and the others above it, so no two lines cross.
 *
 * @param lowest the column, and the lowest row that the stack may reach down to
 * @returns the row of the first chapter
 */
function place({ nodes, branches }: Stack, lowest: Spot, taken: Taken): number {
  const { column } = lowest;
  const least = Math.max(lowest.row, taken.free[column] ?? 0);
  const [last, ...others] = branches.toReversed();
  const level = { column: column + 1, row: least + 1 - (last?.nodes.length ?? 0) };
  const bottom = last ? place(last, level, taken) : least;
  for (const branch of others) place(branch, { column: column + 1, row: 0 }, taken);
  const top = bottom + nodes.length - 1;
  taken.free[column] = top + 1;
  nodes.forEach(({ number }, index) => {
    taken.spots.set(number, { column, row: top - index });
  });
  return top;
}

function rootsOf(all: readonly Node[]): Stack[] {
  return all.filter(({ base }) => base === "").map((root) => stackFrom(root, all));
}

/** Gives each chapter its spot in the tree, by number. */
export function layOut(all: readonly Node[]): Map<string, Spot> {
  const taken = { spots: new Map<string, Spot>(), free: [] };
  for (const root of rootsOf(all)) place(root, { column: 0, row: 0 }, taken);
  return taken.spots;
}

/** The chapter that stands out, since the book is about what it teaches. */
const HEART = "04";

/** The pixels of a box: its text, its height, where its number and its title begin, the gaps around it. */
const BOX = { size: 16, height: 43, number: 12, title: 42, behind: 4, gap: 40, below: 10, bend: 9 };

/** Breaks a title into lines that are no longer than the longest word of all titles. */
function breakTitle(title: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of title.split(" ")) {
    const line = [...lines.slice(-1), word].join(" ");
    if (lines.length > 0 && line.length <= letters) lines.splice(-1, 1, line);
    else lines.push(word);
  }
  return lines;
}

/** A chapter in its spot, and the spot of its base if it has one. */
type Placed = { readonly node: Node; readonly spot: Spot; readonly from: Spot | undefined };

function placeAll(all: readonly Node[]): Placed[] {
  const spots = layOut(all);
  return all.flatMap((node) => {
    const spot = spots.get(node.number);
    return spot ? [{ node, spot, from: spots.get(node.base) }] : [];
  });
}

/** What all boxes and lines share. The pixels of a spot are those of its box's left upper corner. */
type Layout = {
  readonly letters: number;
  readonly width: number;
  readonly xOf: (spot: Spot) => number;
  readonly yOf: (spot: Spot) => number;
  readonly trunk: ReadonlySet<Node>;
  readonly theme: Theme;
};

function measure(all: readonly Node[], placed: readonly Placed[], theme: Theme): Layout {
  const words = all.flatMap(({ title }) => title.split(" "));
  const letters = Math.max(...words.map(({ length }) => length));
  const width = BOX.title + textWidth(letters, BOX.size, "sans") + BOX.behind;
  const top = Math.max(...placed.map(({ spot }) => spot.row));
  return {
    letters,
    width,
    xOf: ({ column }) => MARGIN + column * (width + BOX.gap),
    yOf: ({ row }) => MARGIN + (top - row) * (BOX.height + BOX.below),
    trunk: new Set(rootsOf(all).flatMap(trunkOf)),
    theme,
  };
}

/** The way of a line: straight down in a column, else to the right, up and to the right again. */
function wayOf(from: Spot, to: Spot, { width, xOf, yOf }: Layout): string {
  const [y, end] = [yOf(from) + BOX.height / 2, yOf(to) + BOX.height / 2];
  if (from.column === to.column) return `M${xOf(from) + width / 2} ${y}V${end}`;
  const right = xOf(from) + width;
  if (from.row === to.row) return `M${right} ${y}H${xOf(to)}`;
  const [x, r] = [right + BOX.gap / 2, BOX.bend];
  return `M${right} ${y}H${x - r}q${r} 0 ${r} ${-r}V${end + r}q0 ${-r} ${r} ${-r}H${xOf(to)}`;
}

/** The more chapters a line leads to, the thicker it is. */
function drawLine(from: Spot, to: Spot, chapters: number, layout: Layout): string {
  return element("path", {
    d: wayOf(from, to, layout),
    fill: "none",
    stroke: layout.theme.accent,
    "stroke-width": 1 + 1.2 * Math.sqrt(chapters),
  });
}

function drawBox(
  { node, spot }: Placed,
  { letters, width, xOf, yOf, trunk, theme }: Layout,
): string[] {
  const [x, y, height] = [xOf(spot), yOf(spot), BOX.height];
  const isHeart = node.number === HEART;
  const [fill, stroke] = trunk.has(node) ? [theme.tint, theme.accent] : [theme.box, theme.line];
  const box = { x, y, width, height, rx: 8, fill: isHeart ? theme.accent : fill, stroke };
  const lines = breakTitle(node.title, letters);
  const [title, number] = isHeart ? [theme.inverse, theme.inverse] : [theme.ink, theme.accent];
  return [
    element("rect", box),
    textAt(x + BOX.number, y + height / 2, node.number, {
      size: BOX.size,
      fill: number,
      isBold: true,
    }),
    ...lines.map((line, index) => {
      const shift = (index - (lines.length - 1) / 2) * (BOX.size + 1);
      return textAt(x + BOX.title, y + height / 2 + shift, line, { size: BOX.size, fill: title });
    }),
  ];
}

function describe({ number, title, base }: Node): string {
  return base ? `${number} ${title} grows from ${base}.` : `${number} ${title} is the first.`;
}

/** Draws the tree of chapters, from left to right. */
export function drawTree(all: readonly Node[], theme: Theme): string {
  const placed = placeAll(all);
  const layout = measure(all, placed, theme);
  const lines = placed.flatMap(({ node, spot, from }) => {
    return from ? [drawLine(from, spot, countOf(stackFrom(node, all)), layout)] : [];
  });
  const boxes = placed.flatMap((one) => drawBox(one, layout));
  const drawing = {
    title: "The tree of chapters",
    description: all.map(describe).join(" "),
    width: Math.max(...placed.map(({ spot }) => layout.xOf(spot))) + layout.width + MARGIN,
    height: Math.max(...placed.map(({ spot }) => layout.yOf(spot))) + BOX.height + MARGIN,
    parts: [...lines, ...boxes],
  };
  return svgFile(drawing, theme);
}
