// The weather of some days: what lists of days say, and which of their lines are still to be read.
import type { Call, Exchange } from "./conversation.ts";
import { type Months, nameMonth } from "./months.ts";
import { failureOf } from "./failures.ts";

const DAY_MS = 86_400_000;
/** What is read of a line, in letters; the time that it takes grows with the square of them. */
const LONGEST_LINE = 1_000;

/** A day, as its number since 1970, and its temperature. */
type Day = { readonly day: number; readonly degrees: number };

const DATED = /^(\d{4}-\d\d-\d\d) .*?(-?\d+(?:\.\d+)?) degrees\b/;
/** What a program says of an output of which it shows a part. */
const CUT = /\bof ([\d,]+), .*\bread_output with call_id ("(?:[^"\\]|\\.)*")/;

/** The days in a list that has one a line. */
function daysIn(result: unknown): Day[] {
  if (typeof result !== "string") return [];
  return result.split("\n").flatMap((line) => {
    const [, date = "", degrees] = DATED.exec(line.slice(0, LONGEST_LINE)) ?? [];
    const day = Date.parse(date) / DAY_MS;
    return Number.isInteger(day) ? [{ day, degrees: Number(degrees) }] : [];
  });
}

/** The text that is written as JSON, or nothing if it is none. */
function readText(json: string | undefined): string | undefined {
  try {
    return json === undefined ? undefined : String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** The name of an output that is shown in part, and how many lines it has; nothing if it is whole. */
function readCut(result: unknown): { id: string; lines: number } | undefined {
  const last = typeof result === "string" ? result.slice(result.lastIndexOf("\n") + 1) : "";
  const [, lines, json] = CUT.exec(last.slice(0, LONGEST_LINE)) ?? [];
  const id = readText(json);
  if (lines === undefined || id === undefined) return undefined;
  return { id, lines: Number(lines.replaceAll(",", "")) };
}

/** The list of a place's days: those that are known, in order, and how to read the others. */
type List = { readonly days: readonly Day[]; readonly cut: ReturnType<typeof readCut> };

function listOf(place: string, exchanges: readonly Exchange[]): List | undefined {
  const list = exchanges.findLast(({ name, args }) => {
    return name === "get_daily_weather" && args.location === place;
  });
  const first = daysIn(list?.result);
  if (!list || first.length === 0) return undefined;
  const cut = readCut(list.result);
  const parts = exchanges.filter(({ name, args }) => {
    return name === "read_output" && cut !== undefined && args.call_id === cut.id;
  });
  const more = parts.flatMap(({ result }) => daysIn(result));
  const days = new Map([...first, ...more].map((day) => [day.day, day]));
  return { days: [...days.values()].toSorted((one, other) => one.day - other.day), cut };
}

/** The first such month that does not begin before a list does: its first day, its last, its year. */
function spanOf(month: number, { days }: List) {
  const begin = new Date((days[0]?.day ?? 0) * DAY_MS);
  const isNext = month < begin.getUTCMonth();
  const year = begin.getUTCFullYear() + (isNext ? 1 : 0);
  const first = Date.UTC(year, month, 1) / DAY_MS;
  return { year, first, last: Date.UTC(year, month + 1, 1) / DAY_MS - 1 };
}

/** Reads the days of a month that are in the list, but in no part that has been shown. */
function readMissing(month: number, list: List): Call[] {
  const { days, cut } = list;
  const begin = days[0]?.day;
  if (cut === undefined || begin === undefined) return [];
  const { first, last } = spanOf(month, list);
  const known = new Set(days.map(({ day }) => day));
  const wanted = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const missing = wanted.filter((day) => !known.has(day) && day - begin < cut.lines);
  const [from, to] = [missing[0], missing.at(-1)];
  if (from === undefined || to === undefined) return [];
  // A list has a line for each day, from its first one on.
  const [from_line, to_line] = [from - begin + 1, to - begin + 1];
  return [{ name: "read_output", args: { call_id: cut.id, from_line, to_line } }];
}

/** Takes the months that are wanted and the calls so far, returns the calls that tell more of them. */
export function daysNeeded({ months, places }: Months, exchanges: readonly Exchange[]): Call[] {
  if (months.length === 0) return [];
  return places.flatMap((location): Call[] => {
    const list = listOf(location, exchanges);
    if (!list) return [{ name: "get_daily_weather", args: { location } }];
    return months.flatMap((month) => readMissing(month, list));
  });
}

function sayMonth(place: string, month: number, list: List): string {
  const { year, first, last } = spanOf(month, list);
  const days = list.days.filter(({ day }) => day >= first && day <= last);
  const [warmest] = days.toSorted((one, other) => other.degrees - one.degrees);
  const name = `${nameMonth(month)} ${year} in ${place}`;
  if (!warmest) return `I found no days of ${name}.`;
  const all = last - first + 1;
  const count = days.length === all ? `${all} days` : `${days.length} of ${all} days`;
  const mean = days.reduce((sum, { degrees }) => sum + degrees, 0) / days.length;
  const date = `${nameMonth(month)} ${warmest.day - first + 1}`;
  return `${name}: ${count}, ${mean.toFixed(1)} degrees on average; the warmest day was ${date} with ${warmest.degrees} degrees.`;
}

/** Whether a result came back for a place, in which no days could be found. */
function isUnreadable(place: string, exchanges: readonly Exchange[]): boolean {
  return exchanges.some(({ name, args, result }) => {
    const isOfPlace = name === "get_daily_weather" && args.location === place;
    return isOfPlace && failureOf(result) === undefined;
  });
}

/** Says so if the days of a list are of another year than the one that is wanted. */
function sayYear(wanted: number | undefined, place: string, list: List): string[] {
  const [first, last] = [list.days[0], list.days.at(-1)].map((one) => {
    return new Date((one?.day ?? 0) * DAY_MS).getUTCFullYear();
  });
  if (wanted === undefined || wanted === first || wanted === last) return [];
  return [`I have no days of ${wanted} in ${place}, only of ${first}.`];
}

/** Takes the months that are wanted and the calls so far, returns a sentence for each that is listed. */
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
