import { type Chain, chainsIn, isCapital } from "./phrases.ts";
import { isCity, isFirstWord } from "./place-words.ts";
import { COMPARE, FEELING, LIKE, WEATHER } from "./topics.ts";

const BEFORE_PLACE = /^(?:in|at|of|for|between|near|around|from|:)$/;

const SUBJECT = /^(?:weather|forecasts?|temp(?:erature)?s?|\w+(?:er|est))$/;
const AFTER_FIRST = /^(?:|is|are|:|weather|forecast|temperatures?)$/;
const GOES_ON = /^\W*(?:and|or|also|plus|what about|how about)\b/i;
/** The end of a sentence, but not after "St." */
export const SENTENCE_END = /(?<!\b(?:St|Mt|Ft|vs))[.?!]+(?=\s|$)|\n/;

/** The end of a clause. A question after "and" may be about something else. */
const CLAUSE_END = new RegExp(
  `${SENTENCE_END.source}|,?\\s+and (?=(?:what|who|when|where|why)\\b)`,
);

function isAboutWeather(sentence: string): boolean {
  return [WEATHER, FEELING, LIKE, COMPARE].some((topic) => topic.test(sentence));
}

/** True if a preposition stands before the chain, perhaps with an article, as in "in the netherlands". */
function followsPreposition({ before }: Chain): boolean {
  const [second = "", first = ""] = before.slice(-2);
  if (BEFORE_PLACE.test(before.at(-1) ?? "")) return true;
  return first === "the" && /^(?:in|at)$/.test(second);
}

/** True if a chain in small letters stands where a place is likely: "weather la", "is la warmer". */
function isBesideSubject({ before, after }: Chain): boolean {
  const words = before.filter((word) => word !== ",");
  const last = words.at(-1) ?? "";
  const isAsked = /^(?:is|are|than|with|compare)$/.test(last);
  if (SUBJECT.test(after) && (isAsked || words.length === 0)) return true;
  if (isAsked)
    return (
      FEELING.test(after) || /^(?:than|compare)$/.test(last) || isAboutWeather(words.join(" "))
    );
  return SUBJECT.test(last) && WEATHER.test(last);
}

/** The names of a chain that are places. After a name with a capital, long names without one do not count. */
function namesOf(chain: Chain): readonly string[] {
  const { names, before, after } = chain;
  const [first = ""] = names;
  const isPlaced = followsPreposition(chain);
  // In "Tell Bob the weather", Bob is not a place.
  if (/^(?:tell|ask)$/.test(before.at(-1) ?? "")) return [];
  if (!names.some(isCapital)) {
    return isPlaced || isBesideSubject(chain) || names.every(isCity) ? names : [];
  }
  // The first word of a sentence always has a capital.
  const isAlone = before.length === 0 && names.length === 1 && !first.includes(" ");
  if (isAlone && !AFTER_FIRST.test(after) && !SUBJECT.test(after)) return [];
  return names.filter((name, index) => {
    const [start = "", ...others] = name.replace(/,.*/, "").split(" ");
    const isPlain = others.length === 0 || isFirstWord(start);
    return isCapital(name) || (isPlain && (isPlaced || index > 0));
  });
}

/** True if a chain in small letters names places even if other places are written with capitals. */
function isSurelyPlaced({ names, before }: Chain): boolean {
  const isPlaced = /^(?:in|at|for)$/.test(before.at(-1) ?? "");
  return names.some(isCapital) || names.every(isCity) || isPlaced;
}

/** The names in some sentences. A person who writes one with a capital seldom writes another without. */
function namesIn(sentences: readonly string[]): string[] {
  const found = sentences.flatMap(chainsIn).map((chain) => ({ chain, names: namesOf(chain) }));
  const hasCapital = found.some(({ names }) => names.some(isCapital));
  const sure = found.filter(({ chain }) => !hasCapital || isSurelyPlaced(chain));
  return sure.flatMap(({ names }) => names);
}

/** Takes a question that consists only of names, returns them. Otherwise returns none. */
export function bareNames(question: string): readonly string[] {
  const [chain, another] = chainsIn(question.replace(/[.?!\s]+$/, ""));
  const isBare = chain && !another && chain.before.length === 0 && chain.after === "";
  return isBare ? chain.names : [];
}

/** Takes a question, returns true if it consists only of names of well-known cities. */
export function isBarePlaces(question: string): boolean {
  const names = bareNames(question);
  return names.length > 0 && names.every((name) => isCity(name.replace(/,.*/, "")));
}

/** Takes a question without its e-mails, returns its places, each once. */
export function placesIn(question: string): string[] {
  const sentences = question.split(CLAUSE_END);
  const first = sentences.findIndex(isAboutWeather);
  const about = sentences.filter((sentence, index) => {
    return isAboutWeather(sentence) || (index > first && first >= 0 && GOES_ON.test(sentence));
  });
  let names = namesIn(about);
  if (names.length === 0) {
    const others = sentences.flatMap(chainsIn).filter((chain) => {
      return followsPreposition(chain) || chain.before.at(-1) === "to";
    });
    names = others.flatMap(namesOf).filter(isCapital);
  }
  // A place that is named twice is kept once, at its first position and with its last spelling.
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}
