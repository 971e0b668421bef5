// Many conversations: the question of each, and what its answer must contain.
import pLimit from "p-limit";
import { messageOf } from "../../mock-tools/plain.ts";
import type { Asked } from "./conversation.ts";

/** A question that only this conversation gets, and what its answer must contain. */
export type Question = Asked & { readonly to: string; readonly says: readonly string[] };

const PLACES = ["Lima", "Cairo", "Paris", "Tokyo"];
/** One of so many questions needs a call that computes. */
const FORECAST_EVERY = 10;

/** Makes questions. Each sends an e-mail to another person; some also ask for a forecast. */
export function makeQuestions(count: number, name = "reader"): Question[] {
  return Array.from({ length: count }, (_, index) => {
    const to = `${name}${index}@example.com`;
    const mail = `Send an email to ${to} saying "hello ${index}".`;
    const asked = { conversation: `${name}-${index}`, run: `${name}-${index}`, to };
    // The space ensures that the address is not the end of a longer one.
    if (index % FORECAST_EVERY > 0) return { ...asked, question: mail, says: [` ${to}`] };
    const place = PLACES[(index / FORECAST_EVERY) % PLACES.length] ?? "";
    const question = `${mail} How is the weather in ${place}?`;
    return { ...asked, question, says: [` ${to}`, ` ${place} is `] };
  });
}

/** How many calls the questions need, and how many of those are forecasts. */
export function countCalls(questions: readonly Question[]): { calls: number; forecasts: number } {
  const forecasts = Math.ceil(questions.length / FORECAST_EVERY);
  return { calls: questions.length + forecasts, forecasts };
}

/** The result of a question: right or wrong, the time it took, and the error if it failed. */
export type Answered = { readonly ms: number; readonly isRight: boolean; readonly error?: string };

/**
 * Asks all questions.
 *
 * @param open how many of them are open at once
 */
export function askAll(
  questions: readonly Question[],
  open: number,
  ask: (question: Question) => Promise<string>,
): Promise<Answered[]> {
  const limit = pLimit(open);
  return limit.map(questions, async (question) => {
    const start = performance.now();
    try {
      const answer = await ask(question);
      const isRight = question.says.every((text) => answer.includes(text));
      return { ms: performance.now() - start, isRight };
    } catch (error) {
      return { ms: performance.now() - start, isRight: false, error: messageOf(error) };
    }
  });
}

/** The time in ms in which a share of the questions was answered. */
export function percentile(answered: readonly Answered[], share: number): number {
  const sorted = answered.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
