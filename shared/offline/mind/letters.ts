import { splitOrders } from "./orders.ts";
import { type Recipient, recipientsIn, withoutRecipients } from "./recipients.ts";
import { ADDRESS, MAILBOX, PROFILE, WEATHER } from "./topics.ts";

/** An e-mail that a question asks for: to whom it goes, and what it says, as far as that is told. */
export type Letter = { readonly to: Recipient; readonly text: string | undefined };

/** The e-mails that a question asks for, in its order, and the question without their words. */
export type LettersReading = { readonly letters: readonly Letter[]; readonly rest: string };

/** The words about an e-mail, and apart from them its text. */
type Order = { readonly words: string; readonly text: string | undefined };

const QUOTED = /"([^"]*)"/;
const SAID =
  /(?:\b(?:saying|says|(?:to|and) say|that reads|(?:telling|and tell) (?:him|her|them)|(?:with )?the (?:text|words|message)(?! to\b)):?|(?<=@[\w.-]+|\bme)(?::| that))\s+(?:that\s+)?([^\s"].*)$/is;
/** With what a sentence may go on after the text of an e-mail. */
const GOES_ON =
  /,?\s+(?:and|then)\s+(?:then\s+)?(?=(?:read|show|list|check|open|get|tell me|how|what|who|compare|is it)\b).*$/is;
/** "Saying hi to bob@example.com" says hi. */
const TO_ADDRESS = /\s+to [\w.+-]+@.*$/s;
const TRAILING = /(?:[\s,;]+(?:and|then|and then))?[\s,;]*$/i;
/** How a question begins that stands for its answer, as in "saying how the weather is". */
const INDIRECT =
  /^(?:what|how|whether|which|the (?:weather|forecast|temperature|answer)\b(?!.* is\b))/i;
const SAME_PERSON = /\b(?:him|her|them)\b/i;
const VERB_FIRST = /^\W*(?:send|write|forward|e-?mail|mail)\b/i;
const SHARED = /\b(?:both|each|all|the same|a copy)\b/i;

function isAnotherWish(sentence: string): boolean {
  return [ADDRESS, MAILBOX, PROFILE, WEATHER].some((topic) => topic.test(sentence));
}

/** How long a text without quotes is: it ends where the question goes on with something else. */
function lengthOfText(said: string): number {
  const text = said.replace(GOES_ON, "").replace(TO_ADDRESS, "");
  const ends = [...text.matchAll(/[.?!](?=\s)/g)].map(({ index }) => index + 1);
  const end = ends.find((start, place) => isAnotherWish(text.slice(start, ends[place + 1])));
  return text.slice(0, end).replace(TRAILING, "").length;
}

function readOrder(part: string): Order {
  const quoted = QUOTED.exec(part)?.[1];
  if (quoted !== undefined) return { words: part.replace(QUOTED, " "), text: quoted };
  const said = SAID.exec(part)?.[1] ?? "";
  const length = INDIRECT.test(said) ? 0 : lengthOfText(said);
  if (length === 0) return { words: part, text: undefined };
  const before = part.slice(0, part.length - said.length);
  return { words: before + said.slice(length), text: said.slice(0, length) };
}

/** The text of another e-mail, for those that are to say "the same", or "both" of which say it. */
function sharedText(orders: readonly Order[], place: number): string | undefined {
  if (!orders.some(({ words }) => SHARED.test(words))) return undefined;
  const others = [...orders.slice(0, place).toReversed(), ...orders.slice(place + 1)];
  return others.find(({ text }) => text !== undefined)?.text;
}

/** Each order's recipients. "Send him another", "then one saying …": those of the e-mail before. */
function recipientsOf(orders: readonly Order[], told: string | undefined): Recipient[][] {
  const all: Recipient[][] = [];
  for (const { words } of orders) {
    const recipients = recipientsIn(words).map((to): Recipient => {
      const isOpen = to.type === "name" || to.type === "nobody";
      return isOpen && told !== undefined ? { type: "address", address: told } : to;
    });
    const isOpen = recipients.every(({ type }) => type === "nobody");
    const isSame = SAME_PERSON.test(words) || !VERB_FIRST.test(words);
    const before = all.at(-1);
    all.push(isOpen && isSame && before ? before : recipients);
  }
  return all;
}

/** Takes a question, returns the e-mails that it asks for, each once, and what else it says. */
export function readLetters(question: string): LettersReading {
  const { orders: parts, rest } = splitOrders(question);
  const orders = parts.map(readOrder);
  // An address that stands before them all belongs to whoever has a name alone.
  const recipients = recipientsOf(orders, ADDRESS.exec(rest)?.[0]);
  const letters = orders.flatMap(({ text }, place) => {
    const said = text ?? sharedText(orders, place);
    return (recipients[place] ?? []).map((to) => ({ to, text: said }));
  });
  const unique = new Map(letters.map((letter) => [JSON.stringify(letter), letter]));
  const others = orders.map(({ words }) => withoutRecipients(words));
  return { letters: [...unique.values()], rest: [rest, ...others].join(" ") };
}
