import {
  type Call,
  type Conversation,
  type Exchange,
  isOffered,
  type Offer,
} from "./conversation.ts";
import { sayMonths } from "./days.ts";
import { isComplete, unasked } from "./letter.ts";
import type { Letter } from "./letters.ts";
import { sayLimit, sayMailLimit } from "./limits.ts";
import { isAboutProcess, isOfStudy, sayStudies } from "./processes.ts";
import type { Wish } from "./question.ts";
import { type Findings, hasSent, review, wasWithheld } from "./results.ts";
import { nameRecipients, sayFailure, sayMails, sayOther, saySent, sayWeather } from "./say.ts";

const BEYOND =
  "That is beyond me: offline, I know the weather, your profile and e-mail. Set OPENAI_API_KEY to ask a real model.";
const SELF =
  "I am the offline model: a few rules, no language model. I know the weather, your profile and e-mail.";

const OBSTACLES = {
  condition: "I can't make an e-mail depend on a condition, so I sent none.",
  time: "I can't send an e-mail at another time, so I sent none.",
};

/** The letters that could be written: those that a result says were sent, and those never asked for. */
function sortLetters(wish: Wish, exchanges: readonly Exchange[], { address }: Findings) {
  const complete = wish.letters.filter((letter) => isComplete(wish, letter));
  const unsent = unasked(complete, exchanges.filter(hasSent), address);
  return {
    sent: complete.filter((letter) => !unsent.includes(letter)),
    never: unasked(complete, exchanges, address),
    unsent,
  };
}

/** A sentence for each thing that worked. */
function saySuccesses(wish: Wish, findings: Findings, sent: readonly Letter[]): string[] {
  const { profile, mails, others } = findings;
  // An e-mail about a study tells nothing else.
  const isTold = wish.studies.length === 0 && sent.some(({ text }) => text === undefined);
  const said = [...saySent(wish, sent), ...sayWeather(wish, findings, isTold)];
  const isProfileTold = isTold && wish.places.length === 0;
  if (wish.profile && profile.length > 0 && !isProfileTold) {
    said.push(`Your profile: ${profile.join(", ")}.`);
  }
  if (mails) said.push(sayMails(mails));
  return [...said, ...others.map(sayOther)];
}

/** A sentence about the letters that nothing says were sent, if any call has been made. */
function sayUnsent(wish: Wish, exchanges: readonly Exchange[], findings: Findings): string[] {
  const { sent, never, unsent } = sortLetters(wish, exchanges, findings);
  // A result that says something else is told as it is.
  const isUnclear = findings.others.some(({ name }) => name === "send_email");
  if (unsent.length === 0 || exchanges.length === 0 || isUnclear) return [];
  // Of a letter that nobody let go, it is said already that it was not sent.
  const tried = exchanges.filter(({ name }) => name === "send_email");
  const isSaid = never.length === 0 && tried.every(({ result }) => wasWithheld(result));
  if (sent.length === 0) return isSaid ? [] : ["I sent no e-mail."];
  return never.length > 0 ? [`I sent no e-mail to ${nameRecipients(never)}.`] : [];
}

function askForCity(everywhere: boolean): string {
  if (!everywhere) return "Which city? Ask me about the weather in Beijing, for example.";
  return "I have no list of all cities. Which ones? Ask me about the weather in Beijing and LA, for example.";
}

/** What is missing from a letter, as a question. */
function askAbout(wish: Wish, { to, text }: Letter): string[] {
  const asked: string[] = [];
  if (to.type === "name") asked.push(`What is ${to.name}'s e-mail address?`);
  if (to.type === "nobody") asked.push("To which address shall I send the e-mail?");
  const hasTopic = wish.weather || wish.profile || wish.climate;
  if (text === undefined && !hasTopic) asked.push("What shall the e-mail say?");
  return asked;
}

/** A question for each thing that has to be known before a tool that is on offer can be called. */
function sayQuestions(wish: Wish, tools: readonly Offer[]): string[] {
  const asked: string[] = [];
  if (wish.weather && wish.places.length === 0 && isOffered(tools, "get_weather")) {
    asked.push(askForCity(wish.everywhere));
  }
  if (wish.past.months.length > 0 && wish.past.places.length === 0) {
    asked.push("Which city? Ask me how July was in Paris, for example.");
  }
  if (wish.climate && wish.studies.length === 0 && isOffered(tools, "study_climate")) {
    asked.push("Which city's climate shall I study?");
  }
  if (!isOffered(tools, "send_email")) return asked;
  return [...new Set([...asked, ...wish.letters.flatMap((letter) => askAbout(wish, letter))])];
}

/** A sentence for each thing that is wanted, but for which no tool is on offer. */
function sayLacks(wish: Wish, tools: readonly Offer[]): string[] {
  const toUser = wish.letters.some((letter) => letter.to.type === "user");
  // Without the other tool, the e-mail is what is missing.
  const forLetter = toUser && isOffered(tools, "send_email");
  const needs = [
    { wanted: wish.weather, tool: "get_weather", subject: "the weather" },
    { wanted: wish.climate, tool: "study_climate", subject: "the climate" },
    { wanted: wish.profile || forLetter, tool: "get_user_profile", subject: "your profile" },
    { wanted: wish.letters.length > 0, tool: "send_email", subject: "e-mail" },
    { wanted: wish.mailbox, tool: "list_emails", subject: "the mailbox" },
  ];
  const lacks = needs.filter(({ wanted, tool }) => wanted && !isOffered(tools, tool));
  return lacks.map(({ subject }) => {
    return `I have no tool for ${subject}, so I can't help with that here.`;
  });
}

function sayTools(tools: readonly Offer[]): string {
  if (tools.length === 0) return "I have no tools here.";
  const lines = tools.map(({ name, description }) => {
    return description === "" ? name : `${name}: ${description.replace(/\.$/, "")}`;
  });
  return `I have these tools: ${lines.join("; ")}.`;
}

/**
 * Takes what the question asks for, the calls of a reply and the conversation so far. Returns what is
 * known already, if the calls are the first ones about something that runs on.
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

/** Takes what the question asks for and the conversation so far, returns the answer. */
export function conclude(wish: Wish, { tools, exchanges }: Conversation): string {
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
    ...(wish.obstacle ? [OBSTACLES[wish.obstacle]] : []),
    ...(sent.length > 0 ? wish.mailLimits.map(sayMailLimit) : []),
    ...sayQuestions(wish, tools),
    ...sayLacks(wish, tools),
  ];
  if (wish.tools && (tools.length > 0 || !wish.self)) said.push(sayTools(tools));
  if (said.length > 0) return said.join(" ");
  if (wish.thanks) return "You're welcome!";
  return wish.self ? SELF : BEYOND;
}
