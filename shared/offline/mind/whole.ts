// An e-mail cannot be taken back, so it is sent only if every word about it is understood.
import { placesIn } from "./places.ts";
import type { Recipient } from "./recipients.ts";
import type { Order } from "./texts.ts";
import { ADDRESS, PROFILE, WEATHER } from "./topics.ts";

const VERBS = "send write forward email e-mail mail saying says say reads telling tell";
const THINGS =
  "emails e-mails mails message messages note letter text words copy summary two three same it that this these finally";
const MANNERS =
  "a an the and then also too just please now kindly at once again only once twice times both each all " +
  "him her them with via by per as of about for to if possible";
const MAIL = new Set(`${VERBS} ${THINGS} ${MANNERS}`.split(" "));
/** Words for an e-mail that has a text. Without a text, they may mean one of several results. */
const ORDINALS = /^(?:first|second|third|one|another)$/;

/** Words for the results that an e-mail tells, besides those about the weather and the places. */
const RESULTS = new Set(
  (
    "answer result results report comparison compare difference between or than which what how who whether is are today i am my " +
    "name profile address in on like today current currently right city cities place places those between most more " +
    "climate study studies warm hot cold cool chilly dry wet outside there"
  ).split(" "),
);

/** How an order may begin: "Could you please", "I want you to". "I forgot to" is not an order. */
const POLITE =
  "please|kindly|now|just|also|next|first|firstly|second|secondly|finally|so|ok|okay|hi|hello|hey|after that";
const ASKED =
  "(?:can|could|will|would) you|i(?:'d| would)? (?:want|like|need) (?:you )?to|you (?:should|must|may|can)|(?:use|call) (?:the |your )?(?:send_email|e-?mail)(?: tool)? to|help me(?: to)?|to";
const LEAD = new RegExp(
  `^\\W*(?:(?:${POLITE})\\s+)*(?:(?:${ASKED})\\s+)?(?:(?:${POLITE})\\s+)*$`,
  "i",
);
/** Words outside of the orders that may take an order back or make it conditional. */
const HEDGE =
  /\b(?:not|never|cannot|unless|until|when(?:ever)?|before|after(?! that)|instead|rather|in case|as soon as|without|except|cancel|stop|wait)\b|n't\b/i;

const ANY_WORD = /[\p{L}\p{N}@_'-]+/gu;
const SENDER = new RegExp(String.raw`\bfrom\s+(?:${ADDRESS.source}|me\b|my\b)`, "i");

/** Why e-mails are not sent: the question chooses their sender, or it is unclear what goes to whom. */
export type Doubt = "sender" | "unsure";

/** An order, its recipients, and its words without them. */
export type ReadOrder = Order & {
  readonly recipients: readonly Recipient[];
  readonly rest: string;
};

function isUnderstood({ lead, text, rest }: ReadOrder): boolean {
  if (!LEAD.test(lead)) return false;
  const places = text === undefined ? placesIn(rest) : [];
  // An e-mail tells either the weather or the profile.
  if (places.length > 0 && PROFILE.test(rest)) return false;
  const names = new Set(places.flatMap((place) => place.toLowerCase().match(ANY_WORD) ?? []));
  const words = rest.toLowerCase().match(ANY_WORD) ?? [];
  return words.every((whole) => {
    const word = whole.replace(/'s$/, "");
    if (MAIL.has(word) || /^\d+$/.test(word)) return true;
    const isTopic = RESULTS.has(word) || WEATHER.test(word) || names.has(word);
    return text === undefined ? isTopic : ORDINALS.test(word);
  });
}

/** True if an order could send an e-mail. For one without an address, the model asks back instead. */
function isAddressed({ recipients }: ReadOrder): boolean {
  return recipients.some(({ type }) => type === "address" || type === "user");
}

/** Words that ask for an e-mail, perhaps in an unknown form. */
const MAY_ORDER =
  /\b(?:send|write|forward|e-?mail|mail|b?cc|tell|ask|let|inform|notify|remind|message|reply)\b/i;

/** Takes the orders of a question and its other words. Returns why its e-mails are not sent, or undefined. */
export function doubtIn(orders: readonly ReadOrder[], others: string): Doubt | undefined {
  if (orders.length === 0 && !MAY_ORDER.test(others)) return undefined;
  const words = [...orders.map(({ rest }) => rest), others];
  if (words.some((part) => SENDER.test(part))) return "sender";
  // An address in a text without quotes may be the recipient of another e-mail.
  const texts = orders.flatMap(({ text, quoted }) => (quoted ? [] : (text ?? [])));
  const hasUnread = [...words, ...texts].some((part) => ADDRESS.test(part));
  const open = orders.filter(isAddressed);
  const isRead = open.every(isUnderstood) && !(open.length > 0 && HEDGE.test(others));
  return hasUnread || !isRead ? "unsure" : undefined;
}
