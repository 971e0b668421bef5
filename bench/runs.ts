import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { now } from "../mock-tools/notes.ts";
import { type Chapter, chapters, findChapter, ROOT } from "../scripts/chapters.ts";
import { type Asked, conversationOf, pack, packReply } from "../scripts/recording.ts";
import { type Recording, Recording as Whole, type Section } from "../scripts/recording.ts";
import { start } from "../scripts/run.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import type { CallBar } from "../shared/call-bars.ts";
import { type Exchange, relayExchanges } from "./relay.ts";

const FOLDER = join(import.meta.dirname, "runs");
const ROUNDS = 3;

/**
 * How long the offline model takes for each reply, in milliseconds. If it replied at once, threads would still be
 * starting when the first calls come. A real model takes longer.
 */
const LATENCY_MS = 200;

/** The part of the processors that must be idle before a recording, and how long that is waited for. */
const IDLE = 0.8;
const PATIENCE_MS = 3_000;
const LOOK_MS = 500;

const MAX_LINE = 120;
const MAX_DEPTH = 5;

const KILLED = "The process was killed before it could tell when its calls ran.";

/** After so long a base is ended: some calls never return in a chapter that does not limit them. */
const LIMIT_MS = 30_000;
const STUCK = `The program was ended after ${LIMIT_MS / 1_000} seconds, because a call had not returned.`;
const MAX_DEMO_MS = 240_000;

/** A part of a run, with times in milliseconds since 1970. */
type Part = {
  readonly text: string;
  readonly exchanges: readonly Exchange[];
  readonly bars: readonly CallBar[];
  /** True if the program had to be ended. */
  readonly isStuck: boolean;
};

function times(kind: "idle" | "all"): number {
  const all = cpus().flatMap(({ times: { idle, user, sys, nice, irq } }) => {
    return kind === "idle" ? [idle] : [idle, user, sys, nice, irq];
  });
  return all.reduce((sum, time) => sum + time, 0);
}

/** Waits until the machine has little else to do. Warns if that takes too long. */
async function waitForQuiet(): Promise<void> {
  const until = now() + PATIENCE_MS;
  while (now() < until) {
    const [idle, all] = [times("idle"), times("all")];
    await wait(LOOK_MS);
    if ((times("idle") - idle) / (times("all") - all) >= IDLE) return;
  }
  console.error("warning: the machine is busy, so the bars may be longer than they should be");
}

/** The settings that send all protocols to a relay. */
function through(relay: string, file: string): Record<string, string> {
  return {
    OPENAI_BASE_URL: `${relay}/v1`,
    OPENAI_MODEL: "offline",
    ANTHROPIC_API_KEY: "none",
    ANTHROPIC_BASE_URL: relay,
    GEMINI_API_KEY: "none",
    GOOGLE_GEMINI_BASE_URL: relay,
    TIMELINE_FILE: file,
  };
}

/** The output of a program up to a byte, and when that byte came. */
type Piece = { readonly at: number; readonly end: number };

/** What a program prints, and when each piece of its stdout came. */
async function listen(file: string, words: readonly string[], env: Record<string, string>) {
  const child = start(file, words, { env });
  const chunks: Buffer[] = [];
  const pieces: Piece[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    pieces.push({ at: now(), end: (pieces.at(-1)?.end ?? 0) + chunk.length });
  });
  const limit = words.length > 0 ? LIMIT_MS : MAX_DEMO_MS;
  const timer = setTimeout(() => child.kill("SIGKILL"), limit);
  const [stderr] = await Promise.all([text(child.stderr), once(child, "close")]);
  clearTimeout(timer);
  const isStuck = child.signalCode === "SIGKILL";
  return { stdout: Buffer.concat(chunks).toString(), stderr, pieces, isStuck };
}

/** Where the parts of a transcript begin: at its titles, or at its questions if it has no titles. */
function headsOf(stdout: string): number[] {
  const titles = [...stdout.matchAll(/^── /gm)];
  const heads = titles.length > 0 ? titles : [...stdout.matchAll(/^Q: /gm)];
  return heads.map(({ index }, count) => (count === 0 ? 0 : index));
}

/** When the letter at a place of the output came. */
function timeOf(pieces: readonly Piece[], stdout: string, place: number): number {
  const byte = Buffer.byteLength(stdout.slice(0, place));
  return pieces.find(({ end }) => end > byte)?.at ?? 0;
}

function readBars(file: string): CallBar[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.flatMap((line): CallBar[] => JSON.parse(line));
}

/** Runs a chapter once, and divides what happened among the parts of its transcript. */
async function runOnce(file: string, words: readonly string[], model: string): Promise<Part[]> {
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  const kept = join(folder, "bars.jsonl");
  const { url, exchanges, close } = await relayExchanges(model);
  const { stdout, stderr, pieces, isStuck } = await listen(file, words, through(url, kept));
  close();
  const bars = readBars(kept);
  rmSync(folder, { recursive: true });
  // The pages show errors behind the transcript, and not which model answers.
  const errors = stderr.split("\n").filter((line) => !line.startsWith("model: "));
  const printed = `${stdout}${errors.join("\n")}`;
  const heads = headsOf(stdout);
  const begins = heads.map((head) => timeOf(pieces, stdout, head));
  const within = (index: number) => (start: number) =>
    (index === 0 || start >= (begins[index] ?? 0)) && start < (begins[index + 1] ?? Infinity);
  return heads.map((head, index) => {
    const isHere = within(index);
    return {
      text: printed.slice(head, heads[index + 1]),
      exchanges: exchanges.filter((exchange) => isHere(exchange.start)),
      bars: bars.filter((bar) => isHere(bar.start)),
      isStuck,
    };
  });
}

function lengthOf(parts: readonly Part[]): number {
  const spans = parts.flatMap(({ exchanges, bars }) => [...exchanges, ...bars]);
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Runs a chapter several times. Returns the run of middle length. */
async function runMiddle(file: string, words: readonly string[], model: string): Promise<Part[]> {
  const runs: Part[][] = [];
  await waitForQuiet();
  while (runs.length < ROUNDS) {
    const run = await runOnce(file, words, model);
    // The next one would be stuck, too.
    if (run.some(({ isStuck }) => isStuck)) return run;
    runs.push(run);
  }
  return runs.toSorted((one, other) => lengthOf(one) - lengthOf(other))[ROUNDS >> 1] ?? [];
}

const Body = z.record(z.string(), z.unknown());
type Fields = z.infer<typeof Body>;
const Entry = z.object({ role: z.string().optional() });

/** True if a conversation holds no reply yet. */
function opens({ request }: Exchange): boolean {
  const { entries } = conversationOf(Body.parse(request));
  return entries.every((entry) => /^(system|user)$/.test(Entry.parse(entry).role ?? ""));
}

/** The bars and replies of a part, with times since the first of them began. */
function fromZero({ text: said, exchanges, bars, isStuck }: Part) {
  const zero = Math.min(...[...exchanges, ...bars].map((span) => span.start));
  const since = (at: number): number => Math.round(at - zero);
  const killed = bars.length === 0 && /killed\)$/m.test(said) ? { missing: KILLED } : {};
  const missing = isStuck ? { missing: STUCK } : killed;
  return {
    since,
    replies: exchanges.map((exchange) => {
      return { opens: opens(exchange), start: since(exchange.start), end: since(exchange.end) };
    }),
    bars: bars.map((bar) => ({ ...bar, start: since(bar.start), end: since(bar.end) })),
    ...missing,
  };
}

/** The parts of the demo's run, as they are kept. */
function keepSections(parts: readonly Part[]): Section[] {
  const earlier: Fields[] = [];
  const replied: (Fields | undefined)[] = [];
  return parts.map((part) => {
    const { since, replies, ...rest } = fromZero(part);
    const exchanges = part.exchanges.map(({ path, status, reply, ...exchange }, index) => {
      const body = Body.parse(exchange.request);
      const request = pack(body, earlier);
      earlier.push(body);
      const events = exchange.events.map(({ at, data }) => ({ at: since(at), data }));
      const whole = events.length > 0 ? undefined : Body.parse(reply);
      const got = whole ? { reply: packReply(whole, replied) } : { events };
      replied.push(whole);
      const { [index]: span = { opens: false, start: 0, end: 0 } } = replies;
      return { ...span, path, status, request, ...got };
    });
    return { text: part.text, exchanges, ...rest };
  });
}

/** The questions of a transcript, each once. */
function questionsOf(parts: readonly Part[]): string[] {
  const asked = parts.flatMap((part) => [...part.text.matchAll(/^Q: (.*)$/gm)]);
  return [...new Set(asked.map(([, question = ""]) => question))];
}

/** Asks the base the questions of its chapter. */
async function askBase(base: Chapter, questions: readonly string[], model: string) {
  const asked: Asked[] = [];
  for (const question of questions) {
    const [part] = await runMiddle(base.file, [question], model);
    if (!part) throw new Error(`${base.file} has not printed the question ${question}`);
    const { since: _, ...spans } = fromZero(part);
    asked.push({ question, ...spans });
  }
  return { number: base.number, asked };
}

function describeMachine(): Recording["machine"] {
  return {
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "",
    system: `${process.platform} ${process.arch}`,
  };
}

/** JSON with a line for each part of an exchange, however long, and for each bar. */
function print(value: unknown, depth = 0): string {
  const line = JSON.stringify(value);
  if (line.length <= MAX_LINE || depth > MAX_DEPTH || !(value instanceof Object)) return line;
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([key, part]) => {
    const name = isList ? "" : `${JSON.stringify(key)}: `;
    return `${" ".repeat(depth + 1)}${name}${print(part, depth + 1)}`;
  });
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${" ".repeat(depth)}${close}`;
}

/** Writes a recording. The folder of the book is not a part of it. */
function write({ number }: Chapter, recording: Recording): void {
  mkdirSync(FOLDER, { recursive: true });
  const json = print(Whole.parse(recording)).replaceAll(`${ROOT}/`, "");
  writeFileSync(join(FOLDER, `${number}.json`), `${json}\n`);
}

/** Records a chapter's demo, and the base with the same questions. */
async function record(chapter: Chapter, model: string): Promise<void> {
  const parts = await runMiddle(chapter.file, [], model);
  if (parts.some(({ isStuck }) => isStuck)) throw new Error(`${chapter.file} has not ended`);
  const base = chapter.base
    ? { base: await askBase(findChapter(chapter.base), questionsOf(parts), model) }
    : {};
  write(chapter, {
    command: `npx tsx ${chapter.file}`,
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    latency: LATENCY_MS,
    sections: keepSections(parts),
    ...base,
  });
}

/** Records the demos of the chapters with these numbers, or of all, into bench/runs. */
export async function recordRuns(numbers: readonly string[]): Promise<undefined> {
  const wanted = numbers.length > 0 ? numbers.map(findChapter) : chapters();
  process.env.OFFLINE_LATENCY_MS = String(LATENCY_MS);
  const model = await serveOfflineModel(0, true);
  for (const chapter of wanted) {
    console.error(`recording ${chapter.number} …`);
    await record(chapter, model.replace(/\/v1$/, ""));
  }
  delete process.env.OFFLINE_LATENCY_MS;
}
