import { isCity, isFirstWord, isInner, isOrdinary, isRegion } from "./place-words.ts";

/** Possible names of places, with only commas and the like between them, and the words around them. */
export type Chain = {
  readonly names: readonly string[];
  /** The words before, in lower case. */
  readonly before: readonly string[];
  /** The word after, in lower case; empty at the end. */
  readonly after: string;
};

const TOKEN =
  /\b(?:St|Mt|Ft)\.|\b\p{Lu}(?:\.\p{Lu})+\.?|\p{L}[\p{L}\p{N}'-]*(?:\.\p{L}+)*|\p{N}+|[,;:&/+(]/gu;
/** Words that are part of a name only at its end, as in Cape Town and Mexico City. */
const CITY = /^(?:city|town)$/i;
const SEPARATOR = /^(?:[,;&/+(]|and|or|than|then|versus|vs|plus)$/i;

/** Takes a name, returns true if it has a capital. Letters of scripts without cases count as capitals. */
export function isCapital(name: string): boolean {
  return /^\P{Ll}/u.test(name);
}

/** True if a word begins another name: "Paris London", "New York LA", "London UK". */
function isBetweenNames(tokens: readonly string[], at: number): boolean {
  const [first = "", last = "", next = ""] = [tokens[at - 2], tokens[at - 1], tokens[at]];
  return (
    (isCity(last) || isFirstWord(first)) && [isCity, isFirstWord, isRegion].some((is) => is(next))
  );
}

/** How many words from a position on form a name. A name with a capital ends before the first word without. */
function lengthOfName(tokens: readonly string[], start: number): number {
  const capital = isCapital(tokens[start] ?? "");
  let end = start;
  for (const token of tokens.slice(start)) {
    if (SEPARATOR.test(token) || token === ":") break;
    const goesOn = capital ? isCapital(token) || isInner(token) : !isCapital(token);
    const isPart = isInner(token) || (isFirstWord(tokens[end - 1] ?? "") && CITY.test(token));
    const isWithin = end > start && isPart;
    if (!goesOn || end - start > 3 || (isOrdinary(token) && !isWithin)) break;
    if (end > start && isBetweenNames(tokens, end)) break;
    end++;
    if (token.endsWith("'s")) break;
  }
  // A name cannot end with an inner word.
  while (end > start + 1 && isInner(tokens[end - 1] ?? "")) end--;
  return end - start;
}

/** Adds a name. A state or country after a comma belongs to the name before, as in "LA, CA". */
function addName(names: string[], name: string, separator: string): void {
  const last = names.at(-1);
  const isPart = last !== undefined && separator === "," && isRegion(name) && !isRegion(last);
  // "LA (California)" is LA, and "London UK" is London.
  const isAside = separator === "(" || !SEPARATOR.test(separator);
  if (last !== undefined && isAside && isRegion(name)) return;
  if (isPart) names[names.length - 1] = `${last}, ${name}`;
  else names.push(name);
}

/** Takes a sentence, returns its chains of names, in order. */
export function chainsIn(sentence: string): Chain[] {
  const tokens = sentence.match(TOKEN) ?? [];
  const lower = tokens.map((token) => token.toLowerCase());
  const chains: Chain[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const start = at;
    const names: string[] = [];
    let length = lengthOfName(tokens, at);
    while (length > 0) {
      const name = tokens.slice(at, at + length).join(" ");
      addName(names, name.replace(/'s$/, ""), tokens[at - 1] ?? "");
      at += length;
      const end = at;
      // Several separators may stand together, as in ", and".
      while (SEPARATOR.test(tokens[at] ?? "")) at++;
      length = at > end || isBetweenNames(tokens, at) ? lengthOfName(tokens, at) : 0;
    }
    if (names.length > 0) {
      chains.push({ names, before: lower.slice(0, start), after: lower[at] ?? "" });
      // The token after may begin the next chain.
      at--;
    }
  }
  return chains;
}
