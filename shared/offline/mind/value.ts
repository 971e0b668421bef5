import { fitNumber, fitString, isFree } from "./scalars.ts";
import {
  enter,
  entryOf,
  itemsOf,
  merge,
  type Place,
  type Schema,
  typeOf,
  type Work as Walk,
  workOn,
} from "./schema.ts";

/** The work, and the text, which is empty once a string holds it. */
type Work = Walk & { text: string };

/** The alternatives that a schema offers, null last, or undefined if it offers none. */
function alternatives(work: Work, { schema, path }: Place): readonly Place[] | undefined {
  const { anyOf, oneOf, ...rest } = schema;
  const options = anyOf ?? oneOf;
  if (!options) return undefined;
  const places = options.flatMap((option) => {
    const place = enter(work, option, path);
    return place ? [{ schema: merge(work, rest, place.schema), path: place.path }] : [];
  });
  const isNull = (place: Place): boolean => typeOf(place.schema) === "null";
  return [...places.filter((place) => !isNull(place)), ...places.filter(isNull)];
}

/**
 * True if a value exists that follows no reference twice. If any finite value fits a recursive schema,
 * such a value fits it, too, so it is enough to look for those.
 */
function canEnd(work: Work, part: unknown, path: readonly string[]): boolean {
  const place = enter(work, part, path);
  return place !== undefined && canPlaceEnd(work, place);
}

function canPlaceEnd(work: Work, place: Place): boolean {
  const { schema, path } = place;
  if ("const" in schema || schema.enum) return true;
  const options = alternatives(work, place);
  if (options) return options.some((option) => canPlaceEnd(work, option));
  const type = typeOf(schema);
  if (type === "object") {
    return (schema.required ?? []).every((name) => canEnd(work, entryOf(schema, name), path));
  }
  if (type !== "array") return true;
  const { first, rest } = itemsOf(schema);
  const needsMore = (schema.minItems ?? 0) > first.length;
  return [...first, ...(needsMore ? [rest] : [])].every((item) => canEnd(work, item, path));
}

function makeObject(work: Work, { schema, path }: Place): object {
  const { properties = {}, required = [], additionalProperties } = schema;
  const needed = new Set(required);
  const named = Object.keys(properties).filter((name) => {
    return needed.has(name) || canEnd(work, properties[name], path);
  });
  const names = new Set([...named, ...required]);
  const isOpen = additionalProperties !== false;
  const all = names.size === 0 && isOpen ? ["answer"] : [...names];
  return Object.fromEntries(all.map((name) => [name, make(work, entryOf(schema, name), path)]));
}

function makeArray(work: Work, { schema, path }: Place): unknown[] {
  const { minItems = 0, maxItems = Infinity } = schema;
  const { first, rest } = itemsOf(schema);
  const most = rest !== false && canEnd(work, rest, path) ? 1 : 0;
  const count = Math.min(
    Math.max(minItems, first.length + (first.length === 0 ? most : 0)),
    maxItems,
  );
  const items: unknown[] = [];
  while (items.length < count) items.push(make(work, first[items.length] ?? rest, path));
  return items;
}

function makeString(work: Work, schema: Schema): string {
  const text = fitString(schema, work.text);
  if (isFree(schema)) work.text = "";
  return text;
}

function makePlace(work: Work, place: Place): unknown {
  const { schema } = place;
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const options = alternatives(work, place);
  if (options) {
    const option = options.find((one) => canPlaceEnd(work, one));
    return option ? makePlace(work, option) : null;
  }
  const type = typeOf(schema);
  if (type === "object") return makeObject(work, place);
  if (type === "array") return makeArray(work, place);
  if (type === "string") return makeString(work, schema);
  if (type === "number" || type === "integer") return fitNumber(schema, type === "integer");
  return type === "boolean" ? true : null;
}

function make(work: Work, part: unknown, path: readonly string[]): unknown {
  const place = enter(work, part, path);
  return place ? makePlace(work, place) : null;
}

/**
 * Makes a value that fits a JSON schema and contains a text.
 *
 * @param schema the schema; keywords that only compare, such as "not", are ignored
 * @param text the text for the value: it goes into the first string without rules of its own
 * @returns the value; throws an error if it takes too many steps, or if a part of it cannot be made
 */
export function valueFor(schema: unknown, text: string): unknown {
  return make({ ...workOn(schema), text }, schema, ["#"]);
}
