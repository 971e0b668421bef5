// Writes the text of an e-mail that tells results.
import { compare } from "./compare.ts";
import type { Call, Exchange } from "./conversation.ts";
import { findMonths } from "./days.ts";
import { identify } from "./identify.ts";
import type { Letter } from "./letters.ts";
import { findClimates } from "./processes.ts";
import type { Wish } from "./question.ts";
import { review } from "./results.ts";

/** Takes a wish and a letter without a text, returns the places whose weather the letter tells. */
export function placesTold({ places }: Wish, letter: Letter): readonly string[] {
  return places.filter((place) => letter.places?.includes(place.toLowerCase()) ?? true);
}

/** Takes a wish and a letter, returns true if its recipient and its content are known. */
export function isComplete(wish: Wish, letter: Letter): boolean {
  const { to, text } = letter;
  const isAddressed = to.type === "address" || to.type === "user";
  const topics = [placesTold(wish, letter), wish.past.places, wish.studies];
  const hasTopic = topics.some(({ length }) => length > 0) || wish.profile;
  return isAddressed && (text !== undefined || hasTopic);
}

/**
 * Takes a wish, the calls so far, and the places that a letter without a text tells. Returns its text,
 * or undefined if nothing is known.
 */
export function tellFindings(
  { comparison, past, studies }: Wish,
  exchanges: readonly Exchange[],
  places: readonly string[],
): string | undefined {
  const told = exchanges.filter(({ name, args }) => {
    return name !== "get_weather" || places.some((place) => place === args.location);
  });
  const findings = review(told);
  const { weather, profile } = findings;
  const months = findMonths(past, exchanges);
  if (months.length > 0) return months.join(" ");
  const climates = findClimates(studies, exchanges);
  if (climates.length > 0) return `Climate study: ${climates.join("; ")}.`;
  if (weather !== "" && comparison) return compare(comparison, findings);
  if (weather !== "") return `Weather summary: ${weather}.`;
  // If look-ups were made, all of them have failed, so there is nothing to write.
  const isLookedUp = [places, past.places, studies].some(({ length }) => length > 0);
  if (isLookedUp || profile.length === 0) return undefined;
  return `Your profile: ${profile.join(", ")}.`;
}

/** Takes the calls of a reply, returns a reference to a part of the profile that one of them looks up. */
export function profilePart(calls: readonly Call[], path: string): object {
  const index = calls.findIndex(({ name }) => name === "get_user_profile");
  return { $from: identify(calls)[index], path };
}

/** Takes the places and the calls of a reply, returns an e-mail's text with references in place of results. */
export function referTo(places: readonly string[], calls: readonly Call[]): object {
  if (places.length === 0)
    return { $text: ["Your profile: name ", profilePart(calls, "name"), "."] };
  const ids = identify(calls);
  const parts = calls.flatMap(({ name, args }, index) => {
    if (name !== "get_weather" || !places.some((place) => place === args.location)) return [];
    return [", ", `${args.location}: `, { $from: ids[index] }];
  });
  return { $text: ["Weather summary: ", ...parts.slice(1), "."] };
}
