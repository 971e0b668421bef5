/** As deep as protobuf reads by default: https://protobuf.dev/programming-guides/proto-limits/ */
export const DEEPEST = 100;

/** Claude's API takes 100,000 messages, of five values or so each. It is the most that any of them takes. */
export const MOST_VALUES = 500_000;

/** Takes a text, returns what it says as JSON, or nothing if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where a string ends that begins at an index: at the next quote that no backslash stands before. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/**
 * Takes a text that may be JSON. Returns "depth" if it is nested in more than DEEPEST levels, "length"
 * if it holds more than MOST_VALUES values, or nothing. It looks at the text, because ten million
 * empty objects take seconds to parse.
 */
export function findExcess(text: string): "depth" | "length" | undefined {
  let depth = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') at = endOfString(text, at);
    if (letter === "]" || letter === "}") depth -= 1;
    if (letter === "[" || letter === "{") depth += 1;
    // Every value but the first in a list or an object follows a comma, and the first an opening bracket.
    if (letter === "[" || letter === "{" || letter === ",") count += 1;
    if (depth > DEEPEST) return "depth";
    if (count > MOST_VALUES) return "length";
  }
  return undefined;
}

/** Takes a text from within a request, returns what `parseJson` does, but nothing if it is too much. */
export function parseInner(text: string): unknown {
  return findExcess(text) === undefined ? parseJson(text) : undefined;
}
