import { placesIn } from "./places.ts";

/** What a question wants to know about the climate of one place. */
export type Study = {
  /** The place, spelt as in the question. */
  readonly place: string;
  /** True if it should be studied, and not only cancelled. */
  readonly wanted: boolean;
  /** The only season that is wanted, if the question names one. */
  readonly season: string | undefined;
  readonly cancelled: boolean;
  /** True if the answer should wait for it. */
  readonly awaited: boolean;
};

/** The studies in a question, whether it is about the climate, and the question without their words. */
export type StudiesReading = {
  readonly studies: readonly Study[];
  readonly climate: boolean;
  readonly rest: string;
};

const STUDY = /\b(?:climates?|stud(?:y|ies|ying))\b/i;
/** Words that a question about studies must contain. People also study other things. */
const TOPIC = /\bclimates?\b|\b(?:start|cancel|stop|abort|narrow)\b[^.?!]*\bstud(?:y|ies)\b/i;
const CANCEL = /\b(?:cancel|stop|abort)\b/i;
const NARROW = /\b(?:only|just|narrow|limit|restrict)\b/i;
const SEASON = /\b(winter|spring|summer|autumn|fall)s?\b/i;
const NO_WAIT = /\b(?:not|don't|without|no need to) wait(?:ing)?\b/i;
/** Words that begin another clause. */
const BEGIN =
  "(?:only|just|narrow|limit|cancel|stop|abort|don't|do not|without|tell|get|give|check|compare|who|what|how)";
const CLAUSE_END = new RegExp(
  String.raw`(?<=[.?!;])\s+|,?\s+(?:and|but|then|and then)\s+(?=${BEGIN}\b)|,\s+(?=${BEGIN}\b)`,
  "i",
);

type Order = { readonly places: readonly string[] } & Partial<Omit<Study, "place">>;

/** Rewrites a clause in words about the weather, because the code for those finds the places. */
function inWeatherWords(clause: string): string {
  return clause
    .replace(
      new RegExp(`${CANCEL.source}|\\b(?:narrow|limit|restrict)\\b`, "gi"),
      "get the weather of",
    )
    .replace(new RegExp(`${NARROW.source}|${NO_WAIT.source}(?: for)?`, "gi"), " ")
    .replace(/^\W*study\b|\bstudying\b/i, "get")
    .replace(new RegExp(`${SEASON.source}|${STUDY.source}`, "gi"), "weather");
}

/** The order in a clause about studies, or undefined if it is about something else. */
function readClause(clause: string): Order | undefined {
  const season = SEASON.exec(clause)?.[1]?.toLowerCase().replace("fall", "autumn");
  const isStudy = STUDY.test(clause);
  const places = placesIn(inWeatherWords(clause));
  if (CANCEL.test(clause)) return { places, cancelled: true };
  const awaited = NO_WAIT.test(clause) ? { awaited: false } : {};
  const narrowed = season !== undefined && (isStudy || NARROW.test(clause)) ? { season } : {};
  const isChange = Object.keys({ ...awaited, ...narrowed }).length > 0;
  if (!isStudy && !isChange) return undefined;
  return { places, wanted: isStudy && !/\bnarrow\b/i.test(clause), ...awaited, ...narrowed };
}

/** Takes a question without its e-mails, returns its studies. */
export function readStudies(question: string): StudiesReading {
  if (!TOPIC.test(question)) return { studies: [], climate: false, rest: question };
  const clauses = question.split(CLAUSE_END);
  const orders = clauses.map(readClause);
  const rest = clauses.filter((_, index) => orders[index] === undefined).join(" ");
  const studies = new Map<string, Study>();
  const named = orders.flatMap((order) => order?.places ?? []);
  for (const { places: own, ...wish } of orders.flatMap((order) => order ?? [])) {
    // "Cancel them" is about all named places.
    for (const place of own.length > 0 ? own : named) {
      const before = studies.get(place.toLowerCase());
      const blank = { place, wanted: false, season: undefined, cancelled: false, awaited: true };
      const wanted = wish.wanted === true || before?.wanted === true;
      studies.set(place.toLowerCase(), { ...blank, ...before, ...wish, wanted });
    }
  }
  return { studies: [...studies.values()], climate: true, rest };
}
