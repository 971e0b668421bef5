// What a handler does that must outlive its process: effects, and waits for other handlers.
import type { Context } from "@restatedev/restate-sdk";
import { TerminalError } from "@restatedev/restate-sdk";
import { z } from "zod";
import { compare, hashOf, summarize } from "../../shared/canonical.ts";
import { describe } from "../../shared/describe.ts";
import type { Execute } from "../../shared/effects.ts";
import { forget, runOnce, WAITS } from "../../shared/engine/attempts.ts";
import type { Wait } from "../../shared/engine/waits.ts";

/** The engine's code for a handler that does not do what its journal says. */
export const JOURNAL_MISMATCH = 570;

/** A recorded effect had another input. The run can still go on in the program that began it. */
class JournalMismatch extends Error {
  readonly code = JOURNAL_MISMATCH;
}

const Entry = z.object({
  hash: z.string(),
  input: z.record(z.string(), z.string()),
  value: z.unknown(),
});

/**
 * The effects of one call of a handler. The engine returns the value of a recorded effect. Any other effect
 * runs here, and the engine records what it returns. An effect that throws runs up to three times in a process.
 */
export function recorded(ctx: Context, wait: Wait): Execute {
  return async (key, input, run) => {
    const hash = hashOf(input);
    const idempotencyKey = `${ctx.request().id}.${hash.slice(0, 16)} ${key}`;
    const runAndDescribe = async () => {
      const value = await runOnce(idempotencyKey, () => run(idempotencyKey));
      return { hash, input: summarize(input), value };
    };
    const ended = wait(ctx.run(key, runAndDescribe, WAITS));
    const entry = Entry.parse(await ended.finally(() => forget(idempotencyKey)));
    if (entry.hash === hash) return entry.value;
    throw new JournalMismatch(`the journal holds another ${key}: ${compare(entry, hash, input)}`);
  };
}

/** Ends a handler with the program's error. After any other error, the engine would call it again. */
export async function orTerminal<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof JournalMismatch) throw error;
    throw new TerminalError(describe(error));
  }
}
