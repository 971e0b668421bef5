import { changeOutsideQuotes, hideQuotes } from "./quotes.ts";

const NAMED = /,?\s*\b(?:run (?:the calls|them) )?(?:in|use|with) (?:the |an? )?([\w-]+) mode\b/i;
const SEQUENTIAL =
  /,?\s*\b(?:(?:but )?not )?(?:one (?:by|after) (?:one|another|the other)|one (?:city |place |e-?mail )?at a time|in (?:this|that) order|in sequence|sequentially|serially)\b/i;
const PARALLEL =
  /,?\s*\b(?:(?:but )?not )?(?:in parallel|at the same time|all at once|at once|concurrently|simultaneously)\b/i;
const NOT = /\b(?:not|never)\b|n't\b/i;
const FIRST_THEN = /\bfirst(?:ly)?\b.*\b(?:then|after that|second)\b/is;

/** The mode for the calls, if a question names one, and the question without those words. */
export type ModeReading = { readonly mode: string | undefined; readonly rest: string };

/** True if "not" stands before the words in their clause, or at their beginning. */
function isDenied(question: string, words: RegExp): boolean {
  const { 0: found = "", index = 0 } = words.exec(question) ?? {};
  const clause = question.slice(0, index).replace(/^.*[.?!,;:]/s, "");
  return NOT.test(clause) || NOT.test(found);
}

function modeIn(question: string): string | undefined {
  const named = NAMED.exec(question)?.[1];
  if (named !== undefined) return named;
  if (SEQUENTIAL.test(question)) return isDenied(question, SEQUENTIAL) ? "parallel" : "sequential";
  if (PARALLEL.test(question)) return isDenied(question, PARALLEL) ? "sequential" : "parallel";
  return FIRST_THEN.test(question) ? "sequential" : undefined;
}

/** Where the text of an e-mail may begin. */
const SAYING = /\b(?:say|saying|says|that)\b/i;

/** Removes words from a text. If they are a sentence of their own, removes its end, too. */
function remove(text: string, { source: words }: RegExp): string {
  const polite = `(?:${words})(?:,? please)?`;
  const sentence = `(?<=[.?!])\\s*(?:please )?${polite}[.!]*`;
  const length = SAYING.exec(text)?.index ?? text.length;
  // In an e-mail that says "come at once" they are not an order, unless they are a sentence of their own.
  const before = text.slice(0, length).replace(new RegExp(`${sentence}|${polite}`, "i"), "");
  return before + text.slice(length).replace(new RegExp(sentence, "i"), "");
}

/** Takes a question, returns the mode that it wants: "sequential", "parallel", or another name in it. */
export function readMode(question: string): ModeReading {
  const rest = changeOutsideQuotes(question, (part) => {
    return [NAMED, SEQUENTIAL, PARALLEL].reduce(remove, part);
  });
  return { mode: modeIn(hideQuotes(question)), rest };
}
