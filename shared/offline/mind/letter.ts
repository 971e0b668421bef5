import { isComplete, placesTold, profilePart, referTo, tellFindings } from "./contents.ts";
import type { Call, Conversation, Exchange, Offer } from "./conversation.ts";
import type { Letter } from "./letters.ts";
import type { Wish } from "./question.ts";
import { review } from "./results.ts";

/** The letters of a description that are read. The time grows with the square of their number. */
const LONGEST_ABOUT = 10_000;

/** The agent's own address. It is in the description of the tool. */
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
    // A forced call, or a call with a reference, does not have the letter's address.
    open.splice(Math.max(open.findIndex(goesThere), 0), 1);
  }
  return open;
}

/** What writing a letter needs: the wish, the look-ups of this reply, the results. */
type Desk = {
  readonly wish: Wish;
  readonly lookUps: readonly Call[];
  readonly exchanges: readonly Exchange[];
  /** The user's address, if it is known. */
  readonly own: string | undefined;
  readonly references: boolean;
};

/** The address and text of a letter. "wait" while results are missing, "never" if they have failed. */
function write(letter: Letter, desk: Desk): object | "wait" | "never" {
  const { to, text } = letter;
  const { wish, lookUps, exchanges, own, references } = desk;
  const address = to.type === "address" ? to.address : own;
  const places = placesTold(wish, letter);
  // An e-mail with an address and a text of its own can be sent at once.
  if (address && text) return { to: address, message: text };
  if (lookUps.length === 0) {
    const message = text ?? tellFindings(wish, exchanges, places);
    return address && message ? { to: address, message } : "never";
  }
  // A reference cannot say which of two results is larger.
  if (!references || (wish.comparison && !text)) return "wait";
  return {
    to: address ?? profilePart(lookUps, "email"),
    message: text ?? referTo(places, lookUps),
  };
}

/**
 * Takes what the question asks for, the look-ups of this reply, and the conversation so far. Returns
 * the calls that send its e-mails, in its order. If one e-mail must wait, all of them wait.
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
