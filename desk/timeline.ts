import { findChapter } from "../scripts/chapters.ts";
import type { Asked, Bar, Recording } from "../scripts/recording.ts";
import { escapeHtml, type Html } from "./html.ts";
import { beginOf, divideRuns, type Ran, readRun, type Run } from "./runs.ts";

type Span = { readonly start: number; readonly end: number };

/** The calls and replies of one run of the agent, on a line of time that begins with it. */
type Lane = {
  /** The chapter's number, for the line that says what runs at a moment. */
  readonly number: string;
  readonly title: string;
  readonly zero: number;
  readonly replies: readonly Span[];
  readonly ran: readonly Ran[];
  readonly missing: string | undefined;
};

/** A question, and everything that ran for it, in one scale. */
type Scene = { readonly question: string; readonly lanes: readonly Lane[] };

const MAX_TICKS = 6;

/** What a lane shows before it is divided into the runs of the agent. */
type Source = {
  readonly replies: readonly Asked["replies"][number][];
  readonly ran: readonly Ran[];
  readonly missing?: string | undefined;
};

/** Divides what ran into the runs of the agent. */
function lanesOf(number: string, title: string, { replies, ran, missing }: Source): Lane[] {
  const runs = divideRuns(replies);
  const count = Math.max(runs.length, ...ran.map(({ bar }) => bar.run));
  return Array.from({ length: count }, (_, index) => {
    const own = runs[index] ?? [];
    const calls = ran.filter(({ bar }) => bar.run === index + 1);
    const zero = beginOf(
      own,
      calls.map(({ bar }) => bar),
    );
    const which = count > 1 ? `, run ${index + 1} of ${count}` : "";
    return { number, title: `${title}${which}`, zero, replies: own, ran: calls, missing };
  });
}

function nameOf(number: string): string {
  const { title } = findChapter(number);
  return `${number} · ${title}`;
}

/** The base's run with a question. */
function baseLanes({ base }: Recording, question: string): Lane[] {
  const asked = base?.asked.find((one) => one.question === question);
  if (!base || !asked) return [];
  const ran = asked.bars.map((bar) => ({ bar, zero: 0, result: undefined }));
  return lanesOf(base.number, `${nameOf(base.number)}, the base`, { ...asked, ran });
}

/** The scenes of a run: its questions in order, each with the base's run above the chapter's. */
function scenesOf(number: string, { recording, parts }: Run): Scene[] {
  const asked = parts.map(({ steps }) => {
    const [, question = ""] = /^Q: (.*)$/m.exec(steps.map(({ text }) => text).join("")) ?? [];
    return question;
  });
  return [...new Set(asked)].map((question) => {
    const own = parts.filter((_, index) => asked[index] === question);
    const lanes = own.flatMap(({ steps, wires, missing }) => {
      const [, part] = /^── (.*)/m.exec(steps[0]?.text ?? "") ?? [];
      const title = part === undefined ? nameOf(number) : `${nameOf(number)}: ${part}`;
      const ran = steps.flatMap((step) => step.ran);
      return lanesOf(number, title, { replies: wires, ran, missing });
    });
    return { question, lanes: [...baseLanes(recording, question), ...lanes] };
  });
}

/** A place or a length on the axis, as a part of it. */
function part(time: number, end: number): string {
  return String(Math.round((time / end) * 1e5) / 1e5);
}

/** The round numbers on an axis: the smallest distance of 1, 2 or 5 times a power of ten with few enough. */
function ticksOf(end: number): number[] {
  const steps = [1, 10, 100, 1_000, 10_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);
  const step = steps.find((one) => end / one < MAX_TICKS) ?? end;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
}

const ENDS = {
  done: "done",
  failed: "failed",
  lost: "lost with its thread or process",
  running: "still running when the answer came",
} as const;

/** A bar in words, with its times since its run began. */
function inWords({ label, start, end, how }: Bar, zero: number): string {
  return `${label}: starts at ${start - zero} ms, runs ${end - start} ms, ${ENDS[how]}`;
}

function drawBar({ bar }: Ran, anchor: string, zero: number, end: number): Html {
  const { label, start, how } = bar;
  const took = `${bar.end - start} ms${how === "done" ? "" : `, ${how}`}`;
  const place = `--at:${part(start - zero, end)};--length:${part(bar.end - start, end)}`;
  const data = `data-start="${start - zero}" data-end="${bar.end - zero}" data-label="${escapeHtml(label)}"`;
  return `<li class="row"><span class="label" aria-hidden="true">${escapeHtml(label)} <small>${took}</small></span>
<span class="track"><a class="bar ${how}" href="#${anchor}" style="${place}" ${data} aria-label="${escapeHtml(inWords(bar, zero))}"></a></span></li>`;
}

function drawReplies({ replies, zero }: Lane, end: number): Html {
  if (replies.length === 0) return "";
  const lines = replies.map((reply, index) => {
    const place = `--at:${part(reply.start - zero, end)};--length:${part(reply.end - reply.start, end)}`;
    const words = `reply ${index + 1} of the model: from ${reply.start - zero} to ${reply.end - zero} ms`;
    return `<span class="line" style="${place}" role="img" aria-label="${words}" title="${words}"></span>`;
  });
  return `<li class="row"><span class="label" aria-hidden="true">model <small>${replies.length} ${replies.length === 1 ? "reply" : "replies"}</small></span>
<span class="track">${lines.join("")}</span></li>`;
}

function drawLane(lane: Lane, anchors: readonly string[], end: number): Html {
  const rows = lane.ran.map((ran, index) => drawBar(ran, anchors[index] ?? "", lane.zero, end));
  const none = lane.missing ?? "No call ran.";
  const note = rows.length === 0 ? `<p class="none">${none}</p>` : "";
  return `<div class="lane" data-number="${lane.number}"><p class="title">${escapeHtml(lane.title)}</p>
<ol>${drawReplies(lane, end)}${rows.join("\n")}</ol>${note}</div>`;
}

/** A call in words, for the panel and for readers without the picture. */
function tell({ bar, result }: Ran, { title, zero }: Lane, anchor: string): Html {
  const got =
    result === undefined
      ? ""
      : `<dt>what the model got</dt><dd><code>${escapeHtml(JSON.stringify(result))}</code></dd>`;
  return `<li id="${anchor}"><p>${escapeHtml(inWords(bar, zero))}</p>
<dl><dt>in</dt><dd>${escapeHtml(title)}</dd><dt>arguments</dt><dd><code>${escapeHtml(bar.arguments)}</code></dd>${got}</dl></li>`;
}

const CONTROLS = `<div class="controls" data-js hidden>
<button type="button" class="plain" data-zoom="in">Zoom in</button>
<button type="button" class="plain" data-zoom="out">Zoom out</button>
<button type="button" class="plain" data-zoom="whole">Whole</button>
<span class="keys">Keys: + − 0 to zoom, ← → to move the line</span>
</div>`;

function drawScene({ question, lanes }: Scene, name: string): Html {
  const spans = lanes.flatMap(({ zero, replies, ran }) =>
    [...replies, ...ran.map(({ bar }) => bar)].map((span) => span.end - zero),
  );
  const end = Math.max(1, ...spans);
  const anchors = lanes.map(({ ran }, lane) =>
    ran.map((_, call) => `${name}-${lane + 1}-${call + 1}`),
  );
  const calls = lanes.flatMap((lane, at) =>
    lane.ran.map((ran, index) => tell(ran, lane, anchors[at]?.[index] ?? "")),
  );
  const ticks = ticksOf(end).map(
    (tick) => `<span class="tick" style="--at:${part(tick, end)}">${tick}</span>`,
  );
  const drawn = lanes.map((lane, at) => drawLane(lane, anchors[at] ?? [], end));
  const list =
    calls.length === 0
      ? ""
      : `<div class="panel" data-js hidden aria-live="polite">Choose a bar to read what its call was given and what it gave.</div>
<details class="calls"><summary>${calls.length === 1 ? "The call" : `The ${calls.length} calls`} in words</summary><ol>${calls.join("\n")}</ol></details>`;
  return `<figure class="timeline" data-end="${end}">
<figcaption>${escapeHtml(question)}</figcaption>
${CONTROLS}
<div class="scroll" tabindex="0" role="region" aria-label="Timeline: ${escapeHtml(question)}"><div class="plane">
<div class="row axis" aria-hidden="true"><span class="label">ms</span><span class="track">${ticks.join("")}</span></div>
${drawn.join("\n")}
<div class="cursor" data-js hidden></div>
</div></div>
<p class="moment" data-js hidden></p>
${list}
</figure>`;
}

const LEGEND = [
  ["line", "a reply of the model"],
  ["bar done", "a call that is done"],
  ["bar failed", "failed"],
  ["bar lost", "lost"],
  ["bar running", "still running"],
] as const;

function dayOf(date: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  return format.format(new Date(date));
}

/** The sentence that says where and when a run was recorded. */
export function whereRecorded({ date, machine }: Recording): string {
  const { node, cores, cpu, system } = machine;
  return `Recorded on ${dayOf(date)} on ${cores} cores (${cpu}, ${system}) with Node ${node.slice(1)}.`;
}

/** Why the first calls of a run begin late. */
const THREADS =
  " The offline model replies at once, so threads may still be starting when the first calls come.";

/**
 * The recorded run of a chapter's demo as timelines: for each question the base's run, and below it the
 * chapter's in the same scale. Empty if no run was recorded.
 */
export function renderTimelines(number: string): Html {
  const run = readRun(number);
  if (!run) return "";
  const scenes = scenesOf(number, run);
  const drawn = scenes.map((scene, index) => drawScene(scene, `call-${number}-${index + 1}`));
  const legend = LEGEND.map(([kind, words]) => {
    return `<span class="sign"><span class="${kind}"></span>${words}</span>`;
  });
  return `<div class="timelines"><p class="legend">${legend.join(" ")}</p>${drawn.join("\n")}
<p class="recorded">${escapeHtml(whereRecorded(run.recording))} A run begins at 0 ms, with its first request or call.${number >= "04" ? THREADS : ""} <code>npm run bench runs ${number}</code> records it again.</p></div>`;
}
