const LETTERS_PER_TOKEN = 4;

function tokensOf(said: readonly unknown[]): number {
  const letters = said.map((value) => (JSON.stringify(value) ?? "").length);
  return Math.ceil(letters.reduce((sum, length) => sum + length, 0) / LETTERS_PER_TOKEN);
}

/**
 * Takes the values that were read and written. Returns their sizes in the form of the Responses
 * API. The offline model has no tokens, so it counts letters.
 */
export function countTokens(read: readonly unknown[], written: readonly unknown[]): object {
  const [input_tokens, output_tokens] = [tokensOf(read), tokensOf(written)];
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}
