import { z } from "zod";
import type { Exchange } from "./conversation.ts";

const Failed = z.union([
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ cancelled: z.string() }).transform(({ cancelled }) => cancelled),
]);
const Skipped = z.object({ skipped: z.string() });

/** Takes a result, returns it for a reader: as JSON, without empty parts. */
export function show(result: unknown): string {
  const text = JSON.stringify(result, (_, value: unknown) => {
    if (Array.isArray(value)) return value.filter((item) => item !== null);
    return value === null ? undefined : value;
  });
  return text ?? "nothing";
}

/** A text that says why a call has failed or was cancelled. */
const FAILED = /^(?:\w*Error:|\[Tool execution (?:failed|cancelled)\]) ?(.*)$/s;

/** Takes a result, returns why the call failed, or undefined if it worked. */
export function failureOf(result: unknown): string | undefined {
  if (["nothing", '""', "{}"].includes(show(result))) return "no result came back";
  const said =
    typeof result === "string" ? FAILED.exec(result)?.[1] : Failed.safeParse(result).data;
  return said?.trim() === "" ? "no reason was given" : said;
}

const Withheld = z.object({
  error: z.object({ code: z.enum(["approval_denied", "tool_completion_timeout"]) }),
});

/** Takes a result, returns true if people were asked about the call and nobody approved it. */
export function wasWithheld(result: unknown): boolean {
  return Withheld.safeParse(result).success;
}

/** Takes a result, returns true if it says that the call never ran. */
export function wasSkipped(result: unknown): boolean {
  return Skipped.safeParse(result).success;
}

/** The words of failures whose call never ran. */
const NEVER_RAN =
  /\b(?:unknown tool|invalid arguments|never started|denied|declined|not (?:allowed|permitted|approved))\b/i;

/** Takes a call, returns true if it failed but may have done its work. */
export function mayHaveRun({ result }: Exchange): boolean {
  const failure = failureOf(result);
  return failure !== undefined && !wasWithheld(result) && !NEVER_RAN.test(failure);
}
