import { messageOf } from "../mock-tools/plain.ts";

const MAX_CAUSES = 5;

/** All that an error and its causes have to say, on one line; causes may go round in a circle. */
export function describe(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return messageOf(error);
  const cause = error instanceof AggregateError ? error.errors[0] : error.cause;
  // Another kind of cause is data for programs, such as a tool's word on another try.
  const isSaid = cause instanceof Error || typeof cause === "string";
  const inner = isSaid && depth < MAX_CAUSES ? cause : undefined;
  const isDeep = error instanceof RangeError && error.message.includes("call stack");
  const said = isDeep ? "something is nested too deeply" : error.message;
  const text = String(said).replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return [text, ...(inner ? [describe(inner, depth + 1)] : [])]
    .filter((part) => part !== "")
    .join(": ");
}
