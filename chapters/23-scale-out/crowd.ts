// Many conversations, what each of them is asked, and what has to come of it.
import pLimit from "p-limit";
import { messageOf } from "../../mock-tools/plain.ts";
import type { Asked } from "./conversation.ts";

/** A question that no other conversation is asked, and what its answer has to say. */
export type Question = Asked & { readonly to: string; readonly says: readonly string[] };

const PLACES = ["Lima", "Cairo", "Paris", "Tokyo"];
/** Every so many questions, one needs a call that computes. */
const FORECAST_EVERY = 10;

/** Each one has an e-mail sent to somebody else; some ask for a forecast as well. */
export function makeQuestions(count: number, name = "reader"): Question[] {
  return Array.from({ length: count }, (_, index) => {
    const to = `${name}${index}@example.com`;
    const mail = `Send an email to ${to} saying "hello ${index}".`;
    const asked = { conversation: `${name}-${index}`, run: `${name}-${index}`, to };
    // The blank makes sure that it is not the end of a longer address.
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

/** What came of a question: an answer or an error, after so many milliseconds. */
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

/** The time within which a share of the questions was answered, in ms. */
export function percentile(answered: readonly Answered[], share: number): number {
  const sorted = answered.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
