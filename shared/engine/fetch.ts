import { setTimeout as wait } from "node:timers/promises";

const BETWEEN_MS = 200;
const MAX_ATTEMPTS = 75;

/**
 * Sends a request to an engine, which may just be restarting. Tries again until there is an answer,
 * for 15 seconds. The request may arrive twice, so it needs an idempotency key if it changes something.
 *
 * @param init its signal ends the attempts
 * @throws the signal's reason, or an error that says that the engine does not answer
 */
export async function fetchFromEngine(url: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, init);
    } catch (error) {
      init.signal?.throwIfAborted();
      if (attempt === MAX_ATTEMPTS) throw new Error("the engine is not there", { cause: error });
      await wait(BETWEEN_MS);
    }
  }
}
