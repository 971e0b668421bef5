import { nameAnswer } from "./announce.ts";
import { compare, list } from "./compare.ts";
import type { Exchange } from "./conversation.ts";
import type { Letter } from "./letters.ts";
import type { Wish } from "./question.ts";
import { failureOf, mayHaveRun, show, wasWithheld } from "./failures.ts";
import type { Findings, Mails } from "./results.ts";

/** The name of a letter's recipient in the answer. */
function nameRecipient({ to }: Letter): string {
  return to.type === "address" ? to.address : "your email";
}

/** Takes letters, returns a list of their recipients. */
export function nameRecipients(letters: readonly Letter[]): string {
  return list([...new Set(letters.map(nameRecipient))]);
}

/** Takes the letters that were sent, returns a sentence about them, if there are any. */
export function saySent(wish: Wish, sent: readonly Letter[]): string[] {
  const [letter] = sent;
  if (!letter) return [];
  const to = nameRecipients(sent);
  if (sent.length > 1) return [`Done! I've sent the e-mails to ${to}.`];
  return [`Done! I've sent the ${letter.text ? "e-mail" : nameAnswer(wish)} to ${to}.`];
}

function sayUmbrella({ skies }: Findings): string {
  const wet = skies.filter(({ sky }) => /rain|shower|snow|storm/i.test(sky));
  if (wet.length === 0) return "You need no umbrella.";
  return `Take an umbrella in ${list(wet.map(({ place }) => place))}.`;
}

/** Takes the findings, returns a sentence about the weather, unless an e-mail has told it. */
export function sayWeather(wish: Wish, findings: Findings, isTold: boolean): string[] {
  const { comparison, rain, limits } = wish;
  if (findings.weather === "") return [];
  const said: string[] = [];
  if (comparison) said.push(compare(comparison, findings));
  else if (!isTold) said.push(`Here's the weather: ${findings.weather}.`);
  const isLater = limits.some(({ type }) => type === "time");
  if (rain && !isLater) said.push(sayUmbrella(findings));
  return said;
}

/** Takes the e-mails in the mailbox, returns a sentence that lists them. */
export function sayMails(mails: Mails): string {
  if (mails.length === 0) return "The mailbox is empty.";
  return `The mailbox holds ${mails.map(({ to, message }) => `"${message}" to ${to}`).join(", ")}.`;
}

/** Takes a call of a tool that the offline model does not know, returns a sentence with its result. */
export function sayOther({ name, result }: Exchange): string {
  return `The ${name} tool says: ${show(result)}.`;
}

/** Takes a failed call and the letters of the question, returns a sentence that says why it failed. */
export function sayFailure(exchange: Exchange, letters: readonly Letter[]): string {
  const { name, args, result } = exchange;
  const to = letters.length > 1 && typeof args.to === "string" ? ` to ${args.to}` : "";
  const place = typeof args.location === "string" ? ` in ${args.location}` : "";
  if (name === "send_email" && mayHaveRun(exchange)) {
    // The e-mail may have been sent before the failure.
    return `Sending the e-mail${to} failed: ${failureOf(result)}. I don't know whether it was sent.`;
  }
  const goals = new Map([
    ["get_weather", `get the weather${place}`],
    ["get_daily_weather", `get the daily weather${place}`],
    ["read_output", "read the rest of an output"],
    ["get_user_profile", "look up your profile"],
    ["send_email", `send the e-mail${to}`],
    ["list_emails", "list the e-mails"],
    ["study_climate", `study the climate${place}`],
    ["await_processes", "wait for the study"],
    ["cancel_process", "cancel the study"],
    ["signal_process", "narrow the study"],
  ]);
  const verb = wasWithheld(result) ? "didn't" : "couldn't";
  return `I ${verb} ${goals.get(name) ?? `use the ${name} tool`}: ${failureOf(result)}.`;
}
