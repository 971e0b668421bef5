// The recorded run of a chapter's demo, as bench/runs/NN.json holds it.
import { z } from "zod";

const Fields = z.record(z.string(), z.unknown());
type Fields = z.infer<typeof Fields>;

/** The field of a request that holds the conversation: each protocol has another name for it. */
const LISTS = ["messages", "input", "contents"] as const;

/**
 * The body of a request. `whole` is the body itself. Otherwise the body is that of an earlier exchange: of its
 * conversation the first `keeps` entries stay, and `adds` follow. `like` counts the exchanges of the file from 0.
 */
const Packed = z.union([
  z.strictObject({ whole: Fields }),
  z.strictObject({ like: z.number(), keeps: z.number(), adds: z.array(z.unknown()) }),
]);
export type Packed = z.infer<typeof Packed>;

/**
 * The body of a reply. `whole` is the body itself. Otherwise the body is the reply of an earlier exchange, with
 * these fields instead of its own.
 */
const PackedReply = z.union([
  z.strictObject({ whole: Fields }),
  z.strictObject({ like: z.number(), changes: Fields }),
]);
export type PackedReply = z.infer<typeof PackedReply>;

const Reply = z.strictObject({
  /** True if its request is the first of a run of the agent. */
  opens: z.boolean(),
  start: z.number(),
  end: z.number(),
});

const Exchange = z.strictObject({
  ...Reply.shape,
  path: z.string(),
  status: z.number(),
  request: Packed,
  /** The reply; a streamed one has events instead. */
  reply: PackedReply.optional(),
  events: z.array(z.strictObject({ at: z.number(), data: z.unknown() })).optional(),
});
export type Exchange = z.infer<typeof Exchange>;

const Bar = z.strictObject({
  label: z.string(),
  /** The arguments of the call as JSON. */
  arguments: z.string(),
  start: z.number(),
  end: z.number(),
  how: z.enum(["done", "failed", "lost", "running"]),
  /** The number of the agent's run in its section, from 1 up. */
  run: z.number(),
});
export type Bar = z.infer<typeof Bar>;

/** A part of the demo: a question, or what stands under a title of its own. */
const Section = z.strictObject({
  text: z.string(),
  exchanges: z.array(Exchange),
  bars: z.array(Bar),
  /** Why the bars of some calls are not there. */
  missing: z.string().optional(),
});
export type Section = z.infer<typeof Section>;

/** A question to the chapter's base. */
const Asked = z.strictObject({
  question: z.string(),
  replies: z.array(Reply),
  bars: z.array(Bar),
  missing: z.string().optional(),
});
export type Asked = z.infer<typeof Asked>;

/**
 * A recorded run. All times are whole milliseconds since the first request or call of their section. The
 * texts of the sections, one after the other, are what the command has printed, the errors at the end.
 */
export const Recording = z.strictObject({
  command: z.string(),
  date: z.iso.date(),
  machine: z.strictObject({
    node: z.string(),
    cores: z.number(),
    cpu: z.string(),
    system: z.string(),
  }),
  /** How long the offline model took for each reply, in milliseconds. */
  latency: z.number(),
  sections: z.array(Section),
  /** The run of the base with the same questions; the first chapter has none. */
  base: z.strictObject({ number: z.string(), asked: z.array(Asked) }).optional(),
});
export type Recording = z.infer<typeof Recording>;

/** The conversation in a request, and the name of its field. */
export function conversationOf(body: Fields): { field: string; entries: readonly unknown[] } {
  const field = LISTS.find((name) => Array.isArray(body[name]));
  if (!field)
    throw new Error(`expected ${LISTS.join(", ")} in a request, got ${Object.keys(body)}`);
  return { field, entries: z.array(z.unknown()).parse(body[field]) };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** How many entries two lists have in common, from the first on. */
export function countShared(one: readonly unknown[], other: readonly unknown[]): number {
  const differs = one.findIndex((entry, index) => !same(entry, other[index]));
  return differs < 0 ? one.length : differs;
}

/** The request that `unpack` makes of its parts. */
function rebuild(earlier: Fields, keeps: number, adds: readonly unknown[]): Fields {
  const { field, entries } = conversationOf(earlier);
  return { ...earlier, [field]: [...entries.slice(0, keeps), ...adds] };
}

/** Stores a request by what it adds to an earlier one, if that gives exactly this request again. */
export function pack(body: Fields, earlier: readonly Fields[]): Packed {
  const { entries } = conversationOf(body);
  const ways = earlier.map((one, like) => {
    const keeps = countShared(conversationOf(one).entries, entries);
    return { like, keeps, adds: entries.slice(keeps) };
  });
  const exact = ways.filter(({ like, keeps, adds }) => {
    return same(rebuild(earlier[like] ?? {}, keeps, adds), body);
  });
  const [best] = exact.toSorted((one, other) => other.keeps - one.keeps || other.like - one.like);
  return best ?? { whole: body };
}

/** The bodies of all requests, exactly as they were sent. */
export function unpack(requests: readonly Packed[]): Fields[] {
  const bodies: Fields[] = [];
  for (const packed of requests) {
    if ("whole" in packed) bodies.push(packed.whole);
    else bodies.push(rebuild(bodies[packed.like] ?? {}, packed.keeps, packed.adds));
  }
  return bodies;
}

/** Stores a reply by what differs from an earlier one, if that gives exactly this reply again. */
export function packReply(body: Fields, earlier: readonly (Fields | undefined)[]): PackedReply {
  const ways = earlier.map((one = {}, like) => {
    const changed = Object.entries(body).filter(([name, value]) => !same(value, one[name]));
    return { like, changes: Object.fromEntries(changed) };
  });
  const exact = ways.filter(({ like, changes }) => same({ ...earlier[like], ...changes }, body));
  const size = (value: object): number => JSON.stringify(value).length;
  const [best] = exact.toSorted((one, other) => size(one) - size(other));
  return best && size(best.changes) < size(body) ? best : { whole: body };
}

/** The bodies of all replies, exactly as they came; a streamed one has none. */
export function unpackReplies(
  replies: readonly (PackedReply | undefined)[],
): (Fields | undefined)[] {
  const bodies: (Fields | undefined)[] = [];
  for (const packed of replies) {
    if (packed && "changes" in packed) bodies.push({ ...bodies[packed.like], ...packed.changes });
    else bodies.push(packed?.whole);
  }
  return bodies;
}
