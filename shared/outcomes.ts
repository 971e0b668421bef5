import { z } from "zod";
import { expectShape } from "./shape.ts";

const Failure = z.object({ class: z.string(), code: z.string(), message: z.string() });
/** The outcome of a call, as the chapters from 14 on write it. */
export const Outcome = z.discriminatedUnion("type", [
  z.object({ type: z.literal("success"), id: z.string(), result: z.unknown() }),
  z.object({ type: z.literal("failure"), id: z.string(), error: Failure }),
]);
export type Outcome = z.infer<typeof Outcome>;

/**
 * Takes the value of a call, which may come from a journal.
 *
 * @throws an error that says what came, if it is not an outcome
 */
export function readOutcome(value: unknown): Outcome {
  return expectShape("an outcome", Outcome, value);
}
