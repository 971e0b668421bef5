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
