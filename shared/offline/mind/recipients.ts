import { ADDRESS } from "./topics.ts";

/** To whom an e-mail goes: an address, the user, somebody whose address is not told, or nobody named. */
export type Recipient =
  | { readonly type: "address"; readonly address: string }
  | { readonly type: "user" }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "nobody" };

const ADDRESSES = new RegExp(ADDRESS.source, "g");
const MY_ADDRESS = String.raw`my (?:own )?(?:e-?mail|mail|inbox|mailbox|address)(?: address)?\b`;
const USER = new RegExp(
  String.raw`^\W*\w[\w-]* (?:me|us)\b|\b(?:to|for|and)\s+(?:me|us|myself|${MY_ADDRESS})|^\W*me\b`,
  "i",
);
const NOT_A_NAME =
  /^(?:an?|the|me|us|my|myself|your|him|her|them|it|this|that|these|those|one|two|three|both|another|some|any|all|and|to|of|e-?mails?|mails?|messages?|summary|say|tell|ask|note|letters?|somebody|someone|everybody|everyone|now|then|please|about|with|saying|says|on|in|at|for|by|from|what|how|if)$/i;
const NAMES = /(?:^\W*(?:send|write|forward|e-?mail|mail) (?:to )?|\bto )([\p{L}][\p{L}'-]*)/giu;

/** Somebody beside the user: "me and Bob", "Bob and me". */
const BESIDE_USER = /\bme and ([\p{L}'-]+)|([\p{L}'-]+) and me\b/iu;

function nameIn(words: string): string | undefined {
  const names = [...words.matchAll(NAMES)].flatMap(([, name]) => name ?? []);
  return names.find((name) => !NOT_A_NAME.test(name))?.replace(/'s$/, "");
}

/** The first sentence says to whom; what comes later may be about somebody else. */
function firstSentence(words: string): string {
  return words.split(/[.?!](?:\s|$)/)[0] ?? "";
}

/** Takes the words about an e-mail without its text, returns to whom it goes: one recipient or more. */
export function recipientsIn(words: string): readonly Recipient[] {
  const head = firstSentence(words);
  const found = [...words.matchAll(ADDRESSES)].map(([address]) => address);
  const recipients: Recipient[] = [...new Set(found)].map((address) => ({
    type: "address",
    address,
  }));
  if (USER.test(head)) recipients.push({ type: "user" });
  const [, after, before] = BESIDE_USER.exec(head) ?? [];
  const beside = after ?? before ?? "me";
  if (!NOT_A_NAME.test(beside) && found.length === 0) {
    recipients.push({ type: "name", name: beside });
  }
  if (recipients.length > 0) return recipients;
  const name = nameIn(head);
  return [name === undefined ? { type: "nobody" } : { type: "name", name }];
}

/** Takes the words about an e-mail, returns them without those that say to whom it goes. */
export function withoutRecipients(words: string): string {
  const name = nameIn(firstSentence(words));
  const rest = words.replace(ADDRESSES, "").replace(new RegExp(`to ${MY_ADDRESS}`, "gi"), "");
  if (name === undefined) return rest;
  return rest.replace(new RegExp(`(?<!\\p{L})${name}(?!\\p{L})`, "u"), "");
}
