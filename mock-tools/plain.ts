// Turns the results and errors of tools into plain data that threads and models can read.
import { types } from "node:util";

/** The most characters of a result as JSON. It is more than any model can read at once. */
const MAX_RESULT = 2_000_000;
/** The most characters that are kept of an error's message. */
const MAX_MESSAGE = 10_000;
/** If a message is longer than this, only its length is returned. */
const MAX_READ = 1_000_000;

/** The error for a result that is too large. */
export const tooLarge = new RangeError(`the result has more than ${MAX_RESULT} characters`);

/** True for many bytes, which JSON would write as one number each, and for a long text in a String object. */
function isBulky(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return value.byteLength > MAX_RESULT;
  return types.isBoxedPrimitive(value) && String(value).length > MAX_RESULT;
}

/** True if a value holds bulk. It must be checked before JSON.stringify converts the value. */
function holdsBulk(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const isWhole = ArrayBuffer.isView(value) || types.isBoxedPrimitive(value);
  return isWhole ? isBulky(value) : Object.values(value).some(isBulky);
}

/**
 * Takes any result, returns it as a model will read it: undefined becomes null, and a value that JSON
 * cannot hold is an error. A large result is refused while it is written, before it fills the memory.
 *
 * @throws `tooLarge`, or an error of JSON.stringify or of the result itself
 */
export function toPlainData(result: unknown): unknown {
  const depths = new Map<unknown, number>();
  let length = 0;
  const written = { result: result ?? null };
  const text = JSON.stringify(written, function (this: unknown, key, value: unknown) {
    const depth = (depths.get(this) ?? -1) + 1;
    if (typeof value === "object") depths.set(value, depth);
    // Results are sent with two spaces per level, so deep nesting makes them long.
    length += 2 * depth + key.length;
    length += typeof value === "string" || Array.isArray(value) ? value.length : 1;
    if (length > MAX_RESULT || holdsBulk(value)) throw tooLarge;
    return value;
  });
  // JSON writes some characters as six.
  if (text.length > MAX_RESULT) throw tooLarge;
  const { result: plain } = JSON.parse(text);
  if (plain === undefined) throw new Error(`JSON has no place for a ${typeof result}`);
  return plain;
}

/** Takes a thrown value of any kind, returns its message. Even if reading it throws, there is a text. */
export function messageOf(thrown: unknown): string {
  try {
    const text = String(thrown instanceof Error ? thrown.message : thrown);
    // If a text was joined from pieces, V8 copies all of it even to read its beginning.
    if (text.length > MAX_READ) return `an error with a message of ${text.length} characters`;
    const excess = text.length - MAX_MESSAGE;
    return excess > 0 ? `${text.slice(0, MAX_MESSAGE)}… (${excess} more characters)` : text;
  } catch {
    return `something was thrown that cannot be shown (${typeof thrown})`;
  }
}

/** The tool's advice on a retry, if the cause of its error contains one. */
export function readRetry(thrown: unknown): { after_ms?: number } | undefined {
  try {
    if (!(thrown instanceof Error)) return undefined;
    const { retry } = Object(thrown.cause);
    if (typeof retry !== "object" || retry === null) return undefined;
    if (retry.after_ms === undefined) return {};
    return Number.isFinite(retry.after_ms) ? { after_ms: retry.after_ms } : undefined;
  } catch {
    // Reading the thrown value may throw, too.
    return undefined;
  }
}

/**
 * Runs a tool's work and returns its result as plain data.
 *
 * @throws an error with the cause `{ failure, retry }`. The failure is "tool_error" if the tool has
 *   thrown anything, or "result_too_large"; `retry` is the tool's advice on a
 *   retry, if it gives one
 */
export async function asPlainResult(run: () => unknown): Promise<unknown> {
  try {
    return toPlainData(await run());
  } catch (thrown) {
    const failure = thrown === tooLarge ? "result_too_large" : "tool_error";
    throw new Error(messageOf(thrown), { cause: { failure, retry: readRetry(thrown) } });
  }
}
