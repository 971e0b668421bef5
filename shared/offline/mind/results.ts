import { z } from "zod";
import type { Exchange } from "./conversation.ts";
import { failureOf, show } from "./failures.ts";

const Mails = z.array(z.object({ to: z.string(), message: z.string() }));
export type Mails = z.infer<typeof Mails>;

/** A place and its temperature. */
export type Temperature = { readonly place: string; readonly degrees: number };

/** The contents of the results, by tool. Each list is in the order asked. */
export type Findings = {
  /** The weather of all places in one phrase. Empty if no result contains it. */
  readonly weather: string;
  /** The temperatures of the places whose results contain one. */
  readonly temperatures: readonly Temperature[];
  /** The successful calls for the weather, with the weather in the tool's words. */
  readonly skies: readonly { readonly place: string; readonly sky: string }[];
  /** The user's profile, with one "key value" per entry. */
  readonly profile: readonly string[];
  /** The user's e-mail address, if the profile contains one. */
  readonly address: string | undefined;
  /** The e-mails in the mailbox, if they have been listed. */
  readonly mails: Mails | undefined;
  /** Other successful calls. */
  readonly others: readonly Exchange[];
  readonly failures: readonly Exchange[];
};

/** Takes a call, returns true if its result says that an e-mail was sent. */
export function hasSent({ name, result }: Exchange): boolean {
  if (name !== "send_email" || failureOf(result) !== undefined) return false;
  return /\b(?:sent|delivered)\b/i.test(show(result)) && !/\b(?:not|never)\b/i.test(show(result));
}

/** The place of a call for the weather. A forced call may have none. */
function placeOf({ args }: Exchange): string {
  return typeof args.location === "string" ? args.location : "an unnamed place";
}

function readForecast(exchange: Exchange) {
  const place = placeOf(exchange);
  const text = typeof exchange.result === "string" ? exchange.result : "";
  const [, sky, degrees] = /^(.+), (\S+) degrees$/.exec(text) ?? [];
  return { place, sky: sky ?? show(exchange.result), degrees };
}

function profileEntries(profile: unknown): string[] {
  const { data } = z.record(z.string(), z.unknown()).safeParse(profile);
  if (!data) return profile === undefined ? [] : [show(profile)];
  const entries = Object.entries(data).filter(([, value]) => value !== null);
  return entries.map(([key, value]) => `${key} ${typeof value === "string" ? value : show(value)}`);
}

/** Tools whose results are always read elsewhere, so they never count as other calls. */
const READ_ELSEWHERE = new Set([
  "get_weather",
  "get_user_profile",
  "get_daily_weather",
  "read_output",
  "study_climate",
  "await_processes",
  "cancel_process",
  "signal_process",
]);

/** True if a result has the form that its tool normally gives. */
function isUnderstood(call: Exchange): boolean {
  if (call.name === "send_email") return hasSent(call);
  if (call.name === "list_emails") return Mails.safeParse(call.result).success;
  return READ_ELSEWHERE.has(call.name);
}

/** Searches word by word, since the time of a search in the whole text grows with the square. */
function addressIn(text: string): string | undefined {
  return text.split(/[\s"]+/).find((word) => /.@./.test(word));
}

/** Takes the calls since the question, returns the contents of their results. */
export function review(exchanges: readonly Exchange[]): Findings {
  const good = exchanges.filter(({ result }) => failureOf(result) === undefined);
  const last = (tool: string): unknown => good.findLast(({ name }) => name === tool)?.result;
  const read = good.filter(({ name }) => name === "get_weather").map(readForecast);
  // A model that is forced to call a tool may ask for a place again. The answer tells it once.
  const forecasts = [...new Map(read.map((one) => [one.place, one])).values()];
  const phrases = forecasts.map(({ place, sky, degrees }) => {
    return degrees === undefined ? `${place}: ${sky}` : `${place} is ${sky} at ${degrees} degrees`;
  });
  const temperatures = forecasts.map(({ place, degrees }) => ({ place, degrees: Number(degrees) }));
  const profile = last("get_user_profile");
  const mails = Mails.safeParse(last("list_emails")).data;
  return {
    weather: phrases.join(", "),
    temperatures: temperatures.filter(({ degrees }) => Number.isFinite(degrees)),
    skies: forecasts.map(({ place, sky }) => ({ place, sky })),
    profile: profileEntries(profile),
    address: addressIn(JSON.stringify(profile) ?? ""),
    mails,
    others: good.filter((call) => !isUnderstood(call)),
    failures: exchanges.filter(({ result }) => failureOf(result) !== undefined),
  };
}
