import { hideQuotes } from "./quotes.ts";
import { ADDRESS, WEATHER } from "./topics.ts";

const VERB = String.raw`(?:send|write|forward|e-?mail|mail)\b(?![\w.+-]*@|\s*\?|\s+(?:address|tool|is)\b)`;
/** Where an order may begin. "Did you send" and "do not send" are not orders. */
const BEFORE_VERB = String.raw`(?<=^\W*|[.?!,;:]\s+|\b(?:and|then|after that|please|also|first|firstly|second|secondly|finally|now|just|or|next|(?<!\bnot )to|(?<!\b(?:did|have|do|if) )you)\s+)`;
const ANOTHER =
  "(?:another|one|a second|the second|a third|the same|a copy|it|that)(?: (?:e-?mail|mail|message|one))?";
/** How a sentence asks for one more e-mail without a verb. */
const MORE = String.raw`(?:,|;|\band|\bthen)\s+(?:then\s+)?(?:${ANOTHER} to\s|(?:me|${ADDRESS.source}),? (?:one|another|an?|the same)\b)`;
/** The same without a word for the e-mail: "and bob@example.com the weather in LA". */
const MORE_SAID = String.raw`(?:,|;|\band|\bthen)\s+(?:(?:and|then)\s+)?(?:to\s+)?(?:me|${ADDRESS.source}) (?:saying|that|the)\b`;
// The look-behind is tested last, because it may be long.
const START = new RegExp(`(?=${VERB})${BEFORE_VERB}\\w|${MORE}|${MORE_SAID}`, "gi");
const IS_MORE = new RegExp(`^(?:${MORE}|${MORE_SAID})`, "i");
const IS_MORE_SAID = new RegExp(`^${MORE_SAID}`, "i");
const SAYS_ENOUGH = /\b(?:e-?mails?|mails?|messages?|summary|note|letter|one|another|saying)\b|"/i;
const SAYS_WHAT = new RegExp(
  String.raw`\b(?:saying|that|answer|profile)\b|"|${WEATHER.source}`,
  "i",
);
const ABOUT_MAIL =
  /^(?:e-?mail|mail|forward)\b|\b(?:e-?mails?|mails?|messages?|summary|note|letter)\b|@/i;
/** Words for one more e-mail, after the first. */
const ONE_MORE = /\b(?:another|one|it|that|him|her|them)\b|"/i;
const TO_ME = /^\W*(?:please )?(?:tell|show|give) me\b/i;
const CLAUSE_END = /[.?!,;:"\n]|\b(?:and|then)\b/i;
const BY_MAIL = /\b(?:by|via|per|as an?) (?:e-?mail|mail)\b/i;

/** The places where e-mails begin. The next can begin only after some words about the previous one. */
function findStarts(question: string): number[] {
  const starts: number[] = [];
  for (const { 0: words, index } of question.matchAll(START)) {
    const said = question.slice(starts.at(-1) ?? 0, index).replace(/^\s*[\w-]+/, "");
    const enough = IS_MORE_SAID.test(words) ? SAYS_WHAT : SAYS_ENOUGH;
    if (!IS_MORE.test(words) || enough.test(said)) starts.push(index);
  }
  return starts;
}

/** A part of a question that asks for an e-mail, and the words before it in the same clause. */
export type Part = { readonly lead: string; readonly part: string };

/** The parts that ask for e-mails, in order, and the rest of the question. */
export type Orders = { readonly orders: readonly Part[]; readonly rest: string };

function leadOf(question: string): string {
  return question.split(CLAUSE_END).at(-1) ?? "";
}

/** Splits a part with several texts in quotes into several orders. Each ends with its text. */
function splitTexts(part: string, lead = ""): Part[] {
  const pieces = part.match(/[^"]*"[^"]*"/g) ?? [];
  const end = part.slice(pieces.join("").length);
  const parts = pieces.length > 1 ? [...pieces.slice(0, -1), `${pieces.at(-1)}${end}`] : [part];
  return parts.map((one, index) => ({ lead: index === 0 ? lead : "", part: one }));
}

/** Takes a question, returns the parts that ask for e-mails. A part ends where the next one begins. */
export function splitOrders(question: string): Orders {
  // Words in quotes cannot begin an order.
  const hidden = hideQuotes(question);
  const starts = findStarts(hidden);
  const orders: Part[] = [];
  let rest = question.slice(0, starts[0]);
  for (const [place, start] of starts.entries()) {
    const part = question.slice(start, starts[place + 1]);
    const isMore = IS_MORE.test(part) || ONE_MORE.test(part);
    const isOrder = (isMore && orders.length > 0) || (ABOUT_MAIL.test(part) && !IS_MORE.test(part));
    const before = IS_MORE.test(part) ? "" : hidden.slice(starts[place - 1] ?? 0, start);
    if (isOrder) orders.push(...splitTexts(part, leadOf(before)));
    else rest += part;
  }
  if (orders.length === 0 && BY_MAIL.test(hidden)) {
    const wanted = question.replace(TO_ME, "");
    return { orders: splitTexts(ADDRESS.test(question) ? wanted : `Send me ${wanted}`), rest: "" };
  }
  return { orders, rest };
}
