// What a user says next may answer what was asked back, or go on with the question before.
import type { Earlier } from "./conversation.ts";
import { nameMonth } from "./months.ts";
import { bareNames, isBarePlaces } from "./places.ts";
import { readQuestion, type Wish } from "./question.ts";
import { ADDRESS } from "./topics.ts";

/** Whoever says more than that asks a question of its own. */
const LONGEST_ANSWER = 200;
const GOES_ON = /^\W*(?:and|or|what about|how about)\s+((?:in|for)\s+)?/i;
const IN = /^\W*(?:in|for)\s+/i;
const ADDRESS_FIRST = new RegExp(
  String.raw`^\W*(?:(?:it|(?:his|her|their) (?:e-?mail )?address) is )?(${ADDRESS.source})`,
  "i",
);
/** What an e-mail shall say. Without such a word or quotes, "never mind" would be sent. */
const SAYS =
  /^[\s,;.]*(?:and )?(?:(?:it shall )?say(?:ing)?:?\s+(?:that\s+)?|(?="))"?([^"]*)"?\s*$/i;

/** "And in Paris?": what was asked before, of another place. */
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

/** "Paris", where a city was missing. */
function addPlace(before: string, { weather, places, past }: Wish, said: string) {
  const isPast = past.months.length > 0 && past.places.length === 0;
  const isMissing = isPast || (weather && places.length === 0);
  const answer = said.replace(IN, "");
  return isMissing && isBarePlaces(answer) ? `${before} And in ${answer}` : undefined;
}

/** "bob@example.com, say hello", where the one or the other of an e-mail was missing. */
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
 * Takes the last question and those before it. Returns what is asked, in one text: where the last
 * question is the bare answer to what was missing, both together, else the last one as it is.
 */
export function readTogether(question: string, earlier: readonly Earlier[]): string {
  const last: Earlier = { question, hasMailed: false };
  const all = [...earlier, last];
  return all.reduce((before, next) => ({ ...next, question: join(before, next.question) }))
    .question;
}
