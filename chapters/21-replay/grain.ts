// What is one effect: a call, or a whole batch.
import { z } from "zod";
import type { Execute } from "../../shared/effects.ts";
import { Outcome } from "../../shared/outcomes.ts";
import { expectShape } from "../../shared/shape.ts";

/** Runs the parts of an effect. They have idempotency keys of their own, which all begin with this. */
function within(begin: string): Execute {
  return (key, _input, run) => run(`${begin} ${key}`);
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
