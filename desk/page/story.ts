// What a program has said so far, and what can be drawn of it.
import type { CallNote } from "../../mock-tools/notes.ts";
import { makeBars } from "../../shared/call-bars.ts";
import { type Call, callsOf, placesOf, resultsOf } from "../calls.ts";
import { type Drawn, lanesOf, type Ran, type Scene } from "../scene.ts";
import { divide } from "../segments.ts";
import type { Wire } from "../wire.ts";
import type { Exchange, FromProgram } from "./messages.ts";

type Print = Extract<FromProgram, { readonly type: "print" }>;

/** Everything that a run has said. */
export type Story = {
  readonly number: string;
  /** The chapter's number and title. */
  readonly title: string;
  readonly printed: Print[];
  readonly notes: CallNote[];
  /** When each thread ended. */
  readonly gone: Map<number, number>;
  readonly exchanges: Exchange[];
  mailbox: string;
  /** How the program has ended: its exit code, or undefined if it was stopped; and when. */
  end: { readonly code: number | undefined; readonly at: number } | undefined;
};

/** The time in milliseconds since 1970, on the clock of all workers. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A story that has not begun. */
export function newStory(number: string, title: string): Story {
  const empty = { printed: [], notes: [], exchanges: [], mailbox: "", end: undefined };
  return { number, title, gone: new Map(), ...empty };
}

/** Adds what the program says to its story. */
export function hear(story: Story, said: FromProgram): void {
  if (said.type === "print") story.printed.push(said);
  if (said.type === "note") story.notes.push(said.note);
  if (said.type === "gone") story.gone.set(said.thread, said.at);
  if (said.type === "exchange") story.exchanges[said.number - 1] = said;
  if (said.type === "exit") story.end = { code: said.code, at: now() };
  const isMail = said.type === "file" && /mailbox\.jsonl$/.test(said.path);
  // The program's end removes the file, but the reader still wants to see the e-mails.
  if (isMail && said.how === "append") story.mailbox += said.text;
}

/** The conversation in a request: its entries, and the name of their field. */
function conversationOf(request: unknown): { field: string; entries: readonly unknown[] } {
  const { messages, input } = Object(request);
  const [field, said] = messages === undefined ? ["input", input] : ["messages", messages];
  return { field, entries: Array.isArray(said) ? said : [{ role: "user", content: said }] };
}

/** An entry that the model has said itself, so the conversation is not new. */
function isReply(entry: unknown): boolean {
  const { role, type } = Object(entry);
  return role === "assistant" || type === "function_call";
}

function questionOf({ request }: Exchange): string {
  const { entries } = conversationOf(request);
  const asked = entries.find((entry) => Object(entry).role === "user");
  return String(Object(asked).content ?? "");
}

function opens({ request }: Exchange): boolean {
  return !conversationOf(request).entries.some(isReply);
}

function countShared(one: readonly unknown[], other: readonly unknown[]): number {
  const same = (entry: unknown, index: number): boolean =>
    JSON.stringify(entry) === JSON.stringify(other[index]);
  const differs = one.findIndex((entry, index) => !same(entry, index));
  return differs < 0 ? one.length : differs;
}

/** Exchanges with what each request adds to the one before it in its conversation. */
export function wiresOf({ exchanges }: Story): Wire[] {
  let step = 0;
  return exchanges.map((exchange, index): Wire => {
    const { path, request, start, end = start, reply, events } = exchange;
    const isFirst = opens(exchange);
    step = isFirst ? 1 : step + 1;
    const { field, entries } = conversationOf(request);
    const before = isFirst ? [] : conversationOf(exchanges[index - 1]?.request).entries;
    const added = entries.slice(countShared(before, entries));
    const rest = Object.fromEntries(
      Object.entries(Object(request)).filter(([name]) => name !== field),
    );
    const times = { start: Math.round(start), end: Math.round(end) };
    const said = { step, path, ...times, field, added, reply, events };
    return { ...said, opens: isFirst, rest: isFirst ? rest : undefined };
  });
}

/** True if the reader has stopped the program. */
function isStopped({ end }: Story): boolean {
  return end !== undefined && end.code === undefined;
}

/** The moment to which an open bar is drawn. */
function latestOf({ end }: Story): number {
  return end?.at ?? now();
}

/** The bars of all calls that have begun, with when they were asked for and where they run. */
function startedBars(story: Story): Drawn[] {
  const { notes, gone, exchanges } = story;
  const runs = exchanges.filter(opens).map(({ start }) => start);
  const bars = makeBars(notes, { threads: gone, runs, latest: latestOf(story) });
  const starts = notes.flatMap((note) => (note.type === "start" ? [note] : []));
  const threads = starts.toSorted((one, other) => one.at - other.at).map(({ thread }) => thread);
  return bars.map((bar, index) => {
    const thread = threads[index] ?? 0;
    const reply = exchanges.findLast(({ end }) => end !== undefined && end <= bar.start);
    const twin = bars.slice(0, index).findLast((one) => {
      return one.label === bar.label && one.arguments === bar.arguments;
    });
    const asked = Math.max(reply?.end ?? bar.start, twin?.end ?? 0);
    const how = bar.how === "running" && isStopped(story) ? "stopped" : bar.how;
    return { ...bar, how, asked, ...(thread > 0 && { where: `thread ${thread}` }) };
  });
}

/** What a bar of the call will be named, as far as it is known. A reference stands for what is not. */
function labelOf({ name, args }: Call): string {
  const { location, to } = Object(args);
  const of = location ?? to;
  return typeof of === "string" ? `${name} ${of}` : name;
}

/** The calls of the last reply that have not begun, while the program works on them. */
function waitingBars(story: Story, started: readonly Drawn[]): Drawn[] {
  const last = story.exchanges.at(-1);
  const { end: came } = last ?? {};
  if (!last || came === undefined || story.end) return [];
  const calls = callsOf({ reply: last.reply, events: last.events });
  const here = started.filter(({ start }) => start >= came);
  const begun = new Set(placesOf(here, calls));
  const run = story.exchanges.filter(opens).length;
  const latest = latestOf(story);
  return calls.flatMap((call, place): Drawn[] => {
    if (begun.has(place)) return [];
    const text = JSON.stringify(call.args);
    const bar = { label: labelOf(call), arguments: text, start: came, end: latest, run };
    return [{ ...bar, how: "waiting" }];
  });
}

/** All bars of a story, begun or not. The times are milliseconds since 1970. */
export function barsOf(story: Story): Drawn[] {
  const started = startedBars(story);
  return [...started, ...waitingBars(story, started)];
}

function rounded(bar: Drawn): Drawn {
  const { start, end, asked = start } = bar;
  const times = { start: Math.round(start), end: Math.round(end), asked: Math.round(asked) };
  return { ...bar, ...times };
}

/** What a program has printed, without errors. */
function transcriptOf({ printed }: Story): string {
  return printed.flatMap(({ stream, text }) => (stream === "stdout" ? [text] : [])).join("");
}

/** The first paragraph of each answer. */
export function answersOf(story: Story): string[] {
  return divide(transcriptOf(story)).flatMap(({ kind, text }) => {
    const [answer = ""] = text.replace(/^A:\n/, "").split("\n\n");
    return kind === "answer" ? [answer.trim()] : [];
  });
}

/** What was fed back after each reply, as far as the transcript shows it. */
function fedBackOf(story: Story): (readonly unknown[])[] {
  const all: (readonly unknown[])[] = [];
  for (const { kind, text } of divide(transcriptOf(story))) {
    if (kind === "reply") all.push([]);
    if (kind === "results") all[all.length - 1] = resultsOf(text);
  }
  return all;
}

/**
 * The bars of a story, each with what the model got for its call. They are in the order in which the model
 * asked for them, so that a row stays where it is when its call starts.
 */
function ranIn(story: Story): Ran[] {
  const bars = barsOf(story);
  const fedBack = fedBackOf(story);
  const replyOf = ({ start }: Drawn) =>
    story.exchanges.findLastIndex((exchange) => exchange.start <= start);
  const replies = [...new Set(bars.map(replyOf))].toSorted((one, other) => one - other);
  return replies.flatMap((index) => {
    const { reply, events } = story.exchanges[index] ?? {};
    const calls = callsOf({ reply, events });
    const here = bars.filter((bar) => replyOf(bar) === index);
    const places = placesOf(here, calls);
    const ran = here.map((bar, at) => {
      const place = places[at] ?? calls.length;
      return { bar: rounded(bar), zero: 0, result: fedBack[index]?.[place], place };
    });
    return ran.toSorted((one, other) => one.place - other.place);
  });
}

/** The questions of stories, each with all that ran for it. The first story stands above the others. */
export function scenesOf(stories: readonly Story[]): Scene[] {
  const parts = stories.flatMap((story) => {
    const wires = wiresOf(story);
    const questions = story.exchanges.filter(opens).map(questionOf);
    const ran = ranIn(story);
    return [...new Set(questions)].map((question) => {
      const runs = questions.flatMap((one, index) => (one === question ? [index + 1] : []));
      let run = 0;
      const own = wires.filter((wire) => {
        if (wire.opens) run += 1;
        return runs.includes(run);
      });
      const mine = ran
        .filter(({ bar }) => runs.includes(bar.run))
        .map((one) => ({ ...one, bar: { ...one.bar, run: runs.indexOf(one.bar.run) + 1 } }));
      const { number, title } = story;
      return { question, lanes: lanesOf(number, title, { replies: own, ran: mine }) };
    });
  });
  const questions = [...new Set(parts.map(({ question }) => question))];
  return questions.map((question) => {
    const same = parts.filter((part) => part.question === question);
    return { question, lanes: same.flatMap(({ lanes }) => lanes) };
  });
}

/** True if no end of the call is known. */
export function isOpen({ how }: Drawn): boolean {
  return how === "running" || how === "stopped";
}

/** The most calls that ran at once, and "(" for each start and ")" for each end, in their order. */
export function measure(bars: readonly Drawn[]): { readonly peak: number; readonly trail: string } {
  const begun = bars.filter(({ how }) => how !== "waiting");
  const moments = begun.flatMap((bar) => {
    const { start, end } = bar;
    return [{ at: start, sign: "(" }, ...(isOpen(bar) ? [] : [{ at: end, sign: ")" }])];
  });
  // Bars are in the order of their starts, so of two equal moments the first is the earlier one.
  const sorted = moments.toSorted((one, other) => one.at - other.at);
  let running = 0;
  let peak = 0;
  for (const { sign } of sorted) {
    running += sign === "(" ? 1 : -1;
    peak = Math.max(peak, running);
  }
  return { peak, trail: sorted.map(({ sign }) => sign).join("") };
}
