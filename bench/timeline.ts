import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getUserProfile, sendEmail } from "../mock-tools/tools.ts";
import type { Row, Runs } from "../scripts/axis.ts";
import { findChapter, ROOT } from "../scripts/chapters.ts";
import type { Bar } from "../shared/bars.ts";
import { LOADER } from "./measure.ts";

const ROUNDS = 5;

type Run = readonly [name: string, chapter: string, question: string, settings?: object];

/** The demos' questions whose bars the pages show, by the name of the figure. */
const QUESTIONS: readonly Run[] = [
  ["03", "03", "How is the weather in Beijing and LA?"],
  ["04", "04", "How is the weather in Beijing and LA?"],
  [
    "05",
    "05",
    "Weather in Beijing, Cairo, LA, Lima, London, Mumbai, Nairobi, New York, Paris and Tokyo?",
  ],
  ["13", "13", "Get the weather in Beijing and LA and send an summary email to me."],
  ["19", "19", "Study the climate of Lima. Who am I?"],
  [
    "19-several",
    "19",
    "Study the climate of Lima, Paris and Tokyo. Only the winter of Paris. Cancel Tokyo.",
  ],
  ["19-off", "19", "Study the climate of Lima. Who am I?", { BACKGROUND: "off" }],
];

/** The same calls, with times in whole milliseconds since the first of them began. */
function fromZero(bars: readonly Bar[]): Bar[] {
  const zero = Math.min(...bars.map(({ start }) => start));
  return bars.map((bar) => {
    return { ...bar, start: Math.round(bar.start - zero), end: Math.round(bar.end - zero) };
  });
}

/** The calls of one run. */
function runOnce(chapter: string, question: string, settings: object): Bar[] {
  const folder = mkdtempSync(join(tmpdir(), "timeline-"));
  const file = join(folder, "bars.jsonl");
  const offline = { OPENAI_API_KEY: "", OPENAI_BASE_URL: "", TIMELINE_FILE: file };
  const env = { ...process.env, ...offline, ...settings };
  const command = [...LOADER, join(ROOT, findChapter(chapter).file), question];
  execFileSync(process.execPath, command, { cwd: ROOT, env, stdio: "ignore" });
  const bars: Bar[] = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });
  return fromZero(bars);
}

function lengthOf(bars: readonly Bar[]): number {
  return Math.max(...bars.map(({ end }) => end));
}

/** The calls of a question to a chapter, from the run of middle length. */
function runMiddle(chapter: string, question: string, settings: object = {}): Bar[] {
  const runs = Array.from({ length: ROUNDS }, () => runOnce(chapter, question, settings));
  return runs.toSorted((one, other) => lengthOf(one) - lengthOf(other))[ROUNDS >> 1] ?? [];
}

/** The calls of each question. */
export async function measureTimelines(): Promise<Record<string, Bar[]>> {
  return Object.fromEntries(QUESTIONS.map(([name, ...run]) => [name, runMiddle(...run)]));
}

function rowOf({ label, start, end, how }: Bar): Row {
  return {
    label,
    spans: [{ what: how === "done" || how === "running" ? "call" : how, start, end }],
  };
}

/** The attempts of chapter 06's demo. */
export async function measureRetries(): Promise<Runs> {
  const bars = runMiddle("06", "How is the weather in Oslo and LA?");
  return [{ title: "attempts", rows: bars.map(rowOf) }];
}

/** Calls in two groups, with a title for each. */
function inGroups(bars: readonly Bar[], isFirst: (bar: Bar) => boolean, titles: string[]): Runs {
  const groups = [bars.filter(isFirst), bars.filter((bar) => !isFirst(bar))];
  return groups.map((group, index) => ({ title: titles[index] ?? "", rows: group.map(rowOf) }));
}

/** The calls of a question to chapter 07, under the second of its demo's runners, the parallel one. */
export async function measureSharedLanes(): Promise<Runs> {
  const bars = runMiddle("07", "Compare the weather in Lima, LA, Paris and Tokyo. Who am I?");
  const rows = fromZero(bars.filter(({ run }) => run === 2)).map(rowOf);
  return [{ title: "five calls, four lanes", rows }];
}

/** The calls of chapter 09's demo, by where they run. */
export async function measureLanes(): Promise<Runs> {
  const bars = runMiddle(
    "09",
    "Compare the weather in Lima, Atlantis, LA, Paris and Tokyo. Who am I?",
  );
  const waits = [getUserProfile, sendEmail].map(({ name }) => name);
  const isWait = ({ label }: Bar) => waits.some((name) => label.startsWith(name));
  return inGroups(bars, isWait, ["on the event loop", "in threads"]);
}

/** The calls of chapter 12's demo, grouped into parallel and serial. */
export async function measureBuckets(): Promise<Runs> {
  const bars = runMiddle(
    "12",
    'How is the weather in Lima, LA and Paris? Send an email to bob@example.com saying "hello".',
  );
  const isParallel = ({ label }: Bar) => !label.startsWith(sendEmail.name);
  return inGroups(bars, isParallel, ["parallel calls", "serial calls"]);
}

/** The value of a chapter's constant. */
function constant(chapter: string, name: string): number {
  const source = readFileSync(join(ROOT, findChapter(chapter).file), "utf8");
  const [, digits = ""] = new RegExp(`^const ${name} = ([\\d_]+);`, "m").exec(source) ?? [];
  if (!digits) throw new Error(`chapter ${chapter} has no number ${name}`);
  return Number(digits.replaceAll("_", ""));
}

/** The calls of chapter 10's demo, with the limits that ended two of them. */
export async function measureLimits(): Promise<Runs> {
  const bars = runMiddle("10", "How is the weather in LA, McMurdo, Vostok and Paris?");
  const grace = constant("10", "GRACE_MS");
  const limit = (name: string, start: number): Row => {
    const end = start + constant("10", name);
    const spans = [
      { what: "limit", start, end },
      { what: "grace", start: end, end: end + grace },
    ] as const;
    return { label: `${name}, GRACE_MS`, spans: [...spans] };
  };
  const slow = bars.find(({ label }) => label.endsWith("McMurdo"));
  return [
    { title: "the calls", rows: bars.map(rowOf) },
    {
      title: "the limits of McMurdo's call and of the batch",
      rows: [limit("CALL_MS", slow?.start ?? 0), limit("BATCH_MS", 0)],
    },
  ];
}
