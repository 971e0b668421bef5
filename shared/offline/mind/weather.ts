import { type Limit, readLimits } from "./limits.ts";
import { isCity } from "./place-words.ts";
import { isBarePlaces, placesIn } from "./places.ts";
import { COMPARE, FEELING, IS_IT, LIKE, WEATHER } from "./topics.ts";

/** What is to be found out of several temperatures. */
export type Comparison = "warm" | "cold" | "difference";

/** What a question wants to know of the weather now. */
export type WeatherWish = {
  /** The weather is wanted. */
  readonly weather: boolean;
  /** Places whose weather is wanted, spelt as in the question. */
  readonly places: readonly string[];
  /** All places that there are, without their names. */
  readonly everywhere: boolean;
  readonly comparison: Comparison | undefined;
  /** Several comparisons are wanted, of which only that one is made. */
  readonly hasMore: boolean;
  /** Whether it rains is wanted. */
  readonly rain: boolean;
  /** What is wanted of the weather and no tool tells. */
  readonly limits: readonly Limit[];
};

const EVERYWHERE =
  /\beverywhere\b|\b(?:every|all|each)\b[^.?!]*\b(?:city|cities|places?|towns?)\b/i;
/** "Which cities do you know?" */
const CITIES = /\b(?:which|what|list)(?: all)?(?: the)? (?:cities|places|towns)\b/i;
const THAN_NUMBER = /\bthan -?\d/i;
const RAIN = /\b(?:umbrella|rain(?:s|y|ing)?)\b/i;
const COMPARISONS = [
  { comparison: "difference", words: /\bdifference\b|\bhow much (?:warm|hott|cold|cool)er\b/i },
  { comparison: "warm", words: /\b(?:warm|hott)(?:er|est)\b/i },
  { comparison: "cold", words: /\b(?:cold|cool|chilli)(?:er|est)\b/i },
] as const;

function comparisonsIn(question: string): Comparison[] {
  // "Warmer than 10 degrees" compares no places.
  if (THAN_NUMBER.test(question)) return [];
  const found = COMPARISONS.filter(({ words }) => words.test(question));
  return found.map(({ comparison }) => comparison);
}

/** Takes a question and whether it names the weather's tool, returns what it wants of the weather. */
export function readWeather(question: string, isNamed: boolean): WeatherWish {
  const isBare = isBarePlaces(question);
  const found = placesIn(isBare ? `weather ${question}` : question);
  const isFelt = FEELING.test(question) && (found.length > 0 || IS_IT.test(question));
  const isCompared = COMPARE.test(question) && found.some(isCity);
  const isAsked = [WEATHER, LIKE, CITIES].some((topic) => topic.test(question));
  const weather = isAsked || isFelt || isCompared || isNamed || isBare;
  const places = weather ? found : [];
  const isEverywhere = [EVERYWHERE, CITIES].some((topic) => topic.test(question));
  const [comparison, another] = weather ? comparisonsIn(question) : [];
  return {
    weather,
    places,
    everywhere: weather && places.length === 0 && isEverywhere,
    comparison,
    hasMore: another !== undefined && comparison !== "difference",
    rain: weather && RAIN.test(question),
    limits: weather ? readLimits(question) : [],
  };
}
