// Draws calls as bars on a line of time: recorded ones when the page is built, and those that run in the page.
import type { Bar } from "../scripts/recording.ts";
import { escapeHtml, type Html } from "./html.ts";

type Span = { readonly start: number; readonly end: number };

/** A call on the line of time. All times are milliseconds. */
export type Drawn = Omit<Bar, "how"> & {
  readonly how: Bar["how"] | "stopped" | "waiting";
  /** When the reply with the call came, if that is known. Until its start, the call waits. */
  readonly asked?: number;
  /** Where the call runs, if that is known: "thread 2". */
  readonly where?: string;
};

/** A bar, when its run began, and what the model got for its call, if that is known. */
export type Ran = { readonly bar: Drawn; readonly zero: number; readonly result: unknown };

/** The calls and replies of one run of the agent, on a line of time that begins with it. */
export type Lane = {
  /** The chapter's number, for the line that says what runs at a moment. */
  readonly number: string;
  readonly title: string;
  readonly zero: number;
  readonly replies: readonly Span[];
  readonly ran: readonly Ran[];
  readonly missing: string | undefined;
};

/** A question, and everything that ran for it, in one scale. */
export type Scene = { readonly question: string; readonly lanes: readonly Lane[] };

const MAX_TICKS = 6;

type Begun = { readonly start: number };
type Opening = Begun & { readonly opens: boolean };

/** Divides replies into the runs of the agent. A run begins with a request that opens a conversation. */
export function divideRuns<Reply extends Opening>(replies: readonly Reply[]): Reply[][] {
  const runs: Reply[][] = [[]];
  for (const reply of replies) {
    if (reply.opens && runs.at(-1)?.length) runs.push([]);
    runs.at(-1)?.push(reply);
  }
  return runs;
}

/** When a run began: with its first request or call. */
export function beginOf(replies: readonly Begun[], bars: readonly Begun[]): number {
  return Math.min(...[...replies, ...bars].map(({ start }) => start));
}

/** What a lane shows before it is divided into the runs of the agent. */
type Source = {
  readonly replies: readonly (Span & { readonly opens: boolean })[];
  readonly ran: readonly Ran[];
  readonly missing?: string | undefined;
};

/** Divides what ran into the runs of the agent. */
export function lanesOf(number: string, title: string, { replies, ran, missing }: Source): Lane[] {
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
  running: "still running when the run ended",
  stopped: "stopped",
  waiting: "waiting",
} as const;

/** A bar in words, with its times since its run began. */
function inWords(bar: Drawn, zero: number): string {
  const { label, start, end, how } = bar;
  if (how === "waiting") return `${label}: waits since ${start - zero} ms`;
  return `${label}: starts at ${start - zero} ms, runs ${end - start} ms, ${ENDS[how]}`;
}

/** A place and a length on the axis. */
function placeOn({ start, end: to }: Span, zero: number, end: number): string {
  return `--at:${part(start - zero, end)};--length:${part(to - start, end)}`;
}

/** The time from the reply to the start of the call, in which the call waits for a thread or for its turn. */
function drawWait({ start, asked = start }: Drawn, zero: number, end: number): Html {
  if (asked >= start) return "";
  return `<span class="wait" style="${placeOn({ start: asked, end: start }, zero, end)}"></span>`;
}

/** How a call ended and where it ran, as far as that is known and not as usual. */
function notesOf({ how, where }: Drawn): string[] {
  if (how === "lost") return [`lost with ${where ?? "its thread or process"}`];
  return [...(how === "done" ? [] : [how]), ...(where ? [where] : [])];
}

function drawBar({ bar }: Ran, anchor: string, zero: number, end: number): Html {
  const { label, start, how } = bar;
  const notes = [`${bar.end - start} ms`, ...notesOf(bar)];
  const data = `data-start="${start - zero}" data-end="${bar.end - zero}" data-label="${escapeHtml(label)}"`;
  const picture =
    how === "waiting"
      ? `<span class="wait" style="${placeOn(bar, zero, end)}"></span>`
      : `<a class="bar ${how}" href="#${anchor}" style="${placeOn(bar, zero, end)}" ${data} aria-label="${escapeHtml(inWords(bar, zero))}"></a>`;
  return `<li class="row"><span class="label" aria-hidden="true">${escapeHtml(label)} <small>${notes.join(", ")}</small></span>
<span class="track">${drawWait(bar, zero, end)}${picture}</span></li>`;
}

function drawReplies({ replies, zero }: Lane, end: number): Html {
  if (replies.length === 0) return "";
  const lines = replies.map((reply, index) => {
    const place = placeOn(reply, zero, end);
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

/**
 * Draws a question and all that ran for it as a figure.
 *
 * @param name what the names of its calls begin with; it is unique on the page
 */
export function drawScene({ question, lanes }: Scene, name: string): Html {
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
    (tick) =>
      `<span class="tick" style="--at:${part(tick, end)}">${tick === 0 ? "0 ms" : tick}</span>`,
  );
  const drawn = lanes.map((lane, at) => drawLane(lane, anchors[at] ?? [], end));
  const list =
    calls.length === 0
      ? ""
      : `<div class="panel" data-js hidden aria-live="polite">Choose a bar to read the arguments of its call, and what the model got for it, if that is known.</div>
<details class="calls"><summary>${calls.length === 1 ? "The call" : `The ${calls.length} calls`} in words</summary><ol>${calls.join("\n")}</ol></details>`;
  return `<figure class="timeline" data-end="${end}">
<figcaption>${escapeHtml(question)}</figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="Timeline: ${escapeHtml(question)}"><div class="plane">
<div class="row axis" aria-hidden="true"><span class="label"></span><span class="track">${ticks.join("")}</span></div>
${drawn.join("\n")}
<div class="cursor" data-js hidden></div>
</div></div>
${CONTROLS}
<p class="moment" data-js hidden></p>
${list}
</figure>`;
}

const LEGEND = [
  ["line", "a reply of the model"],
  ["bar done", "a call that is done"],
  ["bar failed", "failed"],
  ["bar lost", "lost with its thread or process"],
  ["bar running", "still running"],
] as const;

/** The signs of the picture and what they mean. */
export function drawLegend(others: readonly (readonly [kind: string, words: string])[] = []): Html {
  const signs = [...LEGEND, ...others].map(([kind, words]) => {
    return `<span class="sign"><span class="${kind}"></span>${words}</span>`;
  });
  return `<p class="legend">${signs.join(" ")}</p>`;
}
