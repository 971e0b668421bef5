import { splitOrders } from "./orders.ts";
import { placesIn } from "./places.ts";
import { type Book, type Recipient, readBook, readRecipients } from "./recipients.ts";
import { type Order, readOrder } from "./texts.ts";
import { ADDRESS } from "./topics.ts";
import { type Doubt, doubtIn, type ReadOrder } from "./whole.ts";

/** An e-mail that a question asks for: its recipient, and its text if the question gives one. */
export type Letter = {
  readonly to: Recipient;
  readonly text: string | undefined;
  /** Without a text: the places whose weather it tells, in small letters, or undefined for all places. */
  readonly places: readonly string[] | undefined;
};

/** The e-mails that a question asks for, in order, and the question without their words. */
export type LettersReading = {
  readonly letters: readonly Letter[];
  readonly doubt: Doubt | undefined;
  readonly rest: string;
};

const ADDRESSES = new RegExp(ADDRESS.source, "g");
const SAME_PERSON = /\b(?:him|her|them)\b/i;
const VERB_FIRST = /^\W*(?:send|write|forward|e-?mail|mail)\b/i;
const SHARED = /\b(?:both|the same|a copy)\b/i;
/** Words for the content of the previous e-mail. */
const SAME = /\b(?:it|that|the same|a copy)\b/i;

/** The text of another e-mail, for e-mails with "the same" or "both". */
function sharedText(orders: readonly Order[], place: number): string | undefined {
  if (!orders.some(({ words }) => SHARED.test(words))) return undefined;
  const others = [...orders.slice(0, place).toReversed(), ...orders.slice(place + 1)];
  return others.find(({ text }) => text !== undefined)?.text;
}

/** Adds the recipients. "Send him another" and "then one saying …" take those of the previous e-mail. */
function address(orders: readonly Order[], book: Book): ReadOrder[] {
  const all: ReadOrder[] = [];
  for (const order of orders) {
    const { recipients, rest } = readRecipients(order.words, book);
    const isOpen = recipients.every(({ type }) => type === "nobody");
    const isSame = SAME_PERSON.test(order.words) || !VERB_FIRST.test(order.words);
    const before = isOpen && isSame ? all.at(-1) : undefined;
    all.push({ ...order, rest, recipients: before?.recipients ?? recipients });
  }
  return all;
}

function lowerPlaces(words: string): string[] {
  return placesIn(words).map((place) => place.toLowerCase());
}

/** The places of each order: its own, otherwise those of the previous order, otherwise those named elsewhere. */
function placesOf(orders: readonly ReadOrder[], elsewhere: string): Letter["places"][] {
  const all: Letter["places"][] = [];
  const own = orders.map(({ text, rest }) => (text === undefined ? lowerPlaces(rest) : []));
  if (own.every((places) => places.length === 0)) return orders.map(() => undefined);
  for (const [index, { rest }] of orders.entries()) {
    const places = own[index] ?? [];
    const same = SAME.test(rest) ? all.at(-1) : undefined;
    all.push(places.length > 0 ? places : (same ?? lowerPlaces(elsewhere)));
  }
  return all;
}

/** Takes a question, returns the e-mails that it asks for, each once, and the rest of the question. */
export function readLetters(question: string): LettersReading {
  const { book, rest: untold } = readBook(question);
  const { orders: parts, rest: before } = splitOrders(untold);
  const orders = address(parts.map(readOrder), book);
  const others = [before, ...orders.map(({ beyond }) => beyond)].join(" ");
  const places = placesOf(orders, others);
  const letters = orders.flatMap(({ text, recipients }, index) => {
    const said = text ?? sharedText(orders, index);
    const told = said === undefined ? places[index] : undefined;
    return recipients.map((to) => ({ to, text: said, places: told }));
  });
  const unique = new Map(letters.map((letter) => [JSON.stringify(letter), letter]));
  const words = orders.map(({ rest, beyond }) => rest.replace('""', " ") + beyond);
  return {
    letters: [...unique.values()],
    doubt: doubtIn(orders, others),
    rest: [before, ...words].join(" ").replace(ADDRESSES, ""),
  };
}
