import { splitOrders } from "./orders.ts";
import { type Recipient, recipientsIn, withoutRecipients } from "./recipients.ts";
import { ADDRESS, MAILBOX, PROFILE, WEATHER } from "./topics.ts";

/** An e-mail that a question asks for: to whom it goes, and what it says, as far as that is told. */
export type Letter = { readonly to: Recipient; readonly text: string | undefined };

/** The e-mails that a question asks for, in its order, and the question without their words. */
export type LettersReading = { readonly letters: readonly Letter[]; readonly rest: string };

/** The words about an e-mail, and apart from them its text. */
type Order = { readonly words: string; readonly text: string | undefined };

const QUOTED = /"([^"]+)"/;
const SAID =
  /(?:\b(?:saying|says|to say|that reads|telling (?:him|her|them)|(?:with )?the (?:text|words|message)(?! to\b)):?|(?<=@[\w.-]+|\bme):)\s+(?:that\s+)?([^\s"].*)$/is;
/** With what a sentence may go on after the text of an e-mail. */
const GOES_ON =
  /,?\s+(?:and|then)\s+(?:then\s+)?(?=(?:read|show|list|check|open|get|tell me|how|what|who|compare|is it)\b).*$/is;
const TRAILING = /(?:[\s,;]+(?:and|then|and then))?[\s,;]*$/i;
const SHARED = /\b(?:both|each|all|the same|a copy)\b/i;

function isAnotherWish(sentence: string): boolean {
  return [ADDRESS, MAILBOX, PROFILE, WEATHER].some((topic) => topic.test(sentence));
}

/** A text without quotes ends where the question goes on with something else. */
function endText(said: string): string {
  const [first = "", ...more] = said.replace(GOES_ON, "").split(/(?<=[.?!])\s+/);
  const end = more.findIndex(isAnotherWish);
  const sentences = [first, ...(end === -1 ? more : more.slice(0, end))];
  return sentences.join(" ").replace(TRAILING, "");
}

function readOrder(part: string): Order {
  const quoted = QUOTED.exec(part);
  const said = SAID.exec(part)?.[1];
  const text = quoted?.[1] ?? (said && endText(said));
  return { words: text ? part.replace(text, "") : part, text: text || undefined };
}

/** The text of another e-mail, for those that are to say "the same", or "both" of which say it. */
function sharedText(orders: readonly Order[], place: number): string | undefined {
  const others = [...orders.slice(0, place).toReversed(), ...orders.slice(place + 1)];
  return others.find(({ text }) => text !== undefined)?.text;
}

/** An address that no e-mail names belongs to the one whose recipient has a name alone. */
function complete(to: Recipient, spare: string | undefined): Recipient {
  const isOpen = to.type === "name" || to.type === "nobody";
  return isOpen && spare !== undefined ? { type: "address", address: spare } : to;
}

/** Takes a question, returns the e-mails that it asks for, each once, and what else it says. */
export function readLetters(question: string): LettersReading {
  const { orders: parts, rest } = splitOrders(question);
  const orders = parts.map(readOrder);
  const isShared = orders.some(({ words }) => SHARED.test(words));
  const spare = ADDRESS.exec(rest)?.[0];
  const letters = orders.flatMap(({ words, text }, place) => {
    const shared = isShared ? sharedText(orders, place) : undefined;
    return recipientsIn(words).map((to) => {
      return { to: complete(to, spare), text: text ?? shared };
    });
  });
  const unique = new Map(letters.map((letter) => [JSON.stringify(letter), letter]));
  const others = orders.map(({ words }) => withoutRecipients(words));
  return { letters: [...unique.values()], rest: [rest, ...others].join(" ") };
}
