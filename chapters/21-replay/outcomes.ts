import { z } from "zod";
import { expectShape } from "../../shared/shape.ts";
import { type Execute, within } from "./effects.ts";

const Failure = z.object({ class: z.string(), code: z.string(), message: z.string() });
const Outcome = z.discriminatedUnion("type", [
  z.object({ type: z.literal("success"), id: z.string(), result: z.unknown() }),
  z.object({ type: z.literal("failure"), id: z.string(), error: Failure }),
]);
type Outcome = z.infer<typeof Outcome>;

/**
 * Takes the value of a call, which may come from a journal.
 *
 * @throws an error that says what it is, if it is no outcome
 */
export function readOutcome(value: unknown): Outcome {
  return expectShape("an outcome", Outcome, value);
}

export type RunBatch<Call> = (calls: readonly Call[], execute: Execute) => Promise<Outcome[]>;

/**
 * Makes a whole batch one effect. A crash in the middle of it loses the outcomes that were there by then.
 *
 * @throws an error from the runner, if the recorded batch has not one outcome for each call
 */
export function asOneEffect<Call>(runBatch: RunBatch<Call>): RunBatch<Call> {
  return async (calls, execute) => {
    const value = await execute("batch", calls, (key) => {
      // A call has the same idempotency key as where it is an effect of its own.
      return runBatch(calls, within(key.replace(/ batch$/, "")));
    });
    return expectShape(`${calls.length} outcomes`, z.array(Outcome).length(calls.length), value);
  };
}
