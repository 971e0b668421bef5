// The boundary on the engine: each effect is an entry of a journal that the engine keeps.
import type { Context } from "@restatedev/restate-sdk";
import { z } from "zod";
import { compare, hashOf, summarize } from "../../shared/canonical.ts";
import type { Execute } from "../../shared/effects.ts";
import { forget, runOnce, WAITS } from "../../shared/engine/attempts.ts";
import { openWaits } from "../../shared/engine/waits.ts";

/** The engine's code for a handler that does not do what its journal says. */
export const JOURNAL_MISMATCH = 570;

/** A recorded effect had another input. The run can still go on in the program that began it. */
export class JournalMismatch extends Error {
  readonly code = JOURNAL_MISMATCH;
}

const Entry = z.object({
  hash: z.string(),
  input: z.record(z.string(), z.string()),
  value: z.unknown(),
});

/**
 * The effects of one run. The engine returns the value of a recorded effect. Any other effect runs here,
 * and the engine records what it returns. An effect that throws runs up to three times in a process.
 *
 * @returns effects that reject with a TerminalError if the last attempt throws, too, and with a
 *   JournalMismatch if the recorded effect had another input
 */
export function durable(ctx: Context): Execute {
  const wait = openWaits();
  return async (key, input, run) => {
    const hash = hashOf(input);
    // The id comes from the run's name, and a name may be used again when the engine has forgotten the run.
    const idempotencyKey = `${ctx.request().id}.${hash.slice(0, 16)} ${key}`;
    const runAndDescribe = async () => {
      const value = await runOnce(idempotencyKey, () => run(idempotencyKey));
      return { hash, input: summarize(input), value };
    };
    const ended = wait(ctx.run(key, runAndDescribe, WAITS));
    const entry = Entry.parse(await ended.finally(() => forget(idempotencyKey)));
    // The engine finds an entry by its place and its key, and does not compare the input.
    if (entry.hash === hash) return entry.value;
    throw new JournalMismatch(`the journal holds another ${key}: ${compare(entry, hash, input)}`);
  };
}
