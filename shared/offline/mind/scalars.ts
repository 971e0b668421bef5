import type { Schema } from "./schema.ts";

const FORMATS = new Map([
  ["date-time", "2000-01-01T00:00:00Z"],
  ["date", "2000-01-01"],
  ["time", "00:00:00Z"],
  ["duration", "PT0S"],
  ["email", "agent@example.com"],
  ["hostname", "example.com"],
  ["ipv4", "127.0.0.1"],
  ["ipv6", "::1"],
  ["uri", "https://example.com"],
  ["uuid", "00000000-0000-4000-8000-000000000000"],
]);

/** The largest minLength, and the longest pattern. */
const LONGEST = 10_000;

/** Strings that common patterns match. No general method makes a string from a pattern. */
const GUESSES = [
  "",
  "a",
  "A",
  "0",
  "00",
  "000",
  "0000",
  "a0",
  "A0",
  "a-b",
  "2000-01-01",
  "#000000",
];

/** Takes the schema of a string, returns true if any text fits it, apart from its length. */
export function isFree({ format, pattern }: Schema): boolean {
  return pattern === undefined && !FORMATS.has(format ?? "");
}

function guessFor({ pattern = "", minLength = 0, maxLength = Infinity }: Schema): string {
  const rule = pattern.length <= LONGEST ? new RegExp(pattern, "u") : undefined;
  const guess = GUESSES.find((text) => {
    return text.length >= minLength && text.length <= maxLength && rule?.test(text);
  });
  if (guess !== undefined) return guess;
  const start = pattern.slice(0, 100);
  throw new RangeError(`the offline model cannot make a text for the pattern ${start}`);
}

/**
 * Takes the schema of a string and a text, returns a string that fits: the text if the string is free.
 * Throws an error if the string would be too long, or if no known string fits its pattern.
 */
export function fitString(schema: Schema, text: string): string {
  const { format = "", minLength = 0, maxLength } = schema;
  if (!isFree(schema)) return FORMATS.get(format) ?? guessFor(schema);
  if (minLength <= LONGEST) return text.slice(0, maxLength).padEnd(minLength, ".");
  throw new RangeError(`expected a minLength of at most ${LONGEST}, got ${minLength}`);
}

/**
 * Takes the schema of a number. Tries zero, the limits, and the numbers beside them; returns the first
 * that fits. Throws an error if none fits.
 */
export function fitNumber(schema: Schema, isWhole: boolean): number {
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, multipleOf } = schema;
  const { maximum = Infinity, exclusiveMaximum = Infinity } = schema;
  const step = multipleOf ?? 1;
  const low = Math.max(minimum, exclusiveMinimum);
  const high = Math.min(maximum, exclusiveMaximum);
  const up = Math.ceil(low / step) * step;
  const down = Math.floor(high / step) * step;
  const candidates = [0, up, up + step, down, down - step, low, high, (low + high) / 2];
  const fits = (value: number): boolean => {
    if (!Number.isFinite(value) || (isWhole && !Number.isInteger(value))) return false;
    if (value < minimum || value > maximum) return false;
    if (value <= exclusiveMinimum || value >= exclusiveMaximum) return false;
    return multipleOf === undefined || Number.isInteger(value / multipleOf);
  };
  const number = candidates.find(fits);
  if (number !== undefined) return number;
  throw new RangeError("the offline model knows no number within the limits of the schema");
}
