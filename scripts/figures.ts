import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "./chapters.ts";

const Spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
const Bar = z.object({ name: z.string(), start: z.number(), end: z.number() });
const Results = z.object({
  machine: z.object({ node: z.string(), cores: z.number(), cpu: z.string(), system: z.string() }),
  batches: z.record(z.string(), z.record(z.string(), Spread)),
  overhead: z.record(z.string(), z.record(z.string(), Spread)),
  timeline: z.record(z.string(), z.array(Bar)),
  trace: z.array(z.string()),
  "async-tools": z.record(z.string(), z.record(z.string(), Spread)),
  "async-overhead": z.record(z.string(), z.record(z.string(), Spread)),
  cancellation: z.record(z.string(), Spread),
  dependencies: z.record(z.string(), Spread),
  waves: z.record(z.string(), Spread),
  scheduling: z.record(z.string(), Spread),
  streaming: z.record(z.string(), z.record(z.string(), Spread)),
  "first-start": z.record(z.string(), Spread),
  "cold-start": z.record(z.string(), Spread),
});
type Measured = Record<string, z.infer<typeof Spread>>;

function load(): z.infer<typeof Results> {
  return Results.parse(JSON.parse(readFileSync(join(ROOT, "bench/results.json"), "utf8")));
}

function median(measured: Measured | undefined, figure: string): number {
  const value = measured?.[figure]?.median;
  if (value === undefined) throw new Error(`npm run bench has measured no ${figure}`);
  return value;
}

function ms(measured: Measured | undefined, figure: string, digits = 0): string {
  const { min = 0, max = 0 } = measured?.[figure] ?? {};
  const middle = median(measured, figure).toFixed(digits);
  return `${middle} ms (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** Lays out a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map(() => "---");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function batches(): string {
  const rows = Object.entries(load().batches).map(([calls, measured]) => {
    const gain = median(measured, "all ms") / median(measured, "pool ms");
    return [
      calls,
      ms(measured, "serial ms"),
      ms(measured, "all ms"),
      ms(measured, "pool ms"),
      `${gain.toFixed(1)} ×`,
      ms(measured, "all stall"),
      ms(measured, "pool stall"),
    ];
  });
  const head = [
    "calls",
    "one by one",
    "`Promise.all`",
    "threads",
    "gain",
    "stall",
    "stall with threads",
  ];
  return table(head, rows);
}

function overhead(): string {
  const rows = Object.entries(load().overhead).map(([calls, measured]) => {
    const cost = median(measured, "pool ms") / median(measured, "bare ms");
    return [calls, ms(measured, "bare ms", 1), ms(measured, "pool ms", 1), `${cost.toFixed(1)} ×`];
  });
  return table(["calls", "bare loop", "chapter 04", "cost"], rows);
}

function asyncTools(): string {
  const rows = Object.entries(load()["async-tools"]).map(([calls, measured]) => {
    const cost = median(measured, "threads batch") / median(measured, "loop batch");
    return [
      calls,
      ms(measured, "loop batch"),
      ms(measured, "threads batch"),
      `${cost.toFixed(1)} ×`,
      ms(measured, "loop stall"),
      ms(measured, "threads stall"),
    ];
  });
  const head = [
    "batch",
    "event loop",
    "threads",
    "threads ÷ event loop",
    "stall",
    "stall, threads",
  ];
  return table(head, rows);
}

function asyncOverhead(): string {
  const rows = Object.entries(load()["async-overhead"]).map(([calls, measured]) => {
    const cost = median(measured, "loop ms") / median(measured, "bare ms");
    return [calls, ms(measured, "bare ms", 1), ms(measured, "loop ms", 1), `${cost.toFixed(1)} ×`];
  });
  return table(["calls", "bare loop", "chapter 09", "cost"], rows);
}

function coldStart(): string {
  const cold = load()["cold-start"];
  const rows = [
    ["`node` alone", ms(cold, "node ms")],
    ["with what loads TypeScript", ms(cold, "loader ms")],
    ["`npx tsx` alone", ms(cold, "npx ms")],
    ["the chapter with `--help`: all imports, threads started and ended", ms(cold, "imports ms")],
    ["the first question", ms(cold, "first ms")],
    ["both questions", ms(cold, "demo ms")],
    [
      "both questions, as typed: `npx tsx chapters/04-parallel-tools/main.ts`",
      ms(cold, "typed ms"),
    ],
  ];
  return table(["what runs", "from start to end"], rows);
}

/** Bars of one character per 5 ms, one a call. */
function timeline(): string {
  const lines = Object.entries(load().timeline).flatMap(([chapter, bars]) => {
    return bars.map(({ name, start, end }) => {
      const [from, to] = [Math.round(start / 5), Math.round(end / 5)];
      const bar = " ".repeat(from) + "█".repeat(Math.max(1, to - from));
      return `${chapter}  ${name.padEnd(8)} ${bar} ${end - start} ms`;
    });
  });
  return `\`\`\`text\n${lines.join("\n")}\n             █ = 5 ms\n\`\`\``;
}

/** The timelines of chapter 08's demo, as it draws them. */
function trace(): string {
  return `\`\`\`text\n${load().trace.join("\n")}\n\`\`\``;
}

function cancellation(): string {
  const { cancellation: measured } = load();
  const rows = [
    ["looks at the flag", ms(measured, "aware ms", 1)],
    ["does not, so that its thread is ended", ms(measured, "deaf ms", 1)],
  ];
  return table(["the tool", "from the cancel to the end of the batch"], rows);
}

function dependencies(): string {
  const { dependencies: measured } = load();
  const gain = median(measured, "04 ms") / median(measured, "13 ms");
  const rows = [
    ["04", "3", ms(measured, "04 ms"), ""],
    ["13", "2", ms(measured, "13 ms"), `${gain.toFixed(2)} ×`],
  ];
  return table(["chapter", "replies", "question to answer", "gain"], rows);
}

function waves(): string {
  const { waves: measured } = load();
  const rows = [
    ["when a whole wave has ended", ms(measured, "waves ms")],
    ["when the calls that it refers to have ended", ms(measured, "own ms")],
  ];
  return table(["a call starts", "four calls in two chains"], rows);
}

function scheduling(): string {
  return `\`${ms(load().scheduling, "1000 ms")}\``;
}

function streaming(): string {
  const rows = Object.entries(load().streaming).map(([lengths, measured]) => {
    const gain = median(measured, "parallel ms") / median(measured, "streamed ms");
    return [
      `${lengths} ms`,
      ms(measured, "serial ms"),
      ms(measured, "parallel ms"),
      ms(measured, "streamed ms"),
      `${gain.toFixed(2)} ×`,
    ];
  });
  const head = [
    "the calls take",
    "when the reply has ended, one by one",
    "when the reply has ended, all at once",
    "each when it is complete",
    "gain over all at once",
  ];
  return table(head, rows);
}

function firstStart(): string {
  const { "first-start": measured } = load();
  const rows = [
    ["Responses", ms(measured, "responses first", 1), ms(measured, "responses last", 1)],
    ["Chat Completions", ms(measured, "chat first", 1), ms(measured, "chat last", 1)],
  ];
  return table(["protocol", "the first call", "the last call"], rows);
}

function machine(): string {
  const { node, cores, cpu, system } = load().machine;
  return `${cores} cores (${cpu}, ${system}), Node ${node}`;
}

const figures = new Map([
  ["batches", batches],
  ["overhead", overhead],
  ["cold-start", coldStart],
  ["timeline", timeline],
  ["trace", trace],
  ["cancellation", cancellation],
  ["async-tools", asyncTools],
  ["async-overhead", asyncOverhead],
  ["dependencies", dependencies],
  ["waves", waves],
  ["scheduling", scheduling],
  ["streaming", streaming],
  ["first-start", firstStart],
  ["machine", machine],
]);

/** A table, picture or phrase made from bench/results.json. */
export function figure(name: string): string {
  const make = figures.get(name);
  if (!make) throw new Error(`expected a figure (${[...figures.keys()].join(", ")}), got ${name}`);
  return make();
}
