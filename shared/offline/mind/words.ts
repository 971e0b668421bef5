import {
  type Call,
  type Conversation,
  type Exchange,
  isOffered,
  type Offer,
} from "./conversation.ts";
import { sayMonths } from "./days.ts";
import { isComplete, placesTold } from "./contents.ts";
import { unasked } from "./letter.ts";
import { sayLacks, sayQuestions } from "./missing.ts";
import { mayHaveRun, wasWithheld } from "./failures.ts";
import type { Letter } from "./letters.ts";
import { sayLimit, sayMailLimit } from "./limits.ts";
import { isAboutProcess, isOfStudy, sayStudies } from "./processes.ts";
import type { Wish } from "./question.ts";
import { type Findings, hasSent, review } from "./results.ts";
import { nameRecipients, sayFailure, sayMails, sayOther, saySent, sayWeather } from "./say.ts";

const BEYOND =
  "That is beyond me: offline, I know the weather, your profile and e-mail. Set OPENAI_API_KEY to ask a real model.";
const SELF =
  "I am the offline model: a few rules, no language model. I know the weather, your profile and e-mail.";
/** Added to answers after the first question, since the user may be answering the model's own question. */
const ALONE = "I read one question at a time, so say all of it at once.";

const OBSTACLES = {
  condition: "I can't make an e-mail depend on a condition, so I sent none.",
  time: "I can't send an e-mail at another time, so I sent none.",
  sender: "I can't choose the sender of an e-mail, so I sent none.",
  unsure:
    "I send e-mails only where I am sure what goes to whom, so I sent none. Say, for example: Email bob@example.com saying hello.",
};

/** Sorts the complete letters: `sent` are those that a result confirms, `kept` those without any result. */
function sortLetters(wish: Wish, exchanges: readonly Exchange[], { address }: Findings) {
  const complete = wish.letters.filter((letter) => isComplete(wish, letter));
  const unsent = unasked(complete, exchanges.filter(hasSent), address);
  // If nobody approved a letter, its failure already says that it was not sent.
  const told = exchanges.filter((exchange) => {
    return hasSent(exchange) || mayHaveRun(exchange) || wasWithheld(exchange.result);
  });
  return {
    sent: complete.filter((letter) => !unsent.includes(letter)),
    kept: unasked(complete, told, address),
  };
}

/** A sentence for each thing that worked. */
function saySuccesses(wish: Wish, findings: Findings, sent: readonly Letter[]): string[] {
  const { profile, mails, others } = findings;
  const told = sent.filter(({ text }) => text === undefined);
  // An e-mail about a study contains nothing else.
  const isTold =
    wish.studies.length === 0 &&
    told.length > 0 &&
    wish.places.every((place) => {
      return told.some((letter) => placesTold(wish, letter).includes(place));
    });
  const said = [...saySent(wish, sent), ...sayWeather(wish, findings, isTold)];
  const isProfileTold = isTold && wish.places.length === 0;
  if (wish.profile && profile.length > 0 && !isProfileTold) {
    said.push(`Your profile: ${profile.join(", ")}.`);
  }
  if (mails) said.push(sayMails(mails));
  return [...said, ...others.map(sayOther)];
}

/** A sentence about the letters that were certainly not sent, if any call was made. */
function sayUnsent(wish: Wish, exchanges: readonly Exchange[], findings: Findings): string[] {
  const { kept } = sortLetters(wish, exchanges, findings);
  // If a result of send_email has an unknown form, the answer quotes it instead.
  const isUnclear = findings.others.some(({ name }) => name === "send_email");
  if (kept.length === 0 || exchanges.length === 0 || isUnclear) return [];
  const isAll = kept.length === wish.letters.length;
  return [isAll ? "I sent no e-mail." : `I sent no e-mail to ${nameRecipients(kept)}.`];
}

function sayTools(tools: readonly Offer[]): string {
  if (tools.length === 0) return "I have no tools here.";
  const lines = tools.map(({ name, description }) => {
    return description === "" ? name : `${name}: ${description.replace(/\.$/, "")}`;
  });
  return `I have these tools: ${lines.join("; ")}.`;
}

/**
 * Takes the wish, the calls of a reply and the conversation so far. If the calls are the first ones about
 * running processes, returns what is already known.
 */
export function tellSoFar(
  wish: Wish,
  calls: readonly Call[],
  { exchanges }: Conversation,
): readonly string[] {
  if (!calls.some(isAboutProcess) || exchanges.some(isAboutProcess)) return [];
  const findings = review(exchanges.filter((exchange) => !isOfStudy(exchange)));
  const failures = findings.failures.map((failure) => sayFailure(failure, wish.letters));
  return [...saySuccesses(wish, findings, []), ...failures];
}

/** Takes the wish and the conversation so far, returns the answer. */
export function conclude(wish: Wish, conversation: Conversation): string {
  const { tools, exchanges, earlier = [] } = conversation;
  const findings = review(exchanges);
  const { sent } = sortLetters(wish, exchanges, findings);
  const said = [
    ...saySuccesses(wish, findings, sent),
    ...sayMonths(wish.past, exchanges),
    ...(wish.climate && isOffered(tools, "study_climate")
      ? sayStudies(wish.studies, exchanges)
      : []),
    ...findings.failures.map((failure) => sayFailure(failure, wish.letters)),
    ...sayUnsent(wish, exchanges, findings),
    ...(wish.places.length > 0 ? wish.limits.map(sayLimit) : []),
    ...(wish.obstacle && isOffered(tools, "send_email") ? [OBSTACLES[wish.obstacle]] : []),
    ...(sent.length > 0 ? wish.mailLimits.map(sayMailLimit) : []),
    ...sayQuestions(wish, tools),
    ...sayLacks(wish, conversation),
  ];
  if (wish.tools && (tools.length > 0 || !wish.self)) said.push(sayTools(tools));
  if (said.length > 0) return said.join(" ");
  if (wish.thanks) return "You're welcome!";
  if (wish.self) return SELF;
  return earlier.length > 0 ? `${BEYOND} ${ALONE}` : BEYOND;
}
