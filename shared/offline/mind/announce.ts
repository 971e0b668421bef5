import { list } from "./compare.ts";
import type { Call, Conversation } from "./conversation.ts";
import { isComplete } from "./contents.ts";
import { nameMonth } from "./months.ts";
import { isOfStudy, studyGoals } from "./processes.ts";
import type { Wish } from "./question.ts";

function tryGoal(named: readonly string[]): string {
  return `try the ${list(named)} ${named.length === 1 ? "tool" : "tools"}`;
}

/** Says what the look-ups do. If an e-mail waits for their results, they come "first". */
function lookUpGoal(calls: readonly Call[], wish: Wish, emailWaits: boolean): string {
  const months = wish.past.months.map(nameMonth);
  const isReading = calls.every(({ name }) => name === "read_output");
  if (isReading && months.length > 0) return `read the days of ${list(months)}`;
  const places = calls.flatMap(({ args }) => (args.location === undefined ? [] : args.location));
  const profile = calls.some(({ name }) => name === "get_user_profile");
  const first = emailWaits ? " first" : "";
  if (places.length === 0 && !profile) return tryGoal(wish.named);
  if (places.length === 0) return `look up your profile${first}`;
  if (profile) return `get the weather and your profile${first}`;
  if (emailWaits) return "get the weather first";
  if (places.length === 1) return `check the weather in ${places[0]} for you`;
  const cities = places.length === 2 ? "both cities" : `all ${places.length} cities`;
  return `check the weather in ${cities} for you`;
}

/** Takes a wish, returns the name for its answer in an e-mail: "answer", "weather" and so on. */
export function nameAnswer({ places, past, comparison, studies }: Wish): string {
  if (comparison || past.places.length > 0) return "answer";
  if (studies.length > 0) return "climate study";
  return places.length > 0 ? "weather summary" : "profile";
}

/** Says what the calls that send e-mails do. Empty if there are none. */
function sendGoal(calls: readonly Call[], wish: Wish): string {
  const told = new Set(wish.letters.flatMap(({ to }) => (to.type === "address" ? to.address : [])));
  const mails = calls.filter(({ name, args }) => name === "send_email" && args.to !== undefined);
  const to = mails.map(({ args }) => {
    return typeof args.to === "string" && told.has(args.to) ? args.to : undefined;
  });
  if (to.length === 0) return "";
  const names = [...new Set(to.map((address) => address ?? "you"))];
  if (to.length > 1) return `send the emails to ${list(names)}`;
  const hasAnswer = wish.letters.some(({ text }) => text === undefined);
  const summary = wish.comparison ? "the answer" : "the summary email";
  const letter = hasAnswer && wish.places.length > 0 ? summary : "the email";
  return to[0] === undefined ? `send you ${letter}` : `send ${letter} to ${to[0]}`;
}

/** Says what the calls about e-mail do. Empty if there are none. */
function emailGoal(calls: readonly Call[], wish: Wish): string {
  const sending = sendGoal(calls, wish);
  const goals = sending === "" ? [] : [sending];
  if (calls.some(({ name }) => name === "list_emails")) goals.push("list the e-mails");
  return goals.join(" and ");
}

/** Takes the calls of a reply and the wish of the question, returns the reply's text. */
export function announce(calls: readonly Call[], wish: Wish, { exchanges }: Conversation): string {
  const studying = studyGoals(calls, wish.studies, exchanges);
  const lookUps = calls.filter((call) => {
    return call.name !== "list_emails" && call.args.to === undefined && !isOfStudy(call);
  });
  const email = emailGoal(calls, wish);
  const emailWaits = email === "" && wish.letters.some((letter) => isComplete(wish, letter));
  const goals = [...studying];
  if (lookUps.length > 0) goals.push(lookUpGoal(lookUps, wish, emailWaits));
  if (email !== "") goals.push(email);
  const isFirst = lookUps.length > 0 || calls.some(({ name }) => name === "study_climate");
  return `${isFirst ? "I'll" : "Now I'll"} ${list(goals)}.`;
}
