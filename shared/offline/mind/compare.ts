import type { Findings, Temperature } from "./results.ts";
import type { Comparison } from "./weather.ts";

/** Takes parts of a sentence, returns them as a list: "LA, Lima and Paris". */
export function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

function degrees(count: number): string {
  return Math.abs(count) === 1 ? `${count} degree` : `${count} degrees`;
}

/** Says how the first place differs from the others, which may be equally warm. */
function sayFirst(sorted: readonly Temperature[], words: { more: string; most: string }): string {
  const [first, second] = sorted;
  if (!first || !second) return "";
  const top = sorted.filter((one) => one.degrees === first.degrees);
  const others = sorted.slice(top.length);
  const names = list(top.map(({ place }) => place));
  if (others.length === 0) return `It is ${degrees(first.degrees)} in ${names} alike.`;
  if (sorted.length === 2) {
    return `${first.place} is ${words.more} than ${second.place}: ${degrees(first.degrees)} against ${second.degrees}.`;
  }
  const rest = list(others.map((one) => `${one.degrees} in ${one.place}`));
  const are = top.length > 1 ? "are" : "is";
  return `${names} ${are} the ${words.most}: ${degrees(first.degrees)}, against ${rest}.`;
}

function sayDifference(sorted: readonly Temperature[]): string {
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last) return "";
  // A computer cannot hold tenths of degrees exactly.
  const difference = Number((first.degrees - last.degrees).toFixed(2));
  if (difference === 0) return sayFirst(sorted, { more: "", most: "" });
  return `The difference between ${first.place} and ${last.place} is ${degrees(difference)}: ${first.degrees} against ${last.degrees}.`;
}

function sayComparison(comparison: Comparison, temperatures: readonly Temperature[]): string {
  const warmestFirst = temperatures.toSorted((one, other) => other.degrees - one.degrees);
  if (comparison === "difference") return sayDifference(warmestFirst);
  if (comparison === "warm") return sayFirst(warmestFirst, { more: "warmer", most: "warmest" });
  const coldestFirst = temperatures.toSorted((one, other) => one.degrees - other.degrees);
  return sayFirst(coldestFirst, { more: "colder", most: "coldest" });
}

/**
 * Takes the comparison that is wanted, and findings with some weather.
 * Returns the result in words: "Tokyo is warmer than Paris: 14 degrees against 12."
 */
export function compare(comparison: Comparison, { weather, temperatures }: Findings): string {
  if (temperatures.length > 1) return sayComparison(comparison, temperatures);
  return `${weather}. Without a second temperature there is nothing to compare.`;
}
