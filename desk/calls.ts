// Finds the calls in replies, and which of them a bar is.
import { isDeepStrictEqual } from "node:util";
import type { Bar } from "../scripts/recording.ts";
import type { Wire } from "./wire.ts";

/** A call as a reply asks for it. */
export type Call = { readonly name: string; readonly args: unknown };

/** The text as JSON, or the text itself if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The call that an object is: ours, that of Responses, Chat Completions, Claude or Gemini. */
function readCall(body: object): Call | undefined {
  const { type, name, arguments: text, input, function: chat, functionCall } = Object(body);
  const said =
    type === "function" ? chat : type === "function_call" ? { name, arguments: text } : {};
  const { name: called, arguments: json } = Object(said);
  if (typeof called === "string" && typeof json === "string")
    return { name: called, args: parse(json) };
  if (type === "tool_use" && typeof name === "string") return { name, args: input };
  const { name: asked, args } = Object(functionCall);
  return typeof asked === "string" ? { name: asked, args } : undefined;
}

/** The calls anywhere in a body, also in a text that is JSON itself. */
function findCalls(body: unknown): Call[] {
  if (typeof body === "string") return /^[{[]/.test(body) ? findCalls(asObject(parse(body))) : [];
  if (!(body instanceof Object)) return [];
  const call = readCall(body);
  return call ? [call] : Object.values(body).flatMap(findCalls);
}

function asObject(value: unknown): unknown {
  return value instanceof Object ? value : undefined;
}

/** The calls that a reply asks for, in its order. The last event of a stream holds the whole reply. */
export function callsOf({ reply, events }: Pick<Wire, "reply" | "events">): Call[] {
  return findCalls(reply ?? events?.at(-1)?.data);
}

/** What the transcript shows as fed back: one value for each call of the reply, in the order of the calls. */
export function resultsOf(text: string): unknown[] {
  const [, one, json = ""] =
    /^-{10}\nFunction call (result|results): (.*?)\n-{10}\n/s.exec(text) ?? [];
  const value = parse(json);
  if (one === "result") return [value];
  return Array.isArray(value) ? value : [];
}

/** A bar, as far as it tells which call it is. */
type Called = Pick<Bar, "label" | "arguments">;

/**
 * True if a call that was asked for with some arguments may have run with others: chapter 13 puts results
 * where references stand.
 */
function fits(asked: unknown, ran: unknown): boolean {
  if (!(asked instanceof Object)) return asked === ran;
  if ("$from" in asked || "$text" in asked) return true;
  if (!(ran instanceof Object)) return false;
  const [fields, others] = [Object.entries(asked), new Map(Object.entries(ran))];
  return (
    fields.length === others.size &&
    fields.every(([name, value]) => others.has(name) && fits(value, others.get(name)))
  );
}

/**
 * The place of each bar's call in the reply that asked for them. Of equal calls, the bar that began first is
 * the first. The attempts of a call are several bars with one place.
 */
export function placesOf(bars: readonly Called[], calls: readonly Call[]): (number | undefined)[] {
  const possible = bars.map(({ label, arguments: text }) => {
    const [name] = label.split(" ");
    const args = parse(text);
    return calls.flatMap((call, place) => {
      return call.name === name && fits(call.args, args) ? [place] : [];
    });
  });
  return possible.map((places, index) => {
    const twins = possible.slice(0, index).filter((others) => isDeepStrictEqual(others, places));
    return places[Math.min(twins.length, places.length - 1)];
  });
}
