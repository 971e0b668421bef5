// Whatever a tool returns or throws, made into plain data that threads and models can read.
import { types } from "node:util";

/** The most characters that a result may have as JSON. It is more than any model reads at once. */
const MAX_RESULT = 2_000_000;
/** The most characters that are kept of an error's message. */
const MAX_MESSAGE = 10_000;
/** Of a message that is longer than this, only the length is told. */
const MAX_READ = 1_000_000;

/** What is thrown for a result that is too large. */
export const tooLarge = new RangeError(`the result has more than ${MAX_RESULT} characters`);

/** True for many bytes, of which JSON makes a number each, and for text or other values in an object. */
function isBulky(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return value.byteLength > MAX_RESULT;
  return types.isBoxedPrimitive(value) && String(value).length > MAX_RESULT;
}

/** True where a value holds bulk. It has to be found before JSON.stringify turns it into something else. */
function holdsBulk(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const isWhole = ArrayBuffer.isView(value) || types.isBoxedPrimitive(value);
  return isWhole ? isBulky(value) : Object.values(value).some(isBulky);
}

/**
 * Takes a result of any kind, returns it as a model will read it: nothing is null, and what JSON has no
 * place for is an error. A large result is refused while it is written, before it fills the memory.
 *
 * @throws `tooLarge`, or an error of JSON.stringify's or of the result's own
 */
export function toPlainData(result: unknown): unknown {
  const depths = new Map<unknown, number>();
  let length = 0;
  const written = { result: result ?? null };
  const text = JSON.stringify(written, function (this: unknown, key, value: unknown) {
    const depth = (depths.get(this) ?? -1) + 1;
    if (typeof value === "object") depths.set(value, depth);
    // Results are sent with two spaces a level, so what is nested deeply is long.
    length += 2 * depth + key.length;
    length += typeof value === "string" || Array.isArray(value) ? value.length : 1;
    if (length > MAX_RESULT || holdsBulk(value)) throw tooLarge;
    return value;
  });
  // Some characters are written as six.
  if (text.length > MAX_RESULT) throw tooLarge;
  const { result: plain } = JSON.parse(text);
  if (plain === undefined) throw new Error(`JSON has no place for a ${typeof result}`);
  return plain;
}

/** Takes whatever was thrown, returns what it says. Reading it may throw as well. */
export function messageOf(thrown: unknown): string {
  try {
    const text = String(thrown instanceof Error ? thrown.message : thrown);
    // To read the beginning of a text that was put together from pieces, V8 copies all of it.
    if (text.length > MAX_READ) return `an error with a message of ${text.length} characters`;
    const excess = text.length - MAX_MESSAGE;
    return excess > 0 ? `${text.slice(0, MAX_MESSAGE)}… (${excess} more characters)` : text;
  } catch {
    return `something was thrown that cannot be shown (${typeof thrown})`;
  }
}

/** The tool's own word on another try, if its error has a cause that says something of the kind. */
export function readRetry(thrown: unknown): { after_ms?: number } | undefined {
  try {
    if (!(thrown instanceof Error)) return undefined;
    const { retry } = Object(thrown.cause);
    if (typeof retry !== "object" || retry === null) return undefined;
    if (retry.after_ms === undefined) return {};
    return Number.isFinite(retry.after_ms) ? { after_ms: retry.after_ms } : undefined;
  } catch {
    // Reading what a tool has thrown may throw as well.
    return undefined;
  }
}

/**
 * Runs a tool's work and returns its result as plain data.
 *
 * @throws an error with the cause `{ failure, retry }`. The failure is "tool_error" where the tool has
 *   thrown something, whatever it was, or "result_too_large"; `retry` is the tool's own word on another
 *   try, if it has one
 */
export async function asPlainResult(run: () => unknown): Promise<unknown> {
  try {
    return toPlainData(await run());
  } catch (thrown) {
    const failure = thrown === tooLarge ? "result_too_large" : "tool_error";
    throw new Error(messageOf(thrown), { cause: { failure, retry: readRetry(thrown) } });
  }
}
