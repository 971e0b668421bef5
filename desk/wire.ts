import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
  type Bar,
  conversationOf,
  countShared,
  type Exchange,
  type Recording,
  unpack,
  unpackReplies,
} from "../scripts/recording.ts";

/** An exchange with the model, and what its request adds to the one before it in the same conversation. */
export type Wire = Pick<Exchange, "path" | "start" | "end" | "events"> & {
  readonly opens: boolean;
  /** The number of the step in its run, from 1 up. */
  readonly step: number;
  /** What the conversation has gained, with the name of its field in the request. */
  readonly field: string;
  readonly added: readonly unknown[];
  /** The other fields of the request, if they differ from those of the exchange before it. */
  readonly rest: object | undefined;
  /** The body of the reply; a streamed one has events instead. */
  readonly reply: unknown;
};

function without(body: object, field: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field));
}

/** The exchanges of a recording, section by section. */
export function wiresOf({ sections }: Recording): Wire[][] {
  const all = sections.flatMap(({ exchanges }) => exchanges);
  const bodies = unpack(all.map(({ request }) => request));
  const replies = unpackReplies(all.map(({ reply }) => reply));
  let step = 0;
  const wires = all.map((exchange, index): Wire => {
    const { opens, path, start, end, events } = exchange;
    const { [index]: reply } = replies;
    step = opens ? 1 : step + 1;
    const [before, body] = [bodies[index - 1], bodies[index] ?? {}];
    const { field, entries } = conversationOf(body);
    const rest = without(body, field);
    const isSame = before && isDeepStrictEqual(rest, without(before, field));
    const shared = before && !opens ? countShared(conversationOf(before).entries, entries) : 0;
    const added = entries.slice(shared);
    return {
      opens,
      step,
      path,
      start,
      end,
      field,
      added,
      rest: isSame ? undefined : rest,
      reply,
      events,
    };
  });
  return sections.map(({ exchanges }) => wires.splice(0, exchanges.length));
}

/** A call as a reply asks for it. */
type Call = { readonly name: string; readonly args: unknown };

/** The text as JSON, or the text itself if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The shapes of a call: ours and the one of Responses, Claude's, Gemini's. */
const Shapes = z.union([
  z
    .object({ type: z.literal("function_call"), name: z.string(), arguments: z.string() })
    .transform(({ name, arguments: text }): Call => ({ name, args: parse(text) })),
  z
    .object({ type: z.literal("tool_use"), name: z.string(), input: z.unknown() })
    .transform(({ name, input }): Call => ({ name, args: input })),
  z
    .object({ functionCall: z.object({ name: z.string(), args: z.unknown() }) })
    .transform(({ functionCall }): Call => functionCall),
]);

/** The calls anywhere in a body, also in a text that is JSON itself. */
function findCalls(body: unknown): Call[] {
  if (typeof body === "string") return /^[{[]/.test(body) ? findCalls(asObject(parse(body))) : [];
  if (!(body instanceof Object)) return [];
  const call = Shapes.safeParse(body);
  return call.success ? [call.data] : Object.values(body).flatMap(findCalls);
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

/** The place of a bar's call in its reply. The attempts of a call are several bars with one place. */
export function placeOf(
  bar: Bar,
  bars: readonly Bar[],
  calls: readonly Call[],
): number | undefined {
  const [name] = bar.label.split(" ");
  const args = parse(bar.arguments);
  const places = calls.flatMap((call, place) => {
    return call.name === name && isDeepStrictEqual(call.args, args) ? [place] : [];
  });
  const twins = bars.filter((one) => one.label === bar.label && one.arguments === bar.arguments);
  return places[Math.min(twins.indexOf(bar), places.length - 1)];
}
