import { placesIn } from "./places.ts";

const NAMES =
  "January February March April May June July August September October November December".split(
    " ",
  );
/** In "May I ask" and "march on", these words are not months. */
const AMBIGUOUS = /^(?:march|may)$/i;
const BEFORE_MONTH = "(?<=\\b(?:in|of|was|were|during|for|last|and|or|since) )";
const PLAIN = NAMES.filter((name) => !AMBIGUOUS.test(name)).join("|");
const MONTH = new RegExp(`\\b(?:${PLAIN})\\b|${BEFORE_MONTH}(?:march|may)\\b`, "gi");

const YEAR = /\b(?:19|20)\d\d\b/;

/** The months that a question asks about, and the places. */
export type Months = {
  /** Numbers from 0 for January to 11, in the order of the question, each once. */
  readonly months: readonly number[];
  readonly places: readonly string[];
  /** The year that is named, if any. */
  readonly year: number | undefined;
};

export const NO_MONTHS: Months = { months: [], places: [], year: undefined };

/** The name of a month: "July" for 6. */
export function nameMonth(month: number): string {
  return NAMES[month] ?? "";
}

/** Takes a question, returns the months in it, and the places if there are any months. */
export function readMonths(question: string): Months {
  const words = question.match(MONTH) ?? [];
  if (words.length === 0) return NO_MONTHS;
  const months = words.map((word) => {
    return NAMES.findIndex((name) => name.toLowerCase() === word.toLowerCase());
  });
  const year = YEAR.exec(question)?.[0];
  return {
    months: [...new Set(months)],
    // A sentence about a month is about its weather, and the name of a month is not a place.
    places: placesIn(question.replace(MONTH, "weather")),
    year: year === undefined ? undefined : Number(year),
  };
}
