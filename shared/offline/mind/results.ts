import { z } from "zod";
import type { Exchange } from "./conversation.ts";

const Failed = z.union([
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ cancelled: z.string() }).transform(({ cancelled }) => cancelled),
]);
const Skipped = z.object({ skipped: z.string() });
const Mails = z.array(z.object({ to: z.string(), message: z.string() }));
export type Mails = z.infer<typeof Mails>;

/** What the results say, tool by tool, each list in the order asked. */
export type Findings = {
  /** The weather of all places in one phrase, empty if no result has told it. */
  readonly weather: string;
  /** The user's profile, one "key value" an entry. */
  readonly profile: readonly string[];
  /** The user's e-mail address, if the profile holds one. */
  readonly address: string | undefined;
  /** The e-mails in the mailbox, if they have been listed. */
  readonly mails: Mails | undefined;
  /** An e-mail has been sent. */
  readonly sent: boolean;
  /** Calls that worked, of tools that the offline model does not know. */
  readonly others: readonly Exchange[];
  readonly failures: readonly Exchange[];
};

const KNOWN = /^(get_weather|get_user_profile|send_email|list_emails)$/;

/** Takes a result, returns why the call failed, or nothing if it worked. */
export function failureOf(result: unknown): string | undefined {
  if (typeof result === "string") return /^\w*Error: (.*)$/s.exec(result)?.[1];
  return Failed.safeParse(result).data;
}

/** Takes a result, returns whether it says that the call never ran. */
export function wasSkipped(result: unknown): boolean {
  return Skipped.safeParse(result).success;
}

function weatherIn({ args, result }: Exchange): string {
  const [, sky, degrees] = /^(.+), (\S+) degrees$/.exec(String(result)) ?? [];
  if (sky) return `${args.location} is ${sky} at ${degrees} degrees`;
  return `${args.location}: ${JSON.stringify(result)}`;
}

/** Takes the calls since the question, returns what their results say. */
export function review(exchanges: readonly Exchange[]): Findings {
  const good = exchanges.filter(({ result }) => failureOf(result) === undefined);
  const first = (tool: string): unknown => good.find(({ name }) => name === tool)?.result;
  const weather = good.filter(({ name }) => name === "get_weather");
  const profile = first("get_user_profile");
  return {
    weather: weather.map(weatherIn).join(", "),
    profile: Object.entries(Object(profile)).map(([key, value]) => `${key} ${value}`),
    address: /[^\s"]+@[^\s"]+/.exec(JSON.stringify(profile) ?? "")?.[0],
    mails: Mails.safeParse(first("list_emails")).data,
    sent: good.some(({ name }) => name === "send_email"),
    others: good.filter(({ name }) => !KNOWN.test(name)),
    failures: exchanges.filter(({ result }) => failureOf(result) !== undefined),
  };
}
