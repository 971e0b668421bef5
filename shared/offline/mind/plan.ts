import { announce } from "./announce.ts";
import { type Call, type Conversation, type Exchange, isOffered } from "./conversation.ts";
import { daysNeeded } from "./days.ts";
import { isComplete } from "./contents.ts";
import { writeLetters } from "./letter.ts";
import { NO_MONTHS } from "./months.ts";
import { processCalls, startCalls } from "./processes.ts";
import { readQuestion, type Wish } from "./question.ts";
import { wasSkipped } from "./failures.ts";
import { readTogether } from "./together.ts";
import { conclude, tellSoFar } from "./words.ts";

/**
 * A reply of the offline model: a text, its calls (none when it is done), and the mode in which they
 * should run, which matters only if the program asks for it.
 */
export type Plan = {
  readonly text: string;
  readonly calls: readonly Call[];
  readonly mode: string;
  /** How many malformed replies the question wants before a good one. */
  readonly slips: number;
};

const PROFILE: Call = { name: "get_user_profile", args: {} };
const LIST: Call = { name: "list_emails", args: {} };

/** Reads the wish. It can contain a month only if a tool on offer lists the days of a month. */
function readWish({ question, earlier = [], tools }: Conversation): Wish {
  const wish = readQuestion(readTogether(question, earlier));
  if (!isOffered(tools, "get_daily_weather")) return { ...wish, past: NO_MONTHS };
  // Then the question is about the weather of that month, not about the present weather.
  const isPast = wish.past.months.length > 0;
  return isPast ? { ...wish, weather: false, places: [], everywhere: false, limits: [] } : wish;
}

/** All look-ups that the question needs, even if their tools are not on offer. */
function neededFor(wish: Wish, exchanges: readonly Exchange[]): Call[] {
  const { places, past, studies, profile, letters, mailbox } = wish;
  const needed: Call[] = places.map((location) => ({ name: "get_weather", args: { location } }));
  needed.push(...daysNeeded(past, exchanges), ...startCalls(studies));
  const addressIsMissing = letters.some((letter) => {
    return letter.to.type === "user" && isComplete(wish, letter);
  });
  if (profile || addressIsMissing) needed.push(PROFILE);
  // If the question also wants an e-mail, the mailbox is read after it has been sent.
  if (mailbox && letters.length === 0) needed.push(LIST);
  return needed;
}

/** The look-ups that the question needs, whose tools are on offer, and that were not made yet. */
function lookUps(wish: Wish, { tools, exchanges, textOnly }: Conversation): Call[] {
  if (textOnly) return [];
  const offered = new Set(tools.map(({ name }) => name));
  const calls = neededFor(wish, exchanges).filter(({ name }) => offered.has(name));
  // A question may name a tool that does not exist, to test what the program does with such a call.
  const odd = wish.named.filter((name) => !offered.has(name));
  calls.push(...odd.map((name) => ({ name, args: {} })));
  const asked = new Set(exchanges.map(({ name, args }) => JSON.stringify([name, args])));
  return calls.filter(({ name, args }) => !asked.has(JSON.stringify([name, args])));
}

/** The e-mails, as soon as they can be written, and the list of the mailbox if that is wanted too. */
function emailCalls(wish: Wish, first: readonly Call[], conversation: Conversation): Call[] {
  const { tools, exchanges } = conversation;
  if (wish.letters.length === 0) return [];
  const canSend = isOffered(tools, "send_email");
  const letters = canSend ? writeLetters(wish, first, conversation) : [];
  if (!wish.mailbox || !isOffered(tools, "list_emails")) return letters;
  // The mailbox is read after all e-mails, and not while an e-mail waits for look-ups.
  const isListed = exchanges.some(({ name }) => name === "list_emails");
  const isDone = first.length === 0 && !isListed;
  return letters.length > 0 || isDone ? [...letters, LIST] : letters;
}

/** The mode of the question. If the program has refused a reply with an odd mode, another mode. */
function chooseMode({ mode = "parallel" }: Wish, { refused }: Conversation): string {
  const isOdd = mode !== "parallel" && mode !== "sequential";
  return refused && isOdd ? "sequential" : mode;
}

/**
 * Takes the question, the tools on offer and the results so far, returns the next reply. The reply depends
 * only on these: the same conversation always leads to the same plan.
 */
export function plan(asked: Conversation): Plan {
  const conversation = asked.textOnly ? { ...asked, tools: [] } : asked;
  const wish = readWish(conversation);
  // A skipped call may be made again, then with results instead of references.
  const exchanges = conversation.exchanges.filter(({ result }) => !wasSkipped(result));
  const references = conversation.references === true && conversation.exchanges.length === 0;
  const known = { ...conversation, exchanges, references };
  const first = lookUps(wish, known);
  const running = first.length === 0 ? processCalls(wish.studies, known) : [];
  // A running study counts as a look-up: an e-mail about it must wait.
  const lookedUp = [...first, ...running];
  const calls = [...lookedUp, ...emailCalls(wish, lookedUp, known)];
  const speak = () => [...tellSoFar(wish, calls, known), announce(calls, wish, known)].join(" ");
  const text = calls.length > 0 ? speak() : conclude(wish, known);
  return { text, calls, mode: chooseMode(wish, conversation), slips: wish.slips };
}
