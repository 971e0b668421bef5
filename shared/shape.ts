// Checks what a server sent before the program reads it.
import { z } from "zod";

/**
 * Returns what a server sent, in the shape that the rest of the program relies on.
 *
 * @throws an error that says what was expected and what came: "expected a response, got null"
 */
export function expectShape<Value>(what: string, schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`expected ${what}, got ${JSON.stringify(value)}`);
}

/** Parses a body as JSON. Returns the text itself if it is not JSON. */
export function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The schema for the type of an item, block or part that is none of these. */
export function otherThan(...types: string[]): z.ZodType<string> {
  return z.string().refine((type) => !types.includes(type));
}
