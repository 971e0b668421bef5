// Counts the tokens of a question's requests, with the server's numbers.
import { print } from "./print.ts";

let counts: number[] = [];

/** Notes the tokens of a request. A server that does not count them gives undefined. */
export function noteTokens(count: number | undefined): void {
  if (count !== undefined) counts.push(count);
}

/** Makes an agent that asks, and prints the tokens of its requests in their order. */
export function showTokens(ask: (question: string) => Promise<string>) {
  return async (question: string): Promise<string> => {
    counts = [];
    const answer = await ask(question);
    if (counts.length > 0) {
      print(`\nInput tokens: ${counts.map((count) => count.toLocaleString("en")).join(", ")}`);
    }
    return answer;
  };
}
