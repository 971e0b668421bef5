import { messageOf } from "../mock-tools/plain.ts";

const MAX_CAUSES = 5;

/** The messages of an error and its causes, on one line. The depth is limited: causes may form a circle. */
export function describe(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return messageOf(error);
  const cause = error instanceof AggregateError ? error.errors[0] : error.cause;
  // Any other cause is data for programs, such as a tool's advice on retries.
  const isSaid = cause instanceof Error || typeof cause === "string";
  const inner = isSaid && depth < MAX_CAUSES ? cause : undefined;
  const isDeep = error instanceof RangeError && error.message.includes("call stack");
  const said = isDeep ? "something is nested too deeply" : error.message;
  const text = String(said).replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return [text, ...(inner ? [describe(inner, depth + 1)] : [])]
    .filter((part) => part !== "")
    .join(": ");
}
