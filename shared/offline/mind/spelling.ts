import { changeOutsideQuotes } from "./quotes.ts";

/** Words without which a question is not understood. */
const WORDS = ["send", "email", "compare", "weather", "forecast", "temperature", "umbrella"];

/** Words that are right as they are, though they look like one of those with an error in it. */
const OTHER_WORDS = /^(?:feather|heather|leather|weathers|mali)$/i;

/** The word without the letters in which it begins and ends like the other one. */
function middle(word: string, other: string): string {
  let start = 0;
  while (start < word.length && word[start] === other[start]) start++;
  let end = 0;
  const most = Math.min(word.length, other.length) - start;
  while (end < most && word.at(-1 - end) === other.at(-1 - end)) end++;
  return word.slice(start, word.length - end);
}

/** One letter too many, too few or wrong, or two letters swapped. In a short word, the last alone. */
function isSlipOf(word: string, right: string): boolean {
  const [wrong, missing] = [middle(word, right), middle(right, word)];
  const isSwap = wrong.length === 2 && wrong === [...missing].toReversed().join("");
  return isSwap || (right.length > 4 && wrong.length <= 1 && missing.length <= 1);
}

function correct(word: string): string {
  const lower = word.toLowerCase();
  // A word that goes on, such as "emails" or "compared", is another form and no error.
  if (OTHER_WORDS.test(word) || WORDS.some((right) => lower.startsWith(right))) return word;
  return WORDS.find((right) => isSlipOf(lower, right)) ?? word;
}

/** Takes a question, returns it with the words that matter most spelt right, except in quotes. */
export function spell(question: string): string {
  const word = /(?<![\w.@+-])\p{L}{4,}(?![\w@+-]|\.\w)/gu;
  return changeOutsideQuotes(question, (part) => part.replace(word, correct));
}
