import {
  type Call,
  type Conversation,
  type Exchange,
  isOffered,
  type Offer,
} from "./conversation.ts";
import type { Wish } from "./question.ts";
import { type Findings, failureOf, type Mails, review } from "./results.ts";

const BEYOND =
  "That is beyond me: offline, I know the weather, your profile and e-mail. Set OPENAI_API_KEY to ask a real model.";
const SELF =
  "I am the offline model: a few rules, no language model. I know the weather, your profile and e-mail.";

/** What the look-ups do. They come "first" if an e-mail waits for their results. */
function lookUpGoal(calls: readonly Call[], tool: string | undefined, emailWaits: boolean): string {
  const weather = calls.filter(({ name }) => name === "get_weather");
  const places = weather.map(({ args }) => args.location);
  const profile = calls.some(({ name }) => name === "get_user_profile");
  const first = emailWaits ? " first" : "";
  if (places.length === 0 && !profile) return `try the ${tool} tool`;
  if (places.length === 0) return `look up your profile${first}`;
  if (profile) return `get the weather and your profile${first}`;
  if (emailWaits) return "get the weather first";
  if (places.length === 1) return `check the weather in ${places[0]} for you`;
  const cities = places.length === 2 ? "both cities" : `all ${places.length} cities`;
  return `check the weather in ${cities} for you`;
}

/** What the calls about e-mail do, empty if there are none. */
function emailGoal(calls: readonly Call[], { weather, email }: Wish): string {
  const names = calls.map(({ name }) => name);
  const letter = weather && !email?.text ? "the summary email" : "the email";
  const sending = email?.to ? `send ${letter} to ${email.to}` : `send you ${letter}`;
  const goals: string[] = [];
  if (names.includes("send_email")) goals.push(sending);
  if (names.includes("list_emails")) goals.push("list the e-mails");
  return goals.join(" and ");
}

/** Takes the calls of a reply and what the question asks for, returns what the reply says. */
export function announce(calls: readonly Call[], wish: Wish): string {
  const lookUps = calls.filter(({ name }) => !/^(send_email|list_emails)$/.test(name));
  const email = emailGoal(calls, wish);
  if (lookUps.length === 0) return `Now I'll ${email}.`;
  const emailWaits = wish.email !== undefined && email === "";
  const goal = lookUpGoal(lookUps, wish.tool, emailWaits);
  return email === "" ? `I'll ${goal}.` : `I'll ${goal} and ${email}.`;
}

function sayFailure({ name, args, result }: Exchange): string {
  const goals = new Map([
    ["get_weather", `get the weather in ${args.location}`],
    ["get_user_profile", "look up your profile"],
    ["send_email", "send the e-mail"],
    ["list_emails", "list the e-mails"],
  ]);
  return `I couldn't ${goals.get(name) ?? `use the ${name} tool`}: ${failureOf(result)}.`;
}

function sayMails(mails: Mails): string {
  if (mails.length === 0) return "The mailbox is empty.";
  const list = mails.map(({ to, message }) => `"${message}" to ${to}`).join(", ");
  return `The mailbox holds ${list}.`;
}

/** A sentence for each thing that worked. */
function saySuccesses(wish: Wish, findings: Findings): string[] {
  const { weather, profile, mails, sent, others } = findings;
  const weatherIsInEmail = weather !== "" && !wish.email?.text;
  const said: string[] = [];
  if (sent) {
    const letter = weatherIsInEmail ? "the weather summary" : "the e-mail";
    said.push(`Done! I've sent ${letter} to ${wish.email?.to ?? "your email"}.`);
  }
  if (weather !== "" && !(sent && weatherIsInEmail)) said.push(`Here's the weather: ${weather}.`);
  if (wish.profile && profile.length > 0 && !sent) {
    said.push(`Your profile: ${profile.join(", ")}.`);
  }
  if (mails) said.push(sayMails(mails));
  for (const { name, result } of others) {
    said.push(`The ${name} tool says: ${JSON.stringify(result)}.`);
  }
  return said;
}

/** A sentence for each thing that is wanted, but for which no tool is on offer. */
function sayLacks(wish: Wish, tools: readonly Offer[]): string[] {
  const needs = [
    { wanted: wish.weather, tool: "get_weather", subject: "the weather" },
    { wanted: wish.profile, tool: "get_user_profile", subject: "your profile" },
    { wanted: wish.email !== undefined, tool: "send_email", subject: "e-mail" },
    { wanted: wish.mailbox, tool: "list_emails", subject: "the mailbox" },
  ];
  const lacks = needs.filter(({ wanted, tool }) => wanted && !isOffered(tools, tool));
  return lacks.map(({ subject }) => {
    return `I have no tool for ${subject}, so I can't help with that here.`;
  });
}

/** Takes what the question asks for and the conversation so far, returns the answer. */
export function conclude(wish: Wish, { tools, exchanges }: Conversation): string {
  const findings = review(exchanges);
  const said = [...saySuccesses(wish, findings), ...findings.failures.map(sayFailure)];
  if (wish.email && !findings.sent && exchanges.length > 0) said.push("I sent no e-mail.");
  said.push(...sayLacks(wish, tools));
  if (said.length > 0) return said.join(" ");
  if (wish.weather) return "Which city? Ask me about the weather in Beijing, for example.";
  return wish.self ? SELF : BEYOND;
}
