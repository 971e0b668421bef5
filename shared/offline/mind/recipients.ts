import { ADDRESS } from "./topics.ts";

/** The recipient of an e-mail: an address, the user, a person without a known address, or nobody. */
export type Recipient =
  | { readonly type: "address"; readonly address: string }
  | { readonly type: "user" }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "nobody" };

/** The addresses of people, by their names in small letters. */
export type Book = ReadonlyMap<string, string>;

/** The recipients of an e-mail, and the words about it without them. */
export type RecipientsReading = {
  readonly recipients: readonly Recipient[];
  readonly rest: string;
};

const MY_ADDRESS = String.raw`my (?:own )?(?:e-?mail|mail|inbox|mailbox|address)(?: address)?\b`;
/** "Me at bob@example.com" and "Bob <bob@example.com>" both mean the address. */
const AT = String.raw`(?:\p{L}[\p{L}'-]{0,40}\s+(?:at\s+|[(<]))?${ADDRESS.source}[)>]?`;
const AND = String.raw`(?:\s*[,;&]\s*(?:and\s+)?|\s+and\s+)(?:also\s+)?(?:to\s+)?`;
/** After the verb of an order, or at the beginning of an order without a verb. */
const FIRST = String.raw`^\W*(?:(?:and|then)\s+){0,2}(?:(?:send|write|forward|e-?mail|mail|tell)\s+)?(?:to\s+)?(?:both\s+)?`;
const AFTER_TO = String.raw`\b(?:to|for)\s+(?:both\s+)?`;

const NOT_A_NAME =
  /^(?:an?|the|me|us|my|myself|your|him|her|them|it|this|that|these|those|one|two|three|both|another|some|any|all|and|to|of|e-?mails?|mails?|messages?|summary|say|tell|ask|note|letters?|somebody|someone|everybody|everyone|now|then|please|about|with|saying|says|on|in|at|for|by|from|what|how|if)$/i;
const NAMES = /(?:^\W*(?:send|write|forward|e-?mail|mail) (?:to )?|\bto )([\p{L}][\p{L}'-]*)/giu;

/** "Bob's address is bob@example.com." */
const TOLD = new RegExp(
  String.raw`(?<![\p{L}'-])(\p{L}[\p{L}-]{0,40})'s (?:e-?mail )?(?:address )?is (${ADDRESS.source})[.,;]?`,
  "giu",
);

/** Takes a question, returns the addresses that it gives for names, and the question without them. */
export function readBook(question: string): { book: Book; rest: string } {
  const told = [...question.matchAll(TOLD)];
  const entries = told.map(([, name = "", address = ""]) => [name.toLowerCase(), address] as const);
  return { book: new Map(entries), rest: question.replace(TOLD, "") };
}

/** Matches a list of recipients after the verb, or after "to". */
function listPattern(book: Book): RegExp {
  const names = [...book.keys()].map((name) => `${name}(?![\\p{L}'-])`);
  const one = `(?:${[AT, "(?:me|us|myself)\\b", MY_ADDRESS, ...names].join("|")})`;
  return new RegExp(`(?:${FIRST}|${AFTER_TO})(${one}(?:${AND}${one})*)`, "giu");
}

function readOne(words: string, book: Book): Recipient {
  const address = ADDRESS.exec(words)?.[0] ?? book.get(words.toLowerCase());
  return address === undefined ? { type: "user" } : { type: "address", address };
}

function nameIn(words: string): string | undefined {
  const names = [...words.matchAll(NAMES)].flatMap(([, name]) => name ?? []);
  return names.find((name) => !NOT_A_NAME.test(name))?.replace(/'s$/, "");
}

/** The recipient without an address: a person with a name, or nobody. */
function readName(words: string): RecipientsReading {
  const name = nameIn(words);
  if (name === undefined) return { recipients: [{ type: "nobody" }], rest: words };
  const rest = words.replace(new RegExp(`(?<!\\p{L})${name}(?!\\p{L})`, "u"), "");
  return { recipients: [{ type: "name", name }], rest };
}

/**
 * Takes the words of an order and the addresses that were given for names. Returns its recipients, one
 * or more. Only the first of several lists is read. The others stay in the words.
 */
export function readRecipients(words: string, book: Book): RecipientsReading {
  const match = listPattern(book).exec(words);
  if (!match) return readName(words);
  const [all, list = ""] = match;
  const ones = list.split(new RegExp(AND, "iu")).map((one) => readOne(one, book));
  const unique = new Map(ones.map((one) => [JSON.stringify(one), one]));
  const end = match.index + all.length;
  const rest = words.slice(0, end - list.length) + words.slice(end);
  return { recipients: [...unique.values()], rest };
}
