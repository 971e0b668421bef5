// node:util

/** A page is no terminal, so its text has no colours. */
export function styleText(_format: unknown, text: string): string {
  return text;
}

/** A page has no options: every word is a part of the question. */
export function parseArgs(): { values: Record<string, unknown>; positionals: string[] } {
  return { values: {}, positionals: process.argv.slice(2) };
}

const BOXES = [Number, String, Boolean, Symbol, BigInt];

export const types = {
  isBoxedPrimitive: (value: unknown): boolean => BOXES.some((box) => value instanceof box),
};

/** Compares values of JSON. */
export function isDeepStrictEqual(one: unknown, other: unknown): boolean {
  if (!(one instanceof Object && other instanceof Object)) return Object.is(one, other);
  const names = Object.keys({ ...one, ...other });
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const fields = [Object(one), Object(other)];
  return names.every((name) => {
    const [has, hasToo] = fields.map((field) => Object.hasOwn(field, name));
    return has && hasToo && isDeepStrictEqual(fields[0][name], fields[1][name]);
  });
}
