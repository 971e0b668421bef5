// The weather of single days: reads lists of days, and finds out which lines must still be read.
import type { Call, Exchange } from "./conversation.ts";
import { type Months, nameMonth } from "./months.ts";
import { failureOf } from "./failures.ts";

const DAY_MS = 86_400_000;
/** The letters of a line that are read. The time grows with the square of their number. */
const LONGEST_LINE = 1_000;
/** The most calls that read further parts of a month, if the program shows little at once. */
const MAX_READS = 6;

/** A day, as the number of days since 1970, and its temperature. */
type Day = { readonly day: number; readonly degrees: number };

const DATED = /^(\d{4}-\d\d-\d\d) .*?(-?\d+(?:\.\d+)?) degrees\b/;
/** The line with which a program marks an output that it shows only in part. */
const CUT =
  /^\[lines? ([\d,]+)(?: to ([\d,]+))? of ([\d,]+), .*\bread_output with call_id ("(?:[^"\\]|\\.)*")/;

/** The days in a list with one day per line. */
function daysIn(result: unknown): Day[] {
  if (typeof result !== "string") return [];
  return result.split("\n").flatMap((line) => {
    const [, date = "", degrees] = DATED.exec(line.slice(0, LONGEST_LINE)) ?? [];
    const day = Date.parse(date) / DAY_MS;
    return Number.isInteger(day) ? [{ day, degrees: Number(degrees) }] : [];
  });
}

/** Parses a JSON string, or returns undefined if it is not one. */
function readText(json: string | undefined): string | undefined {
  try {
    return json === undefined ? undefined : String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** Which lines of an output are shown, how many it has, and its name. */
type Cut = {
  readonly from: number;
  readonly to: number;
  readonly lines: number;
  readonly id: string | undefined;
};

/** Takes a result, returns which part of an output it is, or undefined if it is not marked as a part. */
function readCut(result: unknown): Cut | undefined {
  const last = typeof result === "string" ? result.slice(result.lastIndexOf("\n") + 1) : "";
  const [, from, to = from, lines, json] = CUT.exec(last.slice(0, LONGEST_LINE)) ?? [];
  if (from === undefined || to === undefined || lines === undefined) return undefined;
  const [first, end, all] = [from, to, lines].map((one) => Number(one.replaceAll(",", "")));
  return { from: first ?? 0, to: end ?? 0, lines: all ?? 0, id: readText(json) };
}

/** The list of a place's days, as far as it is known. It has one line per day. */
type List = {
  readonly days: readonly Day[];
  /** The day of its first line. */
  readonly begin: number;
  readonly lines: number;
  /** The name of the output, if only a part of it was shown. */
  readonly id: string | undefined;
};

/** True if all days are on the lines that the program has named. */
function areWithin(days: readonly Day[], begin: number, from: unknown, to: unknown): boolean {
  return days.every(({ day }) => {
    return day - begin + 1 >= Number(from) && day - begin + 1 <= Number(to);
  });
}

/** The list of a place. Undefined if there is none, or if its days are not on the lines that were named. */
function listOf(place: string, exchanges: readonly Exchange[]): List | undefined {
  const list = exchanges.findLast(({ name, args }) => {
    return name === "get_daily_weather" && args.location === place;
  });
  const shown = daysIn(list?.result);
  const [first] = shown;
  if (!list || !first) return undefined;
  const cut = readCut(list.result);
  if (!cut) return { days: shown, begin: first.day, lines: shown.length, id: undefined };
  const begin = first.day - (cut.from - 1);
  const parts = exchanges.filter(({ name, args }) => {
    return name === "read_output" && args.call_id === cut.id;
  });
  const isAsSaid = parts.every(({ args, result }) => {
    return areWithin(daysIn(result), begin, args.from_line, args.to_line);
  });
  const isEachALine = shown.length === cut.to - cut.from + 1;
  if (!isAsSaid || !isEachALine || !areWithin(shown, begin, cut.from, cut.to)) return undefined;
  const all = [...shown, ...parts.flatMap(({ result }) => daysIn(result))];
  const days = new Map(all.map((day) => [day.day, day]));
  const inOrder = [...days.values()].toSorted((one, other) => one.day - other.day);
  return { days: inOrder, begin, lines: cut.lines, id: cut.id };
}

/** The first such month from the list's first month on: its first day, last day and year. */
function spanOf(month: number, { begin }: List) {
  const start = new Date(begin * DAY_MS);
  const isNext = month < start.getUTCMonth();
  const year = start.getUTCFullYear() + (isNext ? 1 : 0);
  const first = Date.UTC(year, month, 1) / DAY_MS;
  return { year, first, last: Date.UTC(year, month + 1, 1) / DAY_MS - 1 };
}

/** Makes a call that reads days of a month which are in the list, but in no part that was shown. */
function readMissing(month: number, list: List, exchanges: readonly Exchange[]): Call[] {
  const { days, begin, lines, id } = list;
  if (id === undefined) return [];
  const { first, last } = spanOf(month, list);
  const known = new Set(days.map(({ day }) => day));
  const wanted = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const missing = wanted.filter((day) => !known.has(day) && day - begin < lines);
  const [from, to] = [missing[0], missing.at(-1)];
  if (from === undefined || to === undefined) return [];
  const reads = exchanges.filter(({ name, args: { call_id, from_line, to_line } }) => {
    const isOfMonth = Number(from_line) > first - begin && Number(to_line) <= last - begin + 1;
    return name === "read_output" && call_id === id && isOfMonth;
  });
  if (reads.length >= MAX_READS) return [];
  const [from_line, to_line] = [from - begin + 1, to - begin + 1];
  return [{ name: "read_output", args: { call_id: id, from_line, to_line } }];
}

/** Takes the wanted months and the calls so far, returns the calls that find out more. */
export function daysNeeded({ months, places }: Months, exchanges: readonly Exchange[]): Call[] {
  if (months.length === 0) return [];
  return places.flatMap((location): Call[] => {
    const list = listOf(location, exchanges);
    if (!list) return [{ name: "get_daily_weather", args: { location } }];
    return months.flatMap((month) => readMissing(month, list, exchanges));
  });
}

/** The known days of a month. */
function daysOf(month: number, list: List): Day[] {
  const { first, last } = spanOf(month, list);
  return list.days.filter(({ day }) => day >= first && day <= last);
}

function sayMonth(place: string, month: number, list: List): string {
  const { year, first, last } = spanOf(month, list);
  const days = daysOf(month, list);
  const [warmest] = days.toSorted((one, other) => other.degrees - one.degrees);
  const name = `${nameMonth(month)} ${year} in ${place}`;
  if (!warmest) {
    const isListed = last >= list.begin && first < list.begin + list.lines;
    return isListed ? `I couldn't read the days of ${name}.` : `I found no days of ${name}.`;
  }
  const all = last - first + 1;
  const count = days.length === all ? `${all} days` : `${days.length} of ${all} days`;
  const mean = days.reduce((sum, { degrees }) => sum + degrees, 0) / days.length;
  const date = `${nameMonth(month)} ${warmest.day - first + 1}`;
  return `${name}: ${count}, ${mean.toFixed(1)} degrees on average; the warmest day was ${date} with ${warmest.degrees} degrees.`;
}

/** True if a result came back for a place, but no days were found in it. */
function isUnreadable(place: string, exchanges: readonly Exchange[]): boolean {
  return exchanges.some(({ name, args, result }) => {
    const isOfPlace = name === "get_daily_weather" && args.location === place;
    return isOfPlace && failureOf(result) === undefined;
  });
}

/** Returns a sentence if the days of a list belong to another year than the wanted one. */
function sayYear(wanted: number | undefined, place: string, list: List): string[] {
  const [first, last] = [list.days[0], list.days.at(-1)].map((one) => {
    return new Date((one?.day ?? 0) * DAY_MS).getUTCFullYear();
  });
  if (wanted === undefined || wanted === first || wanted === last) return [];
  return [`I have no days of ${wanted} in ${place}, only of ${first}.`];
}

/** Takes the wanted months and the calls so far, returns a sentence for each month that was listed. */
export function sayMonths(
  { months, places, year }: Months,
  exchanges: readonly Exchange[],
): string[] {
  return places.flatMap((place) => {
    const list = listOf(place, exchanges);
    if (list) {
      return [
        ...sayYear(year, place, list),
        ...months.map((month) => sayMonth(place, month, list)),
      ];
    }
    return isUnreadable(place, exchanges) ? [`I can't read the days of ${place}.`] : [];
  });
}

/** Takes the wanted months and the calls so far, returns a sentence for each month with known days. */
export function findMonths({ months, places }: Months, exchanges: readonly Exchange[]): string[] {
  return places.flatMap((place) => {
    const list = listOf(place, exchanges);
    if (!list) return [];
    const known = months.filter((month) => daysOf(month, list).length > 0);
    return known.map((month) => sayMonth(place, month, list));
  });
}
