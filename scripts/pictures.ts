// The pictures of the root README, as SVG files: the calls of two recorded runs, the tree of chapters, a badge.
import type { Bar } from "../shared/bars.ts";
import { stepFor } from "./axis.ts";
import { chapters } from "./chapters.ts";
import { recordedCalls } from "./figures.ts";
import { element, MARGIN, svgFile, textAt, textWidth, type Theme, THEMES } from "./svg.ts";
import { drawTree } from "./tree.ts";

const FOLDER = "chapters/pictures";

/** The calls of one run, with what is said about it. Times are milliseconds since the first of them began. */
export type Run = { readonly title: string; readonly calls: readonly Bar[] };

/** The pixels of the picture of calls: how wide it is, its text, and how high its lines are. */
const CALLS = { width: 800, size: 16, title: 18, head: 38, row: 34, bar: 24, gap: 14 };

function endOf(calls: readonly Bar[]): number {
  return Math.max(...calls.map(({ end }) => end));
}

function lengthOf({ start, end, how }: Bar): string {
  return `${end - start} ms${how === "done" ? "" : ` ${how}`}`;
}

/** What all runs share: the pixel of a time, the times that are marked, and the colours. */
type Axis = {
  readonly xOf: (time: number) => number;
  readonly marks: readonly number[];
  readonly theme: Theme;
};

function widest(texts: readonly string[]): number {
  return textWidth(Math.max(...texts.map(({ length }) => length)), CALLS.size, "mono");
}

/** The axis stands between the labels and the room that the last call's length needs. */
function axisOf(calls: readonly Bar[], theme: Theme): Axis {
  const left = MARGIN + widest(calls.map(({ label }) => label)) + CALLS.gap;
  const right = CALLS.width - MARGIN - widest(calls.map(lengthOf)) - CALLS.gap;
  const end = endOf(calls);
  const step = stepFor(end);
  const marks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  return { xOf: (time) => left + (time / end) * (right - left), marks, theme };
}

function heightOf({ calls }: Run): number {
  return CALLS.head + calls.length * CALLS.row;
}

function drawTitle({ title, calls }: Run, y: number, { theme }: Axis): string[] {
  const style = { size: CALLS.title, fill: theme.ink, isBold: true } as const;
  const end = `done after ${endOf(calls)} ms`;
  return [
    textAt(MARGIN, y, title, style),
    textAt(CALLS.width - MARGIN, y, end, { ...style, anchor: "end" }),
  ];
}

function drawCall(call: Bar, y: number, fill: string, { xOf, theme }: Axis): string[] {
  const [x, end] = [xOf(call.start), xOf(call.end)];
  const style = { size: CALLS.size, font: "mono", fill: theme.ink, halo: theme.panel } as const;
  const bar = { x, y: y - CALLS.bar / 2, width: end - x, height: CALLS.bar, rx: 4, fill };
  return [
    textAt(MARGIN, y, call.label, style),
    element("rect", bar),
    textAt(end + CALLS.gap / 2, y, lengthOf(call), style),
  ];
}

function drawRun(run: Run, top: number, fill: string, axis: Axis): string[] {
  const [y1, y2] = [top + CALLS.head, top + heightOf(run)];
  const lines = axis.marks.map(axis.xOf).map((x) => {
    return element("line", { x1: x, x2: x, y1, y2, stroke: axis.theme.line });
  });
  const bars = run.calls.flatMap((call, index) => {
    return drawCall(call, y1 + (index + 0.5) * CALLS.row, fill, axis);
  });
  return [...drawTitle(run, top + CALLS.head / 2, axis), ...lines, ...bars];
}

/** The times of the marks, the last of them with the unit. */
function drawMarks(y: number, { xOf, marks, theme }: Axis): string[] {
  const style = { size: CALLS.size, fill: theme.quiet, anchor: "middle" } as const;
  return marks.map((time, index) => {
    return textAt(xOf(time), y, index === marks.length - 1 ? `${time} ms` : String(time), style);
  });
}

function describeRun({ title, calls }: Run): string {
  const parts = calls.map((call) => {
    return `${call.label} from ${call.start} to ${call.end} ms, ${lengthOf(call)}`;
  });
  return `${title}: ${parts.join("; ")}; done after ${endOf(calls)} ms.`;
}

/** Draws runs below one another on one axis of milliseconds, the last of them in the colour that stands out. */
export function drawCalls(runs: readonly Run[], theme: Theme): string {
  const axis = axisOf(
    runs.flatMap(({ calls }) => calls),
    theme,
  );
  const parts: string[] = [];
  let top = MARGIN / 2;
  for (const run of runs) {
    parts.push(...drawRun(run, top, run === runs.at(-1) ? theme.accent : theme.quiet, axis));
    top += heightOf(run) + CALLS.gap;
  }
  parts.push(...drawMarks(top, axis));
  const drawing = {
    title: "The calls of one question in two chapters, on one axis of milliseconds",
    description: runs.map(describeRun).join(" "),
    width: CALLS.width,
    height: top + CALLS.size / 2 + MARGIN,
    parts,
  };
  return svgFile(drawing, theme);
}

/** The pixels of a badge: its text, how high it is, and the room beside the text. */
const BADGE = { size: 14, height: 32, room: 14 };

/** Draws a badge: a few words that lead elsewhere. Its ground is its own, so it suits any page. */
export function drawBadge(words: string, theme: Theme): string {
  const { size, height, room } = BADGE;
  const width = textWidth(words.length, size, "sans") + 2 * room;
  const style = { size, fill: theme.inverse, isBold: true, anchor: "middle" } as const;
  const parts = [
    element("rect", { width, height, rx: 6, fill: theme.accent }),
    textAt(width / 2, height / 2, words, style),
  ];
  return svgFile({ title: words, description: words, width, height, parts }, theme);
}

/** The recordings that are drawn, each with its title. */
const RUNS = [
  ["03", "03 · one after the other"],
  ["04", "04 · at the same time"],
] as const;

/**
 * Makes the pictures, most of them for a light page and for a dark one.
 *
 * @returns the text of each file, by its path from the root
 */
export function pictures(): Map<string, string> {
  const runs = RUNS.map(([name, title]) => ({ title, calls: recordedCalls(name) }));
  const themes = Object.entries(THEMES);
  return new Map([
    ...themes.map(
      ([name, theme]) => [`${FOLDER}/calls-${name}.svg`, drawCalls(runs, theme)] as const,
    ),
    ...themes.map(
      ([name, theme]) => [`${FOLDER}/tree-${name}.svg`, drawTree(chapters(), theme)] as const,
    ),
    [`${FOLDER}/codespaces.svg`, drawBadge("Open in Codespaces", THEMES.light)] as const,
  ]);
}
