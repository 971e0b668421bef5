import { changeOutsideQuotes } from "./quotes.ts";

/** The words that a question needs to be understood. */
const WORDS = ["send", "email", "compare", "weather", "forecast", "temperature", "umbrella"];

/** Correct words that look like a misspelt one of these. */
const OTHER_WORDS = /^(?:feather|heather|leather|weathers|mali)$/i;

/** The word without the letters at its beginning and end that the other word shares. */
function middle(word: string, other: string): string {
  let start = 0;
  while (start < word.length && word[start] === other[start]) start++;
  let end = 0;
  const most = Math.min(word.length, other.length) - start;
  while (end < most && word.at(-1 - end) === other.at(-1 - end)) end++;
  return word.slice(start, word.length - end);
}

/** True for one letter too many, too few or wrong, or two letters swapped. In a short word, only the last. */
function isSlipOf(word: string, right: string): boolean {
  const [wrong, missing] = [middle(word, right), middle(right, word)];
  const isSwap = wrong.length === 2 && wrong === [...missing].toReversed().join("");
  return isSwap || (right.length > 4 && wrong.length <= 1 && missing.length <= 1);
}

function correct(word: string): string {
  const lower = word.toLowerCase();
  // A longer word, such as "emails" or "compared", is another form and not an error.
  if (OTHER_WORDS.test(word) || WORDS.some((right) => lower.startsWith(right))) return word;
  return WORDS.find((right) => isSlipOf(lower, right)) ?? word;
}

/** Takes a question, returns it with these words spelt right, except in quotes. */
export function spell(question: string): string {
  const word = /(?<![\w.@+-])\p{L}{4,}(?![\w@+-]|\.\w)/gu;
  return changeOutsideQuotes(question, (part) => part.replace(word, correct));
}
