import { compare } from "./compare.ts";
import type { Call, Conversation, Exchange, Offer } from "./conversation.ts";
import { identify } from "./identify.ts";
import type { Letter } from "./letters.ts";
import { findClimates } from "./processes.ts";
import type { Wish } from "./question.ts";
import { type Findings, review } from "./results.ts";

/** What is read of a description, in letters; the time that it takes grows with the square of them. */
const LONGEST_ABOUT = 10_000;

/** The agent's own address, which the description of the tool holds. */
function senderIn(tools: readonly Offer[]): string {
  const about = tools.find(({ name }) => name === "send_email")?.about ?? "";
  return /[\w.-]+@[\w.-]+\w/.exec(about.slice(0, LONGEST_ABOUT))?.[0] ?? "agent@example.com";
}

/** Takes a wish and a letter, returns whether it is known to whom it goes and what it is about. */
export function isComplete({ places, profile, studies }: Wish, { to, text }: Letter): boolean {
  const isAddressed = to.type === "address" || to.type === "user";
  const hasTopic = places.length > 0 || studies.length > 0 || profile;
  return isAddressed && (text !== undefined || hasTopic);
}

/** What a letter says if the question gives it no words of its own; nothing if nothing is known. */
function tellFindings(wish: Wish, findings: Findings, climates: readonly string[]) {
  const { places, comparison, studies } = wish;
  const { weather, profile } = findings;
  if (climates.length > 0) return `Climate study: ${climates.join("; ")}.`;
  if (weather !== "" && comparison) return compare(comparison, findings);
  if (weather !== "") return `Weather summary: ${weather}.`;
  // All look-ups of the weather have failed, so there is nothing to write.
  if (places.length > 0 || studies.length > 0 || profile.length === 0) return undefined;
  return `Your profile: ${profile.join(", ")}.`;
}

/** Stands for a part of the profile, which a call in the same reply looks up. */
function profilePart(calls: readonly Call[], path: string): object {
  const index = calls.findIndex(({ name }) => name === "get_user_profile");
  return { $from: identify(calls)[index], path };
}

/** The same text while the results are still missing: references stand in for them. */
function referTo({ places }: Wish, calls: readonly Call[]): object {
  if (places.length === 0)
    return { $text: ["Your profile: name ", profilePart(calls, "name"), "."] };
  const ids = identify(calls);
  const parts = calls.flatMap(({ name, args }, index) => {
    if (name !== "get_weather") return [];
    const before = index === 0 ? "Weather summary: " : ", ";
    return [before, `${args.location}: `, { $from: ids[index] }];
  });
  return { $text: [...parts, "."] };
}

/** Takes the letters of a wish and the calls so far, returns those letters that no call has sent yet. */
export function unasked(
  letters: readonly Letter[],
  exchanges: readonly Exchange[],
  address: string | undefined,
): Letter[] {
  const open = [...letters];
  for (const { name, args } of exchanges) {
    if (name !== "send_email") continue;
    const goesThere = ({ to }: Letter): boolean => {
      return args.to === (to.type === "address" ? to.address : address);
    };
    // A call that was forced, or that has referred to a result, has no such address.
    open.splice(Math.max(open.findIndex(goesThere), 0), 1);
  }
  return open;
}

/** What is known when letters are written: the wish, the look-ups of this reply, the results. */
type Desk = {
  readonly wish: Wish;
  readonly lookUps: readonly Call[];
  readonly findings: Findings;
  /** What the studies of the climate have found. */
  readonly climates: readonly string[];
  readonly references: boolean;
};

/** The address and the text of a letter; "wait" while results are missing, "never" if they have failed. */
function write({ to, text }: Letter, desk: Desk): object | "wait" | "never" {
  const { wish, lookUps, findings, climates, references } = desk;
  const address = to.type === "address" ? to.address : findings.address;
  // With an address and words of its own, an e-mail waits for nothing.
  if (address && text) return { to: address, message: text };
  if (lookUps.length === 0) {
    const message = text ?? tellFindings(wish, findings, climates);
    return address && message ? { to: address, message } : "never";
  }
  // No reference can say which of two results is the larger.
  if (!references || (wish.comparison && !text)) return "wait";
  return {
    to: address ?? profilePart(lookUps, "email"),
    message: text ?? referTo(wish, lookUps),
  };
}

/**
 * Takes what the question asks for, the look-ups of this reply, and the conversation so far. Returns
 * the calls that send its e-mails, in its order. As long as one has to wait, they all do.
 */
export function writeLetters(
  wish: Wish,
  lookUps: readonly Call[],
  { tools, exchanges, references = false }: Conversation,
): Call[] {
  const findings = review(exchanges);
  const complete = wish.letters.filter((letter) => isComplete(wish, letter));
  const climates = findClimates(wish.studies, exchanges);
  const desk = { wish, lookUps, findings, climates, references };
  const written = unasked(complete, exchanges, findings.address).map((one) => write(one, desk));
  if (written.includes("wait")) return [];
  const from = senderIn(tools);
  return written.flatMap((parts) => {
    return typeof parts === "object" ? { name: "send_email", args: { from, ...parts } } : [];
  });
}
