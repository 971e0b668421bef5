import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { LOADER } from "./measure.ts";

const QUESTION = "How is the weather in Beijing and LA?";

const STOPWATCH = `
import { appendFileSync } from "node:fs";
export function forecast(args: { location: string }): string {
  const start = Date.now();
  const result = forecastUntimed(args);
  const bar = JSON.stringify({ name: args.location, start, end: Date.now() });
  appendFileSync(process.env.TIMELINE_FILE ?? "", bar + "\\n");
  return result;
}
`;

/** When a call ran, in ms since the first call of its run began. */
export type Bar = { readonly name: string; readonly start: number; readonly end: number };

function run(folder: string, chapter: string): Bar[] {
  const file = join(folder, `${chapter}.jsonl`);
  const env = { ...process.env, OPENAI_API_KEY: "", OPENAI_BASE_URL: "", TIMELINE_FILE: file };
  const main = join(folder, "chapters", chapter, "main.ts");
  execFileSync(process.execPath, [...LOADER, main, QUESTION], {
    cwd: folder,
    env,
    stdio: "ignore",
  });
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const bars: Bar[] = lines.map((line) => JSON.parse(line));
  const zero = Math.min(...bars.map(({ start }) => start));
  return bars
    .map(({ name, start, end }) => ({ name, start: start - zero, end: end - zero }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The calls of one question, with a stopwatch in the weather tool: chapter 03 beside chapter 04. */
export async function measureTimeline(): Promise<Record<string, Bar[]>> {
  const source = readFileSync(join(ROOT, "mock-tools/weather.ts"), "utf8");
  const untimed = source.replace("export function forecast(", "function forecastUntimed(");
  const folder = copyBook({ "mock-tools/weather.ts": untimed + STOPWATCH });
  return { "03": run(folder, "03-agent-loop"), "04": run(folder, "04-parallel-tools") };
}
