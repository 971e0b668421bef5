// Counts the attempts at an effect within one process.
import { RetryableError, TerminalError } from "@restatedev/restate-sdk";
import { describe } from "../describe.ts";

/** The most attempts at an effect that throws. */
const MAX_ATTEMPTS = 3;
/** The engine's waits between attempts, in milliseconds. Each is twice the wait before. */
export const WAITS = { initialRetryInterval: 100, maxRetryInterval: 2_000 };

type Begun = { attempts: number; end: Promise<unknown> | undefined };

/**
 * The effects of this process that are not recorded yet, by idempotency key. If one of them fails or the
 * engine dies, the engine calls the handler again, while the other effects go on.
 */
const begun = new Map<string, Begun>();

async function attempt(effect: Begun, run: () => Promise<unknown>): Promise<unknown> {
  effect.attempts++;
  try {
    return await run();
  } catch (error) {
    // The engine's own count would include attempts at which no process was there.
    if (effect.attempts === MAX_ATTEMPTS) {
      throw new TerminalError(error instanceof RetryableError ? error.message : describe(error));
    }
    effect.end = undefined;
    throw error;
  }
}

/**
 * Runs an effect, unless this process is running it, or has run it and the engine has not recorded it yet.
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
