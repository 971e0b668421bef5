import { type Limit, readLimits } from "./limits.ts";
import { isCity } from "./place-words.ts";
import { isBarePlaces, placesIn } from "./places.ts";
import { COMPARE, FEELING, IS_IT, LIKE, WEATHER } from "./topics.ts";

/** The comparison of several temperatures. */
export type Comparison = "warm" | "cold" | "difference";

/** What a question wants to know about the present weather. */
export type WeatherWish = {
  /** True if the weather is wanted. */
  readonly weather: boolean;
  /** The wanted places, spelt as in the question. */
  readonly places: readonly string[];
  /** True if all places are wanted, without their names. */
  readonly everywhere: boolean;
  readonly comparison: Comparison | undefined;
  /** True if several comparisons are wanted. Only one is made. */
  readonly hasMore: boolean;
  /** True if the question asks whether it rains. */
  readonly rain: boolean;
  /** What the question wants but no tool knows. */
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
  // "Warmer than 10 degrees" does not compare places.
  if (THAN_NUMBER.test(question)) return [];
  const found = COMPARISONS.filter(({ words }) => words.test(question));
  return found.map(({ comparison }) => comparison);
}

/** Takes a question and whether it names the weather tool, returns its wish about the weather. */
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
