import { isInner, isOrdinary } from "./place-words.ts";

/** Words that may be the name of a place, and whether a comma stands before them. */
export type Phrase = { readonly name: string; readonly afterComma: boolean };

/** Phrases in a row with nothing but commas and the like between, and the words around them. */
export type Chain = {
  readonly phrases: readonly Phrase[];
  /** The words before, the nearest last, in lower case. */
  readonly before: readonly string[];
  /** The word after, in lower case; nothing at the end. */
  readonly after: string;
};

const TOKEN =
  /\b(?:St|Mt|Ft)\.|\b\p{Lu}(?:\.\p{Lu})+\.?|\p{L}[\p{L}\p{N}'-]*(?:\.\p{L}+)*|\p{N}+|[,;:&]/gu;
const SEPARATOR = /^(?:[,;&]|and|or|than|then|versus|vs|plus)$/i;

/** Takes a name, returns whether it is written as a name. Letters without cases count as capitals. */
export function isCapital(name: string): boolean {
  return /^\P{Ll}/u.test(name);
}

/** How many words from one place on make up a name. One with a capital ends at the first without. */
function lengthOfName(tokens: readonly string[], start: number): number {
  const capital = isCapital(tokens[start] ?? "");
  let end = start;
  for (const token of tokens.slice(start)) {
    if (SEPARATOR.test(token) || token === ":") break;
    const goesOn = capital ? isCapital(token) || isInner(token) : end - start < 3;
    const isWithin = end > start && isInner(token);
    if (!goesOn || (isOrdinary(token) && !isWithin)) break;
    end++;
    if (token.endsWith("'s")) break;
  }
  // An inner word needs another word after it.
  while (end > start + 1 && isInner(tokens[end - 1] ?? "")) end--;
  return end - start;
}

/** Takes a sentence, returns its chains of phrases, in order. */
export function chainsIn(sentence: string): Chain[] {
  const tokens = sentence.match(TOKEN) ?? [];
  const lower = tokens.map((token) => token.toLowerCase());
  const chains: Chain[] = [];
  let phrases: Phrase[] = [];
  let before = 0;
  for (let at = 0; at < tokens.length; ) {
    const length = lengthOfName(tokens, at);
    if (length > 0) {
      if (phrases.length === 0) before = at;
      const name = tokens
        .slice(at, at + length)
        .join(" ")
        .replace(/'s$/, "");
      phrases.push({ name, afterComma: tokens[at - 1] === "," });
    }
    at += Math.max(length, 1);
    // Separators go on with the chain; several may stand together, as in ", and".
    while (phrases.length > 0 && SEPARATOR.test(tokens[at] ?? "")) at++;
    if (phrases.length > 0 && lengthOfName(tokens, at) === 0) {
      chains.push({ phrases, before: lower.slice(0, before), after: lower[at] ?? "" });
      phrases = [];
    }
  }
  return chains;
}
