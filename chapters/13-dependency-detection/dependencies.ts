// What makes one call wait for another: what their tools touch, and references in its arguments.
import { z } from "zod";

/** The resources that a tool reads and writes, by name; a tool that says nothing may touch them all. */
export type Effects = { readonly reads?: readonly string[]; readonly writes?: readonly string[] };

function disturbs({ writes = [] }: Effects, { reads = [], writes: others = [] }: Effects): boolean {
  return writes.some((resource) => reads.includes(resource) || others.includes(resource));
}

/** True where calls of two tools must keep their order: both touch a resource, and one writes it. */
export function conflict(one: Effects, other: Effects): boolean {
  const declared = [one, other].every(({ reads, writes }) => reads ?? writes);
  return !declared || disturbs(one, other) || disturbs(other, one);
}

type Call = { readonly id: string; readonly arguments: string };

/** A call, and what its arguments refer to. */
export type Linked<Sort> = {
  readonly call: Sort;
  readonly sources: readonly number[];
  readonly fault?: Error;
};

const Reference = z.strictObject({ $from: z.string(), path: z.string().optional() });
type Reference = z.infer<typeof Reference>;

const Text = z.strictObject({ $text: z.array(z.unknown()) });

/** No reference is looked for any deeper: arguments may be nested without end, a stack is not. */
const MAX_DEPTH = 100;

/** Rebuilds a value with whatever is found for each reference in it. */
function replace(value: unknown, find: (reference: Reference) => unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) return value;
  const inner = (part: unknown) => replace(part, find, depth + 1);
  const { data: reference } = Reference.safeParse(value);
  if (reference) return find(reference);
  const { data: text } = Text.safeParse(value);
  if (text) return text.$text.map((part) => toText(inner(part))).join("");
  if (Array.isArray(value)) return value.map(inner);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inner(part)]));
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Arguments that are no JSON refer to nothing; that they are none is for their tool to say. */
function readArguments(call: Call): unknown {
  try {
    return JSON.parse(call.arguments);
  } catch {
    return undefined;
  }
}

/**
 * Takes the calls of one reply and returns, beside each, the positions of the calls that its
 * arguments refer to and, if a reference leads nowhere, to a later call or back to the call itself,
 * an error that says so. Of several calls with one id, the first is meant.
 */
export function findSources<Sort extends Call>(calls: readonly Sort[]): Linked<Sort>[] {
  const positions = new Map(calls.map(({ id }, index) => [id, index] as const).toReversed());
  const all = calls.map((call) => {
    const sources: { id: string; position: number | undefined }[] = [];
    replace(readArguments(call), ({ $from: id }) =>
      sources.push({ id, position: positions.get(id) }),
    );
    return sources;
  });
  const onlyBackwards = all.every((sources, index) => {
    return sources.every(({ position = -1 }) => position < index);
  });
  return calls.map((call, index) => {
    const sources = all[index] ?? [];
    const seen = new Set<number>();
    const leadsBack = ({ position = -1 }): boolean => {
      if (position === index) return true;
      if (seen.has(position)) return false;
      seen.add(position);
      return (all[position] ?? []).some(leadsBack);
    };
    const fault = (message: string) => ({ call, sources: [], fault: new Error(message) });
    const back = onlyBackwards ? undefined : sources.find(leadsBack);
    if (back) return fault(`it would wait for its own result, by way of ${back.id}`);
    const unknown = sources.find(({ position }) => position === undefined);
    if (unknown) return fault(`no call of this reply has the id ${unknown.id}`);
    const later = sources.find(({ position = -1 }) => position > index);
    if (later) return fault(`it refers to ${later.id}, which comes later in the reply`);
    return { call, sources: [...new Set(sources.flatMap(({ position }) => position ?? []))] };
  });
}

/**
 * Takes a call and the results by id of all that it refers to, and returns the call with plain
 * arguments. Throws where a result has nothing at the path that is asked for.
 */
export function resolve<Sort extends Call>(
  call: Sort,
  results: ReadonlyMap<string, unknown>,
): Sort {
  const args = readArguments(call);
  if (args === undefined) return call;
  const find = ({ $from, path }: Reference) =>
    (path ? path.split(".") : []).reduce((value, key) => {
      if (Object.hasOwn(Object(value), key)) return Object(value)[key];
      throw new Error(`the result of ${$from} has no ${path}`);
    }, results.get($from));
  return { ...call, arguments: JSON.stringify(replace(args, find)) };
}
