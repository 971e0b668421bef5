import { z } from "zod";

/** A keyword that is missing, or that says nothing because its value has the wrong type. */
function maybe<Value extends z.ZodType>(value: Value) {
  return value.optional().catch(undefined);
}
const anything = maybe(z.array(z.unknown()));
const words = maybe(z.array(z.string()));
const word = maybe(z.string());
const number = maybe(z.number());

/** A JSON schema, as far as a value can be made to fit it. */
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
    const parts = new Map<string, unknown>(Object.entries(Object(at)));
    return parts.get(step.replaceAll("~1", "/").replaceAll("~0", "~"));
  }, root);
}

/** Takes two schemas, returns one for the values that fit both. */
export function merge(one: Schema, other: Schema): Schema {
  return {
    ...one,
    ...Object.fromEntries(Object.entries(other).filter(([, value]) => value !== undefined)),
    ...(one.type?.length && !other.type?.length && { type: one.type }),
    properties: { ...one.properties, ...other.properties },
    required: [...(one.required ?? []), ...(other.required ?? [])],
  };
}

/** A schema without references at its top, and the references that led to it. */
export type Place = { readonly schema: Schema; readonly path: readonly string[] };

/**
 * Takes a schema as it came, the whole of which it is a part, and the references that led to it.
 * Returns the schema with its references and "allOf" resolved, or nothing if it leads back into itself.
 */
export function enter(root: unknown, part: unknown, path: readonly string[]): Place | undefined {
  const { $ref, allOf, ...rest } = Schema.safeParse(part).data ?? Schema.parse({});
  let place: Place = { schema: rest, path };
  if ($ref !== undefined) {
    if (path.includes($ref)) return undefined;
    const target = enter(root, pointTo(root, $ref), [...path, $ref]);
    if (!target) return undefined;
    place = { schema: merge(target.schema, rest), path: target.path };
  }
  for (const one of allOf ?? []) {
    const entered = enter(root, one, place.path);
    if (!entered) return undefined;
    place = { schema: merge(place.schema, entered.schema), path: entered.path };
  }
  return place;
}

/** Takes a schema, returns the type of its values, as far as it says or shows one; else a string. */
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

/** Takes the schema of an object and a name, returns the schema of that entry, named or allowed. */
export function entryOf({ properties = {}, additionalProperties }: Schema, name: string): unknown {
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}

/** Takes the schema of an array, returns the schemas of its first items, and that of any further ones. */
export function itemsOf({ prefixItems, items }: Schema): { first: unknown[]; rest: unknown } {
  if (prefixItems) return { first: prefixItems, rest: items ?? false };
  return Array.isArray(items) ? { first: items, rest: false } : { first: [], rest: items ?? {} };
}
