// Joins questions: the next one may answer what the model asked back, or continue the question before.
import type { Earlier } from "./conversation.ts";
import { nameMonth } from "./months.ts";
import { bareNames, isBarePlaces } from "./places.ts";
import { readQuestion, type Wish } from "./question.ts";
import { ADDRESS } from "./topics.ts";

/** A longer text is a question of its own. */
const LONGEST_ANSWER = 200;
const GOES_ON = /^\W*(?:and|or|what about|how about)\s+((?:in|for)\s+)?/i;
const IN = /^\W*(?:in|for)\s+/i;
const ADDRESS_FIRST = new RegExp(
  String.raw`^\W*(?:(?:it|(?:his|her|their) (?:e-?mail )?address) is )?(${ADDRESS.source})`,
  "i",
);
/** The text for an e-mail. Without such a word or quotes, "never mind" would be sent. */
const SAYS =
  /^[\s,;.]*(?:and )?(?:(?:it shall )?say(?:ing)?:?\s+(?:that\s+)?|(?="))"?([^"]*)"?\s*$/i;

/** "And in Paris?" asks the question before about another place. */
function changePlace({ weather, past }: Wish, said: string): string | undefined {
  const [begin, preposition] = GOES_ON.exec(said) ?? [];
  if (begin === undefined) return undefined;
  const places = said.slice(begin.length);
  const isPlace = preposition ? bareNames(places).length > 0 : isBarePlaces(places);
  if (!isPlace) return undefined;
  const months = past.months.map(nameMonth).join(" and ");
  if (months !== "") return `How was ${months} ${past.year ?? ""} in ${places}`;
  return weather ? `How is the weather in ${places}` : undefined;
}

/** "Paris" adds a city that was missing. */
function addPlace(before: string, { weather, places, past }: Wish, said: string) {
  const isPast = past.months.length > 0 && past.places.length === 0;
  const isMissing = isPast || (weather && places.length === 0);
  const answer = said.replace(IN, "");
  return isMissing && isBarePlaces(answer) ? `${before} And in ${answer}` : undefined;
}

/** "bob@example.com, say hello" adds the address or the text that was missing from an e-mail. */
function addToLetter(before: string, { letters }: Wish, said: string): string | undefined {
  const [letter, another] = letters;
  if (!letter || another) return undefined;
  const [words = "", address] = ADDRESS_FIRST.exec(said) ?? [];
  const rest = said.slice(words.length);
  const text = SAYS.exec(rest)?.[1];
  const { to } = letter;
  const isOpen = to.type === "name" || to.type === "nobody";
  if ((address === undefined) === isOpen || (text === undefined && /\w/.test(rest)))
    return undefined;
  if (text !== undefined && letter.text !== undefined) return undefined;
  const told = to.type === "name" ? `${to.name}'s address is ${address}. ` : "";
  const order = before.replace(/[\s.?!]+$/, "");
  const receiver = to.type === "nobody" ? ` to ${address}` : "";
  return `${told}${order}${receiver}${text === undefined ? "" : ` saying "${text}"`}`;
}

function join(before: Earlier, said: string): string {
  if (said.length > LONGEST_ANSWER) return said;
  const { question, hasMailed } = before;
  const wish = readQuestion(question);
  const changed = changePlace(wish, said);
  // An e-mail that has been sent must not be sent again.
  if (changed !== undefined || hasMailed) return changed ?? said;
  return addPlace(question, wish, said) ?? addToLetter(question, wish, said) ?? said;
}

/**
 * Takes the last question and the earlier ones. Returns what is asked, as one text. If the last question
 * only gives what was missing, returns both together, otherwise the last question as it is.
 */
export function readTogether(question: string, earlier: readonly Earlier[]): string {
  const last: Earlier = { question, hasMailed: false };
  const all = [...earlier, last];
  return all.reduce((before, next) => ({ ...next, question: join(before, next.question) }))
    .question;
}
