import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/chapters.ts";
import { type Bar, Recording, type Section } from "../scripts/recording.ts";
import { callsOf, placesOf, resultsOf } from "./calls.ts";
import { beginOf, divideRuns, type Ran } from "./scene.ts";
import { divide, type Segment } from "./segments.ts";
import { type Wire, wiresOf } from "./wire.ts";

/** A segment of a recorded transcript, with what happened in it. */
export type Step = Segment & {
  /** The exchange that gave this reply. A reply from a journal has none. */
  readonly wire: Wire | undefined;
  /** The calls that ran between the reply before this segment and the next reply. */
  readonly ran: readonly Ran[];
  /** What the next request brings back to the model. */
  readonly fedBack: readonly unknown[];
};

/** A part of the demo. */
export type Part = Pick<Section, "missing"> & {
  readonly wires: readonly Wire[];
  readonly steps: readonly Step[];
};

/** The recorded run of a chapter's demo. */
export type Run = {
  readonly recording: Recording;
  /** The block of the chapter's page: the command and what it prints. */
  readonly transcript: string;
  readonly parts: readonly Part[];
};

/** Links each reply of a transcript to its exchange: the next one, if that is the same step of a run. */
function linkWires(segments: readonly Segment[], wires: readonly Wire[]): (Wire | undefined)[] {
  const queue = [...wires];
  return segments.map(({ kind, step }) => {
    return kind === "reply" && queue[0]?.step === step ? queue.shift() : undefined;
  });
}

/** The place of the segment that shows what a call gave: the one behind its reply. */
function placeFor(
  { start }: Bar,
  segments: readonly Segment[],
  linked: readonly (Wire | undefined)[],
) {
  const next = linked.findIndex((wire) => wire && wire.start > start);
  const before = next < 0 ? segments : segments.slice(0, next);
  const reply = before.findLastIndex(({ kind }) => kind === "reply");
  return Math.min(reply + 1, segments.length - 1);
}

const Own = /^(assistant|model)$/;

/** The entries of a request that are no replies of the model. */
function withoutReplies(added: readonly unknown[]): unknown[] {
  return added.filter((entry) => {
    const { role = "", type = "" } = Object(entry);
    return !Own.test(role) && type !== "function_call" && type !== "reasoning";
  });
}

/** Adds to the segments of a section what happened in them. */
function linkSteps({ text, bars }: Section, wires: readonly Wire[]): Step[] {
  const segments = divide(text);
  const linked = linkWires(segments, wires);
  const runs = divideRuns(wires);
  return segments.map((segment, index) => {
    const here = bars.filter((bar) => placeFor(bar, segments, linked) === index);
    const before = linked[index - 1];
    const calls = before ? callsOf(before) : [];
    const results = resultsOf(segment.text);
    const places = placesOf(here, calls);
    const ran = here.map((bar, at) => {
      const place = places[at];
      const own = bars.filter(({ run }) => run === bar.run);
      const zero = beginOf(runs[bar.run - 1] ?? [], own);
      return { bar, zero, result: place === undefined ? undefined : results[place] };
    });
    const next = segment.kind === "results" ? linked.slice(index).find(Boolean) : undefined;
    const fedBack = next && !next.opens ? withoutReplies(next.added) : [];
    return { ...segment, wire: linked[index], ran, fedBack };
  });
}

function parseRecording(path: string, text: string): Recording {
  const { data, error } = Recording.safeParse(JSON.parse(text));
  if (data) return data;
  const [issue] = error.issues;
  throw new Error(`${path} is no recording, at ${issue?.path.join(".")}: ${issue?.message}`);
}

/**
 * Reads the recorded run of a chapter's demo, or returns undefined if there is none.
 *
 * @throws an error in one line that names the file, if it has another form
 */
export function readRun(number: string): Run | undefined {
  const path = `bench/runs/${number}.json`;
  if (!existsSync(join(ROOT, path))) return undefined;
  const recording = parseRecording(path, readFileSync(join(ROOT, path), "utf8"));
  const { command, sections } = recording;
  const wires = wiresOf(recording);
  const parts = sections.map((section, index) => {
    const own = wires[index] ?? [];
    const steps = linkSteps(section, own);
    return { missing: section.missing, wires: own, steps };
  });
  const printed = sections.map(({ text }) => text).join("");
  return { recording, parts, transcript: `$ ${command}\n${printed}`.trimEnd() };
}
