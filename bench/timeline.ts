import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChapter, ROOT } from "../scripts/chapters.ts";
import type { Bar } from "../shared/timeline.ts";
import { LOADER } from "./measure.ts";

const ROUNDS = 5;

type Run = readonly [name: string, chapter: string, question: string, env?: object];

/** The questions whose calls the pages show, by the name of the figure, and settings for them. */
const QUESTIONS: readonly Run[] = [
  ["03", "03", "How is the weather in Beijing and LA?"],
  ["04", "04", "How is the weather in Beijing and LA?"],
  ["06", "06", "How is the weather in Oslo?"],
  ["09", "09", "Compare the weather in Lima, Atlantis, LA, Paris and Tokyo. Who am I?"],
  ["10", "10", "How is the weather in LA, McMurdo and Vostok?"],
  ["12", "12", "Get the weather in Beijing and LA and send an summary email to me."],
  ["13", "13", "Get the weather in Beijing and LA and send an summary email to me."],
  ["19", "19", "Study the climate of Lima. Who am I?"],
  [
    "19-several",
    "19",
    "Study the climate of Lima, Paris and Tokyo. Only the winter of Paris. Cancel Tokyo.",
  ],
  ["19-off", "19", "Study the climate of Lima. Who am I?", { BACKGROUND: "off" }],
];

/** The calls of one run, with times in whole milliseconds since the first of them began. */
function runOnce([, chapter, question, settings]: Run): Bar[] {
  const folder = mkdtempSync(join(tmpdir(), "timeline-"));
  const file = join(folder, "bars.jsonl");
  const offline = { OPENAI_API_KEY: "", OPENAI_BASE_URL: "", TIMELINE_FILE: file };
  const env = { ...process.env, ...offline, ...settings };
  const command = [...LOADER, join(ROOT, findChapter(chapter).file), question];
  execFileSync(process.execPath, command, { cwd: ROOT, env, stdio: "ignore" });
  const bars: Bar[] = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });
  const zero = Math.min(...bars.map(({ start }) => start));
  return bars.map((bar) => {
    return { ...bar, start: Math.round(bar.start - zero), end: Math.round(bar.end - zero) };
  });
}

function lengthOf(bars: readonly Bar[]): number {
  return Math.max(...bars.map(({ end }) => end));
}

/** The calls of each question, in the run of middle length. */
export async function measureTimelines(): Promise<Record<string, Bar[]>> {
  const runs = new Map<string, Bar[][]>(QUESTIONS.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const run of QUESTIONS) runs.get(run[0])?.push(runOnce(run));
  }
  const middle = [...runs].map(([name, all]) => {
    const sorted = all.toSorted((one, other) => lengthOf(one) - lengthOf(other));
    return [name, sorted[ROUNDS >> 1] ?? []] as const;
  });
  return Object.fromEntries(middle);
}
