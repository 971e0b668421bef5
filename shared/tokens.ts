// How many tokens the requests of a question had, as the server counts them.
import { print } from "./print.ts";

let counts: number[] = [];

/** Notes the tokens of a request. Many servers count them; for others there is nothing to note. */
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
