/** The depth that protobuf reads by default: https://protobuf.dev/programming-guides/proto-limits/ */
export const DEEPEST = 100;

/** Claude's API takes 100,000 messages, of about five values each. No other API takes more. */
export const MOST_VALUES = 500_000;

/** Takes a text, returns its value as JSON, or undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The end of the string that begins at an index: the next quote without a backslash before it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/**
 * Takes a text that may be JSON. Returns "depth" if it has more than DEEPEST levels, "length"
 * if it holds more than MOST_VALUES values, or undefined. It does not parse the text, because ten
 * million empty objects take seconds to parse.
 */
export function findExcess(text: string): "depth" | "length" | undefined {
  let depth = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') at = endOfString(text, at);
    if (letter === "]" || letter === "}") depth -= 1;
    if (letter === "[" || letter === "{") depth += 1;
    // The first value of a list or an object follows an opening bracket, every other value a comma.
    if (letter === "[" || letter === "{" || letter === ",") count += 1;
    if (depth > DEEPEST) return "depth";
    if (count > MOST_VALUES) return "length";
  }
  return undefined;
}

/** Like `parseJson`, for a text inside a request. Returns undefined if it is too deep or too long. */
export function parseInner(text: string): unknown {
  return findExcess(text) === undefined ? parseJson(text) : undefined;
}
