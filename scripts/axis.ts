import { z } from "zod";

const Span = z.object({
  what: z.enum([
    "reply",
    "arguments",
    "pending",
    "call",
    "failed",
    "lost",
    "replayed",
    "limit",
    "grace",
  ]),
  start: z.number(),
  end: z.number(),
});
type Span = z.infer<typeof Span>;

const Row = z.object({ label: z.string(), spans: z.array(Span) });
export type Row = z.infer<typeof Row>;

/** The rows of some runs, each with a title. Times are milliseconds since the run's start. */
export const Runs = z.array(z.object({ title: z.string(), rows: z.array(Row) }));
export type Runs = z.infer<typeof Runs>;

const LETTERS = {
  reply: "─",
  arguments: "·",
  pending: "╌",
  call: "█",
  failed: "▒",
  lost: "░",
  replayed: "○",
  limit: "┄",
  grace: "!",
} as const;

/** The most marks on an axis, so that their numbers do not touch. */
const MAX_MARKS = 10;

/** The distance of an axis's marks: the smallest of 1, 2 or 5 times a power of ten that needs at most MAX_MARKS. */
export function stepFor(end: number): number {
  const steps = [1, 10, 100, 1_000, 10_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);
  return steps.find((step) => end / step < MAX_MARKS) ?? end;
}

/** Puts texts on a line, each at its column. A later text covers an earlier one. */
function place(texts: readonly (readonly [column: number, text: string])[]): string {
  return texts.reduce((line, [column, text]) => {
    return line.padEnd(column).slice(0, column) + text;
  }, "");
}

/** Kinds of spans that also get a word behind the row. */
const TOLD = new Set<Span["what"]>(["failed", "lost", "replayed"]);

/** The text behind a row: the ends of the earlier spans, the start and end of the last, and a word. */
function timesOf(spans: readonly Span[]): string {
  const times = spans.map(({ start, end }, index) =>
    index < spans.length - 1 ? end : `${start}–${end}`,
  );
  const end = spans.find(({ what }) => TOLD.has(what));
  return `${times.join(", ")} ms${end ? ` ${end.what}` : ""}`;
}

/** Round numbers, each at the column of its time. */
function drawAxis(end: number, columnOf: (time: number) => number): string {
  const step = stepFor(end);
  const marks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  return place(marks.map((mark) => [columnOf(mark), String(mark)] as const));
}

function drawSpans(spans: readonly Span[], columnOf: (time: number) => number): string {
  const bars = spans.map(({ what, start, end }) => {
    const length = columnOf(end) - columnOf(start);
    // A span without length at the end of the axis stands in its last column.
    const from = Math.min(columnOf(start), columnOf(Infinity) - 1);
    return [from, LETTERS[what].repeat(Math.max(1, length))] as const;
  });
  return place(bars);
}

/**
 * Draws runs below one another, on one axis. Each run begins at its zero.
 *
 * @param width the columns of the axis
 * @returns lines of text; behind each row are the times of its last span, and before them the ends of
 *   the others
 */
export function drawRuns(runs: Runs, width: number): string {
  const rows = runs.flatMap((run) => run.rows);
  const end = Math.max(1, ...rows.flatMap(({ spans }) => spans.map((span) => span.end)));
  const labelWidth = Math.max(...rows.map(({ label }) => label.length));
  const columnOf = (time: number): number => Math.floor((Math.min(time, end) / end) * width);
  const drawRow = ({ label, spans }: Row): string => {
    const picture = drawSpans(spans, columnOf).padEnd(width);
    return `${label.padEnd(labelWidth)} ${picture} ${timesOf(spans)}`;
  };
  const axis = `${"ms".padEnd(labelWidth)} ${drawAxis(end, columnOf)}`;
  const pictures = runs.map((run) => [run.title, ...run.rows.map(drawRow)].join("\n"));
  return [axis, ...pictures].join("\n\n");
}
