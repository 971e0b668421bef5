import { z } from "zod";
import type { Exchange } from "./conversation.ts";
import { failureOf, show } from "./failures.ts";

const Mails = z.array(z.object({ to: z.string(), message: z.string() }));
export type Mails = z.infer<typeof Mails>;

/** A place and its temperature. */
export type Temperature = { readonly place: string; readonly degrees: number };

/** What the results say, tool by tool, each list in the order asked. */
export type Findings = {
  /** The weather of all places in one phrase, empty if no result has told it. */
  readonly weather: string;
  /** The temperatures, of those places whose results hold one. */
  readonly temperatures: readonly Temperature[];
  /** Calls for the weather that worked, with the weather as the tool says it. */
  readonly skies: readonly { readonly place: string; readonly sky: string }[];
  /** The user's profile, one "key value" an entry. */
  readonly profile: readonly string[];
  /** The user's e-mail address, if the profile holds one. */
  readonly address: string | undefined;
  /** The e-mails in the mailbox, if they have been listed. */
  readonly mails: Mails | undefined;
  /** Calls that worked, and about which nothing else is known. */
  readonly others: readonly Exchange[];
  readonly failures: readonly Exchange[];
};

/** Takes a call, returns whether its result says that an e-mail was sent. */
export function hasSent({ name, result }: Exchange): boolean {
  if (name !== "send_email" || failureOf(result) !== undefined) return false;
  return /\b(?:sent|delivered)\b/i.test(show(result)) && !/\b(?:not|never)\b/i.test(show(result));
}

/** The place of a call for the weather. A call that was forced may lack it. */
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

/** Tools whose results are read whatever they say. */
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

/** Whether a result says what its tool is known to say. */
function isUnderstood(call: Exchange): boolean {
  if (call.name === "send_email") return hasSent(call);
  if (call.name === "list_emails") return Mails.safeParse(call.result).success;
  return READ_ELSEWHERE.has(call.name);
}

/** Word by word, since the time that a search for a whole address takes grows with the square. */
function addressIn(text: string): string | undefined {
  return text.split(/[\s"]+/).find((word) => /.@./.test(word));
}

/** Takes the calls since the question, returns what their results say. */
export function review(exchanges: readonly Exchange[]): Findings {
  const good = exchanges.filter(({ result }) => failureOf(result) === undefined);
  const last = (tool: string): unknown => good.findLast(({ name }) => name === tool)?.result;
  const read = good.filter(({ name }) => name === "get_weather").map(readForecast);
  // A model that has to call a tool may ask for a place again, which is told once.
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
