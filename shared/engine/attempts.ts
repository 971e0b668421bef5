// The attempts at an effect within one process.
import { RetryableError, TerminalError } from "@restatedev/restate-sdk";
import { describe } from "../describe.ts";

/** So many attempts are made at an effect that throws. */
const MAX_ATTEMPTS = 3;
/** The engine waits between them, from so many milliseconds on, twice as long each time. */
export const WAITS = { initialRetryInterval: 100, maxRetryInterval: 2_000 };

type Begun = { attempts: number; end: Promise<unknown> | undefined };

/**
 * The effects of this process that are not recorded yet, by idempotency key. The engine calls the handler
 * again when one of them has failed, or when it has died itself, and the others go on meanwhile.
 */
const begun = new Map<string, Begun>();

async function attempt(effect: Begun, run: () => Promise<unknown>): Promise<unknown> {
  effect.attempts++;
  try {
    return await run();
  } catch (error) {
    // The engine can count attempts as well, but it counts those at which it found no process.
    if (effect.attempts === MAX_ATTEMPTS) {
      throw new TerminalError(error instanceof RetryableError ? error.message : describe(error));
    }
    effect.end = undefined;
    throw error;
  }
}

/**
 * Runs an effect, unless this process is running it, or has run it and the engine has not heard of it.
 *
 * @returns what it returns
 * @throws what it throws, or a TerminalError at the last attempt
 */
export function runOnce(idempotencyKey: string, run: () => Promise<unknown>): Promise<unknown> {
  const effect = begun.get(idempotencyKey) ?? { attempts: 0, end: undefined };
  begun.set(idempotencyKey, effect);
  effect.end ??= attempt(effect, run);
  return effect.end;
}

/** Forgets an effect that is recorded. */
export function forget(idempotencyKey: string): void {
  begun.delete(idempotencyKey);
}
