// Finds out where the text of an e-mail begins and ends.
import type { Part } from "./orders.ts";
import { SENTENCE_END } from "./places.ts";
import { LIKE, MAILBOX, PROFILE, WEATHER } from "./topics.ts";

/** A part of a question that asks for an e-mail. */
export type Order = {
  /** The words before it in the same clause. */
  readonly lead: string;
  /** Its words, with "" in place of its text. */
  readonly words: string;
  readonly text: string | undefined;
  /** True if the text stands in quotes, which show where it ends. */
  readonly quoted: boolean;
  /** The words of the question after the order. */
  readonly beyond: string;
};

const QUOTED = /"([^"]*)"/;
const SAID =
  /(?:\b(?:saying|says|(?:to|and) say|that reads|(?:telling|and tell) (?:him|her|them)|(?:with )?the (?:text|words|message)(?! to\b)):?|(?<=@[\w.-]+|\bme)(?::| that(?! (?:says|reads)\b)))\s+(?:that\s+)?([^\s"].*)$/is;
/** Words with which a question may go on after an order. */
const VERBS = "(?:read|show|list|check|open|get|tell me|compare|is it)";
const AFTER_TEXT = `(?:how|what|who|the (?:weather|forecast|temperature) (?:in|of|for)\\b(?!.*\\bis\\b))`;
const AND = String.raw`(?:\s*,)?\s+(?:and|then)\s+(?:then\s+)?`;
const COMMA = String.raw`\s*,\s+`;
const AFTER_ORDER = new RegExp(`(?:${AND}|${COMMA})${VERBS}\\b`, "gi");
const AFTER_SAID = new RegExp(`${AND}(?:${VERBS}|${AFTER_TEXT})\\b|${COMMA}${VERBS}\\b`, "gi");
/** In "saying hi to bob@example.com", the text is "hi". */
const TO_ADDRESS = /\s+to [\w.+-]+@[\w.-]+\s*$/;
const TRAILING = /(?:[\s,;]+(?:and|then|and then))?[\s,;]*$/i;
/** The beginning of an indirect question, as in "saying how the weather is". The e-mail tells its answer. */
const INDIRECT =
  /^(?:what|how|whether|which|the (?:weather|forecast|temperature|answer)\b(?!.* is\b))/i;

function isWish(words: string): boolean {
  return [MAILBOX, PROFILE, WEATHER, LIKE].some((topic) => topic.test(words));
}

/** The position where another wish begins in the same sentence, or the end of the words. */
function findWish(words: string, start: RegExp): number {
  const starts = [...words.matchAll(start)].map(({ index }) => index);
  const begin = starts.find((index, place) => isWish(words.slice(index, starts[place + 1])));
  return begin ?? words.length;
}

/** The length of a text without quotes. It ends where another wish begins. */
function lengthOfText(said: string): number {
  const text = said.slice(0, findWish(said, AFTER_SAID)).replace(TO_ADDRESS, "");
  const ends = [...text.matchAll(/[.?!](?=\s)/g)].map(({ index }) => index + 1);
  const end = ends.find((start, place) => isWish(text.slice(start, ends[place + 1])));
  return text.slice(0, end).replace(TRAILING, "").length;
}

/** The text of an order, and the words before and after it. */
function findText(part: string) {
  const match = QUOTED.exec(part);
  if (match) {
    const [{ length }, text] = match;
    const after = part.slice(match.index + length);
    return { before: part.slice(0, match.index), text, after, quoted: true };
  }
  const said = SAID.exec(part)?.[1] ?? "";
  const length = INDIRECT.test(said) ? 0 : lengthOfText(said);
  if (length === 0) return { before: part, text: undefined, after: "", quoted: false };
  const [text, after] = [said.slice(0, length), said.slice(length)];
  return { before: part.slice(0, part.length - said.length), text, after, quoted: false };
}

/** How many of the words after the text belong to the order. A new sentence may begin right there. */
function lengthOfOrder(words: string, text: string | undefined): number {
  if (text !== undefined && /[.?!]$/.test(text) && /^\s+\p{Lu}/u.test(words)) return 0;
  const end = SENTENCE_END.exec(words)?.index ?? words.length;
  return findWish(words.slice(0, end), text === undefined ? AFTER_ORDER : AFTER_SAID);
}

/** Takes a part of a question that asks for an e-mail, returns its words and its text. */
export function readOrder({ lead, part }: Part): Order {
  const { before, text, after, quoted } = findText(part);
  const open = text === undefined ? before : after;
  const length = lengthOfOrder(open, text);
  const own = open.slice(0, length);
  const words = text === undefined ? own : `${before}""${own}`;
  return { lead, words, text, quoted, beyond: open.slice(length) };
}
