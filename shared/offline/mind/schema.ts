import { z } from "zod";

/** A keyword that may be missing. With a value of the wrong type, it counts as missing. */
function maybe<Value extends z.ZodType>(value: Value) {
  return value.optional().catch(undefined);
}
const anything = maybe(z.array(z.unknown()));
const words = maybe(z.array(z.string()));
const word = maybe(z.string());
const number = maybe(z.number());

/** A JSON schema, with the keywords that value.ts can satisfy. */
export const Schema = z.looseObject({
  // Gemini's schemas write the names of types in capital letters.
  type: z.preprocess(
    (type) => [type ?? []].flat().map((name) => String(name).toLowerCase()),
    words,
  ),
  enum: anything,
  anyOf: anything,
  oneOf: anything,
  allOf: anything,
  $ref: word,
  properties: maybe(z.record(z.string(), z.unknown())),
  required: words,
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  prefixItems: anything,
  minItems: number,
  maxItems: number,
  format: word,
  pattern: word,
  minLength: number,
  maxLength: number,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: number,
});
export type Schema = z.infer<typeof Schema>;

/** The part of a schema that a reference such as "#/$defs/city" points to. */
function pointTo(root: unknown, reference: string): unknown {
  const steps = decodeURIComponent(reference).split("/").slice(1);
  return steps.reduce((at: unknown, step) => {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    return Object.getOwnPropertyDescriptor(Object(at), name)?.value;
  }, root);
}

/** The most steps for one value. If parts refer to other parts twice, a small schema asks for a huge value. */
const MOST_STEPS = 50_000;

/** More than any program needs. Without a limit, a chain of references would overflow the stack. */
const MOST_REFERENCES = 100;

/** A schema as it came, and the number of steps that are left. */
export type Work = { readonly root: unknown; left: number };

/** Takes a schema as it came, returns the work of making a value for it, with all steps left. */
export function workOn(root: unknown): Work {
  return { root, left: MOST_STEPS };
}

/** Counts some steps. Throws an error if there are too many. */
function spend(work: Work, steps: number): void {
  work.left -= steps;
  if (work.left >= 0) return;
  throw new RangeError(`expected a schema whose value takes at most ${MOST_STEPS} steps to make`);
}

/** The number of entries in the lists and objects of a part, such as its properties. */
function sizeOf(part: unknown): number {
  const lists = Object.values(Object(part)).filter((value) => typeof value === "object");
  return lists.reduce((sum: number, list) => sum + Object.keys(Object(list)).length, 1);
}

/** The properties of both. If both have a property with different schemas, it must fit both. */
function mergeProperties(one: Schema, other: Schema): Record<string, unknown> {
  const { properties: first = {} } = one;
  const second = Object.entries(other.properties ?? {}).map(([name, part]) => {
    const isShared = Object.hasOwn(first, name) && first[name] !== part;
    return [name, isShared ? { allOf: [first[name], part] } : part];
  });
  return { ...first, ...Object.fromEntries(second) };
}

/** Takes two schemas, returns one for the values that fit both. Throws after too many steps. */
export function merge(work: Work, one: Schema, other: Schema): Schema {
  spend(work, sizeOf(one) + sizeOf(other));
  return {
    ...one,
    ...Object.fromEntries(Object.entries(other).filter(([, value]) => value !== undefined)),
    ...(one.type?.length && !other.type?.length && { type: one.type }),
    properties: mergeProperties(one, other),
    required: [...(one.required ?? []), ...(other.required ?? [])],
  };
}

/** A schema without references at its top, and the references that led to it. */
export type Place = { readonly schema: Schema; readonly path: readonly string[] };

/**
 * Takes the work, a part of its schema as it came, and the references that led to the part. Returns
 * the part with its references and "allOf" resolved, or undefined if it leads back to itself. Throws
 * after too many steps.
 */
export function enter(work: Work, part: unknown, path: readonly string[]): Place | undefined {
  spend(work, sizeOf(part));
  if (path.length > MOST_REFERENCES) {
    throw new RangeError(`expected at most ${MOST_REFERENCES} references that lead to each other`);
  }
  const { $ref, allOf, ...rest } = Schema.safeParse(part).data ?? Schema.parse({});
  let place: Place = { schema: rest, path };
  if ($ref !== undefined) {
    if (path.includes($ref)) return undefined;
    const target = enter(work, pointTo(work.root, $ref), [...path, $ref]);
    if (!target) return undefined;
    place = { schema: merge(work, target.schema, rest), path: target.path };
  }
  // Two parts of "allOf" may use the same reference, since neither leads to the other.
  const common = place.path;
  for (const one of allOf ?? []) {
    const entered = enter(work, one, common);
    if (!entered) return undefined;
    const schema = merge(work, place.schema, entered.schema);
    place = { schema, path: [...place.path, ...entered.path.slice(common.length)] };
  }
  return place;
}

/** Takes a schema, returns the type that it names or that its keywords show. Otherwise returns "string". */
export function typeOf({
  type = [],
  properties,
  additionalProperties,
  items,
  prefixItems,
}: Schema): string {
  const named = type.find((name) => name !== "null") ?? type[0];
  if (named !== undefined) return named;
  if (properties && Object.keys(properties).length > 0) return "object";
  if (additionalProperties !== undefined) return "object";
  return items !== undefined || prefixItems ? "array" : "string";
}

/** Takes the schema of an object and a name, returns the schema for the entry of that name. */
export function entryOf({ properties = {}, additionalProperties }: Schema, name: string): unknown {
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}

/** Takes the schema of an array, returns the schemas of its first items, and that of any further ones. */
export function itemsOf({ prefixItems, items }: Schema): { first: unknown[]; rest: unknown } {
  if (prefixItems) return { first: prefixItems, rest: items ?? false };
  return Array.isArray(items) ? { first: items, rest: false } : { first: [], rest: items ?? {} };
}
