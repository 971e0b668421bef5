import { splitOrders } from "./orders.ts";
import { type Recipient, recipientsIn, withoutRecipients } from "./recipients.ts";
import { ADDRESS, MAILBOX, PROFILE, WEATHER } from "./topics.ts";

/** An e-mail that a question asks for: to whom it goes, and what it says, as far as that is told. */
export type Letter = { readonly to: Recipient; readonly text: string | undefined };

/** The e-mails that a question asks for, in its order, and the question without their words. */
export type LettersReading = { readonly letters: readonly Letter[]; readonly rest: string };

/** The words about an e-mail, and apart from them its text; several texts are several e-mails. */
type Order = { readonly words: string; readonly texts: readonly string[] };

const QUOTED = /"([^"]*)"/g;
const SAID =
  /(?:\b(?:saying|says|to say|that reads|telling (?:him|her|them)|(?:with )?the (?:text|words|message)(?! to\b)):?|(?<=@[\w.-]+|\bme):)\s+(?:that\s+)?([^\s"].*)$/is;
/** With what a sentence may go on after the text of an e-mail. */
const GOES_ON =
  /,?\s+(?:and|then)\s+(?:then\s+)?(?=(?:read|show|list|check|open|get|tell me|how|what|who|compare|is it)\b).*$/is;
const TRAILING = /(?:[\s,;]+(?:and|then|and then))?[\s,;]*$/i;
/** How a question begins that stands for its answer, as in "saying how the weather is". */
const INDIRECT = /^(?:what|how|whether|which|the (?:weather|forecast|temperature|answer))\b/i;
const SHARED = /\b(?:both|each|all|the same|a copy)\b/i;

function isAnotherWish(sentence: string): boolean {
  return [ADDRESS, MAILBOX, PROFILE, WEATHER].some((topic) => topic.test(sentence));
}

/** How long a text without quotes is: it ends where the question goes on with something else. */
function lengthOfText(said: string): number {
  const text = said.replace(GOES_ON, "");
  const ends = [...text.matchAll(/[.?!](?=\s)/g)].map(({ index }) => index + 1);
  const end = ends.find((start, place) => isAnotherWish(text.slice(start, ends[place + 1])));
  return text.slice(0, end).replace(TRAILING, "").length;
}

function readOrder(part: string): Order {
  const quoted = [...part.matchAll(QUOTED)].flatMap(([, text]) => text ?? []);
  const texts = quoted.filter((text) => text.trim() !== "");
  if (texts.length > 0) return { words: part.replace(QUOTED, " "), texts };
  const said = SAID.exec(part)?.[1] ?? "";
  const length = INDIRECT.test(said) ? 0 : lengthOfText(said);
  if (length === 0) return { words: part, texts: [] };
  const before = part.slice(0, part.length - said.length);
  return { words: before + said.slice(length), texts: [said.slice(0, length)] };
}

/** The texts of another e-mail, for those that are to say "the same", or "both" of which say it. */
function sharedTexts(orders: readonly Order[], place: number): readonly string[] {
  if (!orders.some(({ words }) => SHARED.test(words))) return [];
  const others = [...orders.slice(0, place).toReversed(), ...orders.slice(place + 1)];
  return others.find(({ texts }) => texts.length > 0)?.texts ?? [];
}

/** An address told before an e-mail belongs to the one whose recipient has a name alone, or none. */
function complete(to: Recipient, told: string | undefined): Recipient {
  const isOpen = to.type === "name" || to.type === "nobody";
  return isOpen && told !== undefined ? { type: "address", address: told } : to;
}

/** The address that goes with an e-mail that names none: "his address is …", "send him another". */
function addressBefore(rest: string, orders: readonly Order[], place: number): string | undefined {
  const spare = ADDRESS.exec(rest)?.[0];
  const isSamePerson = /\b(?:him|her|them)\b/i.test(orders[place]?.words ?? "");
  const [address] = isSamePerson ? recipientsIn(orders[place - 1]?.words ?? "") : [];
  return address?.type === "address" ? address.address : spare;
}

/** Takes a question, returns the e-mails that it asks for, each once, and what else it says. */
export function readLetters(question: string): LettersReading {
  const { orders: parts, rest } = splitOrders(question);
  const orders = parts.map(readOrder);
  const letters = orders.flatMap(({ words, texts }, place) => {
    const told = addressBefore(rest, orders, place);
    const all = texts.length > 0 ? texts : sharedTexts(orders, place);
    const recipients = recipientsIn(words).map((to) => complete(to, told));
    return (all.length > 0 ? all : [undefined]).flatMap((text) => {
      return recipients.map((to) => ({ to, text }));
    });
  });
  const unique = new Map(letters.map((letter) => [JSON.stringify(letter), letter]));
  const others = orders.map(({ words }) => withoutRecipients(words));
  return { letters: [...unique.values()], rest: [rest, ...others].join(" ") };
}
