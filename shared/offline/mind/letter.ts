import { isComplete, placesTold, profilePart, referTo, tellFindings } from "./contents.ts";
import type { Call, Conversation, Exchange, Offer } from "./conversation.ts";
import type { Letter } from "./letters.ts";
import type { Wish } from "./question.ts";
import { review } from "./results.ts";

/** What is read of a description, in letters; the time that it takes grows with the square of them. */
const LONGEST_ABOUT = 10_000;

/** The agent's own address, which the description of the tool holds. */
function senderIn(tools: readonly Offer[]): string {
  const about = tools.find(({ name }) => name === "send_email")?.about ?? "";
  return /[\w.-]+@[\w.-]+\w/.exec(about.slice(0, LONGEST_ABOUT))?.[0] ?? "agent@example.com";
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
  readonly exchanges: readonly Exchange[];
  /** The user's address, if it is known. */
  readonly own: string | undefined;
  readonly references: boolean;
};

/** The address and the text of a letter; "wait" while results are missing, "never" if they have failed. */
function write(letter: Letter, desk: Desk): object | "wait" | "never" {
  const { to, text } = letter;
  const { wish, lookUps, exchanges, own, references } = desk;
  const address = to.type === "address" ? to.address : own;
  const places = placesTold(wish, letter);
  // With an address and words of its own, an e-mail waits for nothing.
  if (address && text) return { to: address, message: text };
  if (lookUps.length === 0) {
    const message = text ?? tellFindings(wish, exchanges, places);
    return address && message ? { to: address, message } : "never";
  }
  // No reference can say which of two results is the larger.
  if (!references || (wish.comparison && !text)) return "wait";
  return {
    to: address ?? profilePart(lookUps, "email"),
    message: text ?? referTo(places, lookUps),
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
  const { address: own } = review(exchanges);
  const complete = wish.letters.filter((letter) => isComplete(wish, letter));
  const desk = { wish, lookUps, exchanges, own, references };
  const written = unasked(complete, exchanges, own).map((one) => write(one, desk));
  if (written.includes("wait")) return [];
  const from = senderIn(tools);
  return written.flatMap((parts) => {
    return typeof parts === "object" ? { name: "send_email", args: { from, ...parts } } : [];
  });
}
