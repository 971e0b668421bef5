// How fast the offline model replies.

/** The letters in one piece of a streamed reply. */
export const LETTERS_PER_TOKEN = 4;
const TOKENS_PER_SECOND = 25;

/** A setting from the environment: a whole number, or undefined. */
function readNumber(name: string): number | undefined {
  const text = process.env[name];
  if (!text) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`expected a whole number in ${name}, got ${text}`);
  return Number(text);
}

/** OFFLINE_LATENCY_MS and OFFLINE_TOKENS_PER_SECOND, or what they are if they are not set. */
export function readPace(): { readonly latency: number; readonly tokensPerSecond: number } {
  return {
    latency: readNumber("OFFLINE_LATENCY_MS") ?? 0,
    tokensPerSecond: readNumber("OFFLINE_TOKENS_PER_SECOND") ?? TOKENS_PER_SECOND,
  };
}
