// The grain decides what one effect is: a call, or a whole batch.
import { z } from "zod";
import type { Execute } from "../../shared/effects.ts";
import { Outcome } from "../../shared/outcomes.ts";
import { expectShape } from "../../shared/shape.ts";

/** Runs the parts of an effect. Each has its own idempotency key, which begins with this text. */
function within(begin: string): Execute {
  return (key, _input, run) => run(`${begin} ${key}`);
}

export type RunBatch<Call> = (calls: readonly Call[], execute: Execute) => Promise<Outcome[]>;

/**
 * Makes a whole batch one effect. A crash within the batch loses the outcomes that it already had.
 *
 * @throws an error from the runner, if the recorded batch does not have one outcome for each call
 */
export function asOneEffect<Call>(runBatch: RunBatch<Call>): RunBatch<Call> {
  return async (calls, execute) => {
    const value = await execute("batch", calls, (key) => {
      // A call keeps the idempotency key that it has as an effect of its own.
      return runBatch(calls, within(key.replace(/ batch$/, "")));
    });
    return expectShape(`${calls.length} outcomes`, z.array(Outcome).length(calls.length), value);
  };
}
