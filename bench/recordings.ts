import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Row, Runs } from "../scripts/axis.ts";
import { findChapter, ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import type { Bar } from "../shared/bars.ts";
import { LOADER } from "./measure.ts";
import { type Passed, relayTo } from "./relay.ts";
import { copyThatWaits, WAITING_WEATHER } from "./streaming.ts";

const ROUNDS = 5;
const RECORDER = join(ROOT, "bench/recorder.ts");

/** A question to a chapter, with a setting of its agent. */
type Case = {
  readonly title: string;
  readonly file: string;
  readonly question: string;
  readonly setting: string;
};

/** One run: its replies and its calls. */
type Recording = { readonly replies: readonly Passed[]; readonly bars: readonly Bar[] };

/** Turns a recording into rows. */
type Draw = (recording: Recording) => Row[];

/** Runs a case twice and returns the second run, since threads start in the first. */
async function record({ file, question, setting }: Case, model: string): Promise<Recording> {
  const { url, passed, close } = await relayTo(model);
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  const bars = join(folder, "bars.jsonl");
  const env = { ...process.env, OPENAI_BASE_URL: url, OPENAI_PROTOCOL: "", TIMELINE_FILE: bars };
  const command = [...LOADER, RECORDER, file, question, setting, setting];
  await promisify(execFile)(process.execPath, command, { cwd: ROOT, env });
  close();
  const [, last = ""] = readFileSync(bars, "utf8").trim().split("\n");
  rmSync(folder, { recursive: true });
  const opening = passed.findLastIndex(({ opens }) => opens);
  return { replies: passed.slice(opening), bars: JSON.parse(last) };
}

function round(rows: readonly Row[], zero: number): Row[] {
  return rows.map(({ label, spans }) => {
    const rounded = spans.map(({ what, start, end }) => {
      return { what, start: Math.round(start - zero), end: Math.round(end - zero) };
    });
    return { label, spans: rounded };
  });
}

/** Records the cases. Returns for each its run of middle length. */
async function recordAll(cases: readonly Case[], draw: Draw): Promise<Runs> {
  const model = await serveOfflineModel(0, true);
  const runs = new Map<string, Row[][]>(cases.map(({ title }) => [title, []]));
  for (let count = 0; count < ROUNDS; count++) {
    for (const one of cases) {
      const recording = await record(one, model);
      const zero = recording.replies[0]?.start ?? 0;
      runs.get(one.title)?.push(round(draw(recording), zero));
    }
  }
  const endOf = (rows: readonly Row[]) =>
    Math.max(...rows.flatMap(({ spans }) => spans.map(({ end }) => end)));
  return [...runs].map(([title, all]) => {
    const sorted = all.toSorted((one, other) => endOf(one) - endOf(other));
    return { title, rows: sorted[ROUNDS >> 1] ?? [] };
  });
}

/** The rows of a run: each reply, with the calls that began before the next request. */
function inSteps(replies: readonly Passed[], calls: readonly Row[]): Row[] {
  return replies.flatMap(({ start, end }, index) => {
    const reply: Row = { label: `reply ${index + 1}`, spans: [{ what: "reply", start, end }] };
    const next = replies[index + 1]?.start ?? Infinity;
    const during = calls.filter(({ spans: [first] }) => {
      return first && first.start >= start && first.start < next;
    });
    // Calls that begin together would otherwise change places from run to run.
    return [reply, ...during.toSorted((one, other) => one.label.localeCompare(other.label))];
  });
}

/** The four settings of chapter 15. */
export async function measureKnobs(): Promise<Runs> {
  const { file } = findChapter("15");
  const question = "How is the weather in Beijing and LA?";
  const cases = [true, false].flatMap((parallel_tool_calls) =>
    [true, false].map((concurrent_tool_execution) => ({
      title: `parallel_tool_calls: ${parallel_tool_calls}, concurrent_tool_execution: ${concurrent_tool_execution}`,
      file: join(ROOT, file),
      question,
      setting: JSON.stringify({ parallel_tool_calls, concurrent_tool_execution }),
    })),
  );
  return recordAll(cases, ({ replies, bars }) => {
    const calls = bars.map(({ label, start, end }) => {
      return { label, spans: [{ what: "call", start, end } as const] };
    });
    return inSteps(replies, calls);
  });
}

/** When the arguments of each call began and were complete, by the label of the call's bar. */
function findArguments(replies: readonly Passed[]): Map<string, { start: number; end: number }> {
  const events = replies.flatMap((reply) => reply.events);
  const added = events.filter(({ event }) => event.type === "response.output_item.added");
  const done = events.filter(({ event }) => {
    return event.type === "response.function_call_arguments.done";
  });
  const spans = done.map(({ at: end, event }) => {
    const begun = added.find((one) => one.event.output_index === event.output_index);
    const { location } = JSON.parse(event.arguments ?? "");
    return [`${event.name} ${location}`, { start: begun?.at ?? end, end }] as const;
  });
  return new Map(spans);
}

/** Records three calls of chapter 17, of which the first is long, started early and started late. */
export async function measureEarlyStarts(): Promise<Runs> {
  const { file } = findChapter("17");
  const question = "How is the weather in Cairo, LA and Paris?";
  const streamed = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  const cases = [
    ["when the reply has ended, all at once", copyThatWaits()],
    ["each when it is complete", streamed],
  ].map(([title = "", folder = ""]) => {
    return { title, file: join(folder, file), question, setting: "parallel" };
  });
  return recordAll(cases, ({ replies, bars }) => {
    const spans = findArguments(replies);
    const calls = bars.map(({ label, start, end }): Row => {
      const came = spans.get(label);
      if (!came) throw new Error(`nobody has asked for ${label}`);
      return {
        label,
        spans: [
          { what: "arguments", ...came },
          { what: "call", start, end },
        ],
      };
    });
    return inSteps(replies, calls);
  });
}
