import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Bar, drawBars } from "../shared/bars.ts";
import { drawRuns, Runs } from "./axis.ts";
import { ROOT } from "./chapters.ts";

const Spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
type Spread = z.infer<typeof Spread>;
const Measured = z.record(z.string(), Spread);
type Measured = z.infer<typeof Measured>;
const Cases = z.record(z.string(), Measured);
const Timelines = z.record(
  z.string(),
  z.array(
    z.object({
      label: z.string(),
      start: z.number(),
      end: z.number(),
      how: z.enum(["done", "failed", "lost", "running"]),
      run: z.number(),
    }),
  ),
);
const Sizes = z.array(z.object({ bytes: z.number(), tokens: z.number() }));
const Outputs = z.record(z.string(), z.object({ budget: Sizes, none: Sizes }));
const Trace = z.array(z.string());
const Machine = z.object({
  node: z.string(),
  cores: z.number(),
  cpu: z.string(),
  system: z.string(),
});

type Cells = readonly string[];

/** A figure shows a part of bench/results.json. The part has the figure's name unless another is given. */
type Figure = { readonly name: string; readonly part?: string } & (
  | {
      /** A table with one row for each case, such as a number of calls. */
      readonly head: Cells;
      readonly row: (label: string, measured: Measured) => Cells;
    }
  | {
      /** A table whose rows the figure chooses itself. */
      readonly head: Cells;
      readonly rows: (measured: Measured) => readonly Cells[];
    }
  | {
      /** A picture or a phrase. Its part may have any shape, so the function parses it. */
      readonly text: (part: unknown) => string;
    }
);

function spread(measured: Measured, name: string): Spread {
  const found = measured[name];
  if (!found) throw new Error(`npm run bench has measured no ${name}`);
  return found;
}

function ms(measured: Measured, name: string, digits = 0): string {
  const { median, min, max } = spread(measured, name);
  return `${median.toFixed(digits)} ms (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function median(measured: Measured, name: string): number {
  return spread(measured, name).median;
}

function times(factor: number, digits = 1): string {
  return `${factor.toFixed(digits)} ×`;
}

const COLUMNS = 96;
/** The columns of an axis. The labels before it and the times behind it need room, too. */
const AXIS_COLUMNS = 60;

function barsOf(part: unknown, name: string): readonly Bar[] {
  const bars = Timelines.parse(part)[name];
  if (!bars) throw new Error(`npm run bench has measured no timeline ${name}`);
  return bars;
}

/** The calls of one question, as the chapter draws them in a terminal. */
function timeline(name: string): Figure {
  const draw = (part: unknown): string => {
    const bars = barsOf(part, name);
    return `\`\`\`text\n${drawBars(bars, COLUMNS, (_, text) => text)}\n\`\`\``;
  };
  return { name: `timeline-${name}`, part: "timelines", text: draw };
}

/** Some recorded runs, on one axis. */
function recording(name: string): Figure {
  const draw = (part: unknown): string =>
    `\`\`\`text\n${drawRuns(Runs.parse(part), AXIS_COLUMNS)}\n\`\`\``;
  return { name: `timeline-${name}`, text: draw };
}

/** The first of those runs alone: the trouble, for the page that then shows what helps. */
function firstRun(name: string): Figure {
  const draw = (part: unknown): string =>
    `\`\`\`text\n${drawRuns(Runs.parse(part).slice(0, 1), AXIS_COLUMNS)}\n\`\`\``;
  return { name: `timeline-${name}-first`, part: `timeline-${name}`, text: draw };
}

/** The timelines of chapter 08's demo, as it draws them. */
function trace(part: unknown): string {
  return `\`\`\`text\n${Trace.parse(part).join("\n")}\n\`\`\``;
}

function machine(part: unknown): string {
  const { node, cores, cpu, system } = Machine.parse(part);
  return `${cores} cores (${cpu}, ${system}), Node ${node}`;
}

function count(number: number | undefined): string {
  return number?.toLocaleString("en") ?? "";
}

function sum(sizes: z.infer<typeof Sizes>): string {
  return count(sizes.reduce((all, { tokens }) => all + tokens, 0));
}

/** The size of each request of a question, with a budget for outputs and without one. */
function toolOutput(part: unknown): string {
  const rows = Object.entries(Outputs.parse(part)).flatMap(([question, { budget, none }]) => {
    const requests = budget.map((size, index) => {
      const other = none[index];
      const sizes = [size.bytes, size.tokens, other?.bytes, other?.tokens].map(count);
      return [index === 0 ? question : "", String(index + 1), ...sizes];
    });
    return [...requests, ["", "all", "", sum(budget), "", sum(none)]];
  });
  const sides = ["bytes", "tokens", "bytes, no budget", "tokens, no budget"];
  return table(["question", "request", ...sides], rows);
}

const CONVERSATIONS = [
  "answered per second",
  "half within",
  "95 % within",
  "99 % within",
  "CPU of the engine for each",
];

/** The conversations per second, how long they take, and the engine's CPU time for each. */
function conversations(measured: Measured, name: string): Cells {
  const { median: rate, min, max } = spread(measured, `${name} rate`);
  const times = ["p50", "p95", "p99"].map((one) => ms(measured, `${name} ${one}`));
  const cpu = measured[`${name} cpu`] ? ms(measured, `${name} cpu`, 1) : "not on this system";
  return [`${rate.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`, ...times, cpu];
}

const FIGURES: readonly Figure[] = [
  {
    name: "batches",
    head: [
      "calls",
      "one by one",
      "`Promise.all`",
      "threads",
      "gain",
      "stall of `Promise.all`",
      "stall with threads",
    ],
    row: (calls, measured) => [
      calls,
      ms(measured, "serial ms"),
      ms(measured, "all ms"),
      ms(measured, "pool ms"),
      times(median(measured, "all ms") / median(measured, "pool ms")),
      ms(measured, "all stall"),
      ms(measured, "pool stall"),
    ],
  },
  {
    name: "overhead",
    head: [
      "calls",
      "bare loop",
      "bare loop, plain threads",
      "chapter 04",
      "cost of threads",
      "cost of chapter 04",
    ],
    row: (calls, measured) => [
      calls,
      ms(measured, "bare ms", 1),
      ms(measured, "threads ms", 1),
      ms(measured, "pool ms", 1),
      times(median(measured, "threads ms") / median(measured, "bare ms")),
      times(median(measured, "pool ms") / median(measured, "bare ms")),
    ],
  },
  {
    name: "cold-start",
    head: ["what runs", "from start to end"],
    rows: (measured) => [
      ["`node` alone", ms(measured, "node ms")],
      ["with what loads TypeScript", ms(measured, "loader ms")],
      ["`npx tsx` alone", ms(measured, "npx ms")],
      [
        "the chapter with `--help`: all imports, threads started and ended",
        ms(measured, "imports ms"),
      ],
      ["the first question", ms(measured, "first ms")],
      ["both questions", ms(measured, "demo ms")],
      [
        "both questions, as typed: `npx tsx chapters/04-parallel-tools/main.ts`",
        ms(measured, "typed ms"),
      ],
    ],
  },
  ...["03", "04", "05", "13", "19", "19-several", "19-off"].map(timeline),
  ...["06", "07", "09", "10", "12", "13-waves", "15", "17", "20", "22"].map(recording),
  firstRun("17"),
  { name: "trace", text: trace },
  { name: "wake-up", text: (part) => `\`${ms(Measured.parse(part), "ms", 1)}\`` },
  {
    name: "cancellation",
    head: ["the tool", "from the cancel to the end of the batch"],
    rows: (measured) => [
      ["looks at the flag", ms(measured, "aware ms", 1)],
      ["does not, so that its thread is ended", ms(measured, "deaf ms", 1)],
    ],
  },
  {
    name: "handles",
    head: ["from the call of a study to", "time"],
    rows: (measured) => [
      ["its handle", ms(measured, "on first", 1)],
      ["its result, awaited", ms(measured, "on last")],
      ["its result, with `BACKGROUND=off`", ms(measured, "off first")],
    ],
  },
  {
    name: "async-tools",
    head: [
      "batch",
      "event loop",
      "threads",
      "threads ÷ event loop",
      "stall, event loop",
      "stall, threads",
    ],
    row: (batch, measured) => [
      batch,
      ms(measured, "loop batch"),
      ms(measured, "threads batch"),
      times(median(measured, "threads batch") / median(measured, "loop batch")),
      ms(measured, "loop stall"),
      ms(measured, "threads stall"),
    ],
  },
  {
    name: "async-overhead",
    head: ["calls", "bare loop", "chapter 09", "cost"],
    row: (calls, measured) => [
      calls,
      ms(measured, "bare ms", 1),
      ms(measured, "loop ms", 1),
      times(median(measured, "loop ms") / median(measured, "bare ms")),
    ],
  },
  {
    name: "dependencies",
    head: ["chapter", "replies", "question to answer", "gain"],
    rows: (measured) => [
      ["04", "3", ms(measured, "04 ms"), ""],
      [
        "13",
        "2",
        ms(measured, "13 ms"),
        times(median(measured, "04 ms") / median(measured, "13 ms"), 2),
      ],
    ],
  },
  {
    name: "waves",
    head: ["a call starts", "four calls in two chains"],
    rows: (measured) => [
      ["when a whole wave has ended", ms(measured, "waves ms")],
      ["when the calls that it refers to have ended", ms(measured, "own ms")],
    ],
  },
  { name: "scheduling", text: (part) => `\`${ms(Measured.parse(part), "1000 ms")}\`` },
  {
    name: "streaming",
    head: [
      "the calls take",
      "when the reply has ended, one by one",
      "when the reply has ended, all at once",
      "each when it is complete",
      "gain over all at once",
    ],
    row: (lengths, measured) => [
      `${lengths} ms`,
      ms(measured, "serial ms"),
      ms(measured, "parallel ms"),
      ms(measured, "streamed ms"),
      times(median(measured, "parallel ms") / median(measured, "streamed ms"), 2),
    ],
  },
  {
    name: "first-start",
    head: ["protocol", "the first call", "the last call"],
    rows: (measured) => [
      ["Responses", ms(measured, "responses first", 1), ms(measured, "responses last", 1)],
      ["Chat Completions", ms(measured, "chat first", 1), ms(measured, "chat last", 1)],
    ],
  },
  { name: "tool-output", text: toolOutput },
  {
    name: "replay",
    head: ["eight forecasts", "question to answer"],
    rows: (measured) => [
      ["without a journal", ms(measured, "inline ms")],
      ["with a journal that is empty", ms(measured, "journal ms")],
      ["with all of them in the journal", ms(measured, "replay ms")],
    ],
  },
  {
    name: "journal",
    head: ["an effect that takes no time", "adds"],
    rows: (measured) => [
      ["recorded, with `JOURNAL_SYNC=off`", ms(measured, "written effect", 2)],
      ["recorded, with `JOURNAL_SYNC=on`", ms(measured, "synced effect", 2)],
      ["replayed", ms(measured, "replayed effect", 2)],
    ],
  },
  {
    name: "durable",
    head: ["an effect that takes no time", "takes"],
    rows: (measured) => [
      ["inline", ms(measured, "inline effect", 2)],
      ["recorded in the journal of 21, on the disk", ms(measured, "journal effect", 2)],
      ["recorded on the engine", ms(measured, "engine recorded", 2)],
      ["replayed from the engine", ms(measured, "engine replayed", 2)],
    ],
  },
  {
    name: "engine-start",
    part: "durable",
    text: (part) => `\`${ms(Measured.parse(part), "start ms")}\``,
  },
  {
    name: "scale-out",
    head: ["workers", ...CONVERSATIONS],
    rows: (measured) =>
      ["1", "2", "4"].map((workers) => [workers, ...conversations(measured, workers)]),
  },
  {
    name: "scale-out-growth",
    head: ["conversations", ...CONVERSATIONS],
    rows: (measured) =>
      [10, 100, 1000].map((number) => [count(number), ...conversations(measured, String(number))]),
  },
  {
    name: "scale-out-calls",
    head: ["a call of a tool that takes no time", "one at a time", "four at once"],
    rows: (measured) =>
      [
        ["09: on the event loop", "loop"],
        ["14: in a thread", "threads"],
        ["22: in a thread, recorded by the engine", "recorded"],
        ["23: sent to a worker by the engine", "sent"],
      ].map(([what = "", name]) => [
        what,
        ms(measured, `${name} alone`, 2),
        ms(measured, `${name} four`, 2),
      ]),
  },
  { name: "machine", text: machine },
];

function load(name: string): unknown {
  const json = readFileSync(join(ROOT, "bench/results.json"), "utf8");
  const part = z.record(z.string(), z.unknown()).parse(JSON.parse(json))[name];
  if (part === undefined) throw new Error(`npm run bench has measured no ${name}`);
  return part;
}

/**
 * The calls of one question, as bench/results.json has them.
 *
 * @param name a timeline's name there, such as "04"
 * @returns bars whose times are milliseconds since the first call began
 */
export function recordedCalls(name: string): readonly Bar[] {
  return barsOf(load("timelines"), name);
}

/** Lays out a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map(() => "---");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A table, picture or phrase made from bench/results.json. */
export function figure(name: string): string {
  const found = FIGURES.find((one) => one.name === name);
  if (!found) {
    const known = FIGURES.map((one) => one.name).join(", ");
    throw new Error(`expected a figure (${known}), got ${name}`);
  }
  const part = load(found.part ?? name);
  if ("text" in found) return found.text(part);
  if ("rows" in found) return table(found.head, found.rows(Measured.parse(part)));
  const rows = Object.entries(Cases.parse(part)).map(([label, one]) => found.row(label, one));
  return table(found.head, rows);
}
