// Why one call waits for another: its arguments refer to the other's result, or their tools conflict.
import { z } from "zod";
import { hideSecrets } from "../../shared/secrets.ts";
import { messageOf } from "../../mock-tools/plain.ts";

/** The resources that a tool reads and writes, by name. A tool that declares none may touch all. */
export type Effects = { readonly reads?: readonly string[]; readonly writes?: readonly string[] };

function disturbs({ writes = [] }: Effects, { reads = [], writes: others = [] }: Effects): boolean {
  return writes.some((resource) => reads.includes(resource) || others.includes(resource));
}

/** True where calls of two tools must keep their order: both touch a resource, and one writes it. */
export function conflict(one: Effects, other: Effects): boolean {
  const declared = [one, other].every(({ reads, writes }) => {
    return reads !== undefined || writes !== undefined;
  });
  return !declared || disturbs(one, other) || disturbs(other, one);
}

type Call = { readonly id: string; readonly name: string; readonly arguments: string };

// Some models send null for "no path".
const Reference = z.strictObject({ $from: z.string(), path: z.string().nullish() });
type Reference = z.infer<typeof Reference>;

const Text = z.strictObject({ $text: z.array(z.unknown()) });

/** References are searched for down to this depth. Deeper arguments could overflow the stack. */
const MAX_DEPTH = 100;

/** The most characters that references and texts may add to the arguments of one call. */
const MAX_ADDED = 1_000_000;

type Builder = {
  /** The value that a reference stands for. */
  find(reference: Reference): unknown;
  /** Counts the characters of an added text, and throws if there are too many. */
  add(text: string): string;
};

/** Returns a copy of a value in which each reference and text is replaced by its value. */
function replace(value: unknown, builder: Builder, depth = 0): unknown {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return value;
  const inner = (part: unknown) => replace(part, builder, depth + 1);
  const { data: reference } = Reference.safeParse(value);
  if (reference) return builder.find(reference);
  const { data: text } = Text.safeParse(value);
  if (text) {
    const parts = text.$text.map((part) => replace(part, builder, depth + 2));
    return parts.map((part) => builder.add(toText(part))).join("");
  }
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inner(part)]));
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Counts the characters that are added to the arguments of one call. */
function makeCounter(): Builder["add"] {
  let left = MAX_ADDED;
  return (text) => {
    left -= text.length;
    if (left < 0) throw new RangeError(`they would have more than ${MAX_ADDED} characters`);
    return text;
  };
}

/** Broken JSON has no references. The call itself fails later because of it. */
function readArguments(call: Call): unknown {
  try {
    return JSON.parse(call.arguments);
  } catch {
    return undefined;
  }
}

function* findReferences(value: unknown, depth = 0): Generator<Reference> {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return;
  const { data: reference } = Reference.safeParse(value);
  if (reference) yield reference;
  else for (const part of Object.values(value)) yield* findReferences(part, depth + 1);
}

/** The ids that a call's arguments refer to, each once. */
function referencesIn(call: Call): string[] {
  const references = [...findReferences(readArguments(call))];
  return [...new Set(references.map(({ $from }) => $from))];
}

/** Returns what is wrong with the references of the call at a position. Each must name an earlier call. */
function findFault(
  ids: readonly string[],
  positions: ReadonlyMap<string, number>,
  own: number,
): string | undefined {
  for (const id of ids) {
    const position = positions.get(id);
    if (position === undefined) return `no call of this reply has the id ${id}`;
    if (position === own) return "it refers to itself";
    if (position > own) return `it refers to ${id}, which comes later in the reply`;
  }
  return undefined;
}

/** A call, and the positions of the earlier calls that it waits for. */
export type Linked<Given> = {
  readonly call: Given;
  /** The calls whose results it needs. */
  readonly sources: readonly number[];
  /** The calls whose tools conflict with its own, so it must run after them. */
  readonly rivals: readonly number[];
  /** What is wrong with its references, or undefined. */
  readonly fault: string | undefined;
};

/**
 * Finds out which calls of one reply wait for which. If several calls have one id, a reference means
 * the first. A call waits only for earlier calls, so no calls ever wait for each other.
 *
 * @param tools the effects of each tool, by name; a call of an unknown tool conflicts with no call
 */
export function link<Given extends Call>(
  calls: readonly Given[],
  tools: ReadonlyMap<string, Effects>,
): Linked<Given>[] {
  // Reversed, so that of several calls with one id the first stays.
  const positions = new Map(calls.map(({ id }, index) => [id, index] as const).toReversed());
  const earlier = new Map<string, number[]>([...tools.keys()].map((name) => [name, []]));
  return calls.map((call, index) => {
    const ids = referencesIn(call);
    const fault = findFault(ids, positions, index);
    const tool = tools.get(call.name);
    const rivals = [...tools].flatMap(([name, other]) => {
      return tool && conflict(tool, other) ? (earlier.get(name) ?? []) : [];
    });
    earlier.get(call.name)?.push(index);
    const sources = fault ? [] : ids.flatMap((id) => positions.get(id) ?? []);
    return { call, sources, rivals: rivals.toSorted((one, other) => one - other), fault };
  });
}

/** Words that have a meaning of their own in a Mermaid graph. */
const RESERVED = /^(?:end|graph|flowchart|subgraph|style|click|class|classDef|linkStyle|default)$/i;

/** The name of a call in a Mermaid graph: its id if that is a plain word, otherwise its position. */
function nameIn({ id }: Call, index: number): string {
  return /^[a-z]\w*$/i.test(id) && !RESERVED.test(id) ? id : `_${index}`;
}

/** The line that declares a call: its name, and its id as a label if that differs. */
function introduce(call: Call, index: number): string {
  const name = nameIn(call, index);
  if (name === call.id) return name;
  const label = hideSecrets(call.id).replace(
    /[^\w .-]/gu,
    (letter) => `#${letter.codePointAt(0)};`,
  );
  return `${name}["${label}"]`;
}

/** The most lines of a drawing. The number of arrows can grow with the square of the calls. */
const MAX_LINES = 500;

/** Draws linked calls as a Mermaid graph: solid arrows for results, dotted arrows for the order. */
export function draw(links: readonly Linked<Call>[]): string[] {
  const arrows = (from: readonly number[], arrow: string, name: string): string[] => {
    const sound = from.filter((index) => !links[index]?.fault);
    return sound.flatMap((index) => {
      const call = links[index]?.call;
      return call ? `${nameIn(call, index)} ${arrow} ${name}` : [];
    });
  };
  const lines: string[] = [];
  for (const [index, { call, sources, rivals, fault }] of links.entries()) {
    if (lines.length > MAX_LINES) return [...lines.slice(0, MAX_LINES), "%% and so on"];
    // A refused call never runs, so its arrows would mean nothing.
    if (fault) continue;
    const name = nameIn(call, index);
    const before = [...arrows(sources, "-->", name), ...arrows(rivals, "-.->", name)];
    lines.push(introduce(call, index), ...before);
  }
  return lines;
}

type Resolved<Given> =
  | { readonly ok: true; readonly value: Given }
  | { readonly ok: false; readonly error: string };

/** Follows a path such as "sky.colour" through a value's own fields. Returns what is there in a list, or []. */
function follow(value: unknown, path: string | null | undefined): readonly unknown[] {
  let found = value;
  for (const key of path ? path.split(".") : []) {
    // A string's characters are not fields.
    if (typeof found !== "object" || !Object.hasOwn(Object(found), key)) return [];
    found = Object(found)[key];
  }
  return [found];
}

/**
 * Takes a call and the outcomes of the calls that it refers to. Returns the call with its references
 * replaced, or an error: a result has nothing at the path that the reference names, or the arguments
 * would become too long.
 */
export function resolve<Given extends Call>(
  call: Given,
  outcomes: readonly { readonly id: string; readonly result?: unknown }[],
): Resolved<Given> {
  const args = readArguments(call);
  if (args === undefined) return { ok: true, value: call };
  const results = new Map(outcomes.map(({ id, result }) => [id, result]));
  const errors: string[] = [];
  const add = makeCounter();
  const find = ({ $from, path }: Reference): unknown => {
    const found = follow(results.get($from), path);
    if (found.length === 0) errors.push(`the result of ${$from} has no ${path}`);
    add(toText(found[0]));
    return found[0];
  };
  try {
    const plain = JSON.stringify(replace(args, { find, add }));
    const [error] = errors;
    return error === undefined
      ? { ok: true, value: { ...call, arguments: plain } }
      : { ok: false, error };
  } catch (thrown) {
    // Below MAX_DEPTH, arguments may be nested too deeply for JSON.stringify.
    return { ok: false, error: `its arguments cannot be written again: ${messageOf(thrown)}` };
  }
}
