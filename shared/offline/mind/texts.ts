// Where the text of an e-mail begins and ends.
import type { Part } from "./orders.ts";
import { SENTENCE_END } from "./places.ts";
import { LIKE, MAILBOX, PROFILE, WEATHER } from "./topics.ts";

/** A part of a question that asks for e-mails. */
export type Order = {
  /** What stands before it in the same clause. */
  readonly lead: string;
  /** Its words, with "" where its text stands. */
  readonly words: string;
  readonly text: string | undefined;
  /** The text stands in quotes, so that it is known where it ends. */
  readonly quoted: boolean;
  /** What the question goes on with after the order. */
  readonly beyond: string;
};

const QUOTED = /"([^"]*)"/;
const SAID =
  /(?:\b(?:saying|says|(?:to|and) say|that reads|(?:telling|and tell) (?:him|her|them)|(?:with )?the (?:text|words|message)(?! to\b)):?|(?<=@[\w.-]+|\bme)(?::| that(?! (?:says|reads)\b)))\s+(?:that\s+)?([^\s"].*)$/is;
/** With what a question may go on after an order, if that is about something it can be about. */
const VERBS = "(?:read|show|list|check|open|get|tell me|compare|is it)";
const AFTER_TEXT = `(?:how|what|who|the (?:weather|forecast|temperature) (?:in|of|for)\\b(?!.*\\bis\\b))`;
const AND = String.raw`(?:\s*,)?\s+(?:and|then)\s+(?:then\s+)?`;
const COMMA = String.raw`\s*,\s+`;
const AFTER_ORDER = new RegExp(`(?:${AND}|${COMMA})${VERBS}\\b`, "gi");
const AFTER_SAID = new RegExp(`${AND}(?:${VERBS}|${AFTER_TEXT})\\b|${COMMA}${VERBS}\\b`, "gi");
/** "Saying hi to bob@example.com" says hi. */
const TO_ADDRESS = /\s+to [\w.+-]+@[\w.-]+\s*$/;
const TRAILING = /(?:[\s,;]+(?:and|then|and then))?[\s,;]*$/i;
/** How a question begins that stands for its answer, as in "saying how the weather is". */
const INDIRECT =
  /^(?:what|how|whether|which|the (?:weather|forecast|temperature|answer)\b(?!.* is\b))/i;

function isWish(words: string): boolean {
  return [MAILBOX, PROFILE, WEATHER, LIKE].some((topic) => topic.test(words));
}

/** Where something else begins that is asked for in the same sentence; the end if nothing does. */
function findWish(words: string, start: RegExp): number {
  const starts = [...words.matchAll(start)].map(({ index }) => index);
  const begin = starts.find((index, place) => isWish(words.slice(index, starts[place + 1])));
  return begin ?? words.length;
}

/** How long a text without quotes is: it ends where the question goes on with something else. */
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

/** How many of the words belong to an order. A new sentence may begin right after its text. */
function lengthOfOrder(words: string, text: string | undefined): number {
  if (text !== undefined && /[.?!]$/.test(text) && /^\s+\p{Lu}/u.test(words)) return 0;
  const end = SENTENCE_END.exec(words)?.index ?? words.length;
  return findWish(words.slice(0, end), text === undefined ? AFTER_ORDER : AFTER_SAID);
}

/** Takes a part of a question that asks for e-mails, returns its words and its text. */
export function readOrder({ lead, part }: Part): Order {
  const { before, text, after, quoted } = findText(part);
  const open = text === undefined ? before : after;
  const length = lengthOfOrder(open, text);
  const own = open.slice(0, length);
  const words = text === undefined ? own : `${before}""${own}`;
  return { lead, words, text, quoted, beyond: open.slice(length) };
}
