import { z } from "zod";
import { readQuestion, type Wish } from "./question.ts";

/** A tool in the request: its name and, as JSON, whatever else was said about it. */
export type Offer = { readonly name: string; readonly about: string };

/** A call that was asked for since the question, and the result that came back for it. */
export type Exchange = {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly result: unknown;
};

/** All that the offline model knows when it replies. */
export type Conversation = {
  readonly question: string;
  readonly tools: readonly Offer[];
  readonly exchanges: readonly Exchange[];
};

export type Call = { readonly name: string; readonly args: Readonly<Record<string, string>> };

/** What the offline model replies: a text and the calls it wants to have run, none when it is done. */
export type Plan = { readonly text: string; readonly calls: readonly Call[] };

const BEYOND =
  "That is beyond me: offline, I know the weather, your profile and e-mail. Set OPENAI_API_KEY to ask a real model.";
const SELF =
  "I am the offline model: a few rules, no language model. I know the weather, your profile and e-mail.";

const Failed = z.union([
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ cancelled: z.string() }).transform(({ cancelled }) => cancelled),
]);

function failureOf(result: unknown): string | undefined {
  if (typeof result === "string") return /^\w*Error: (.*)$/s.exec(result)?.[1];
  return Failed.safeParse(result).data;
}

function weatherIn(place: unknown, result: unknown): string {
  const [, sky, degrees] = /^(.+), (\S+) degrees$/.exec(String(result)) ?? [];
  return sky ? `${place} is ${sky} at ${degrees} degrees` : `${place}: ${JSON.stringify(result)}`;
}

/** The results by tool, split into what worked and what failed, each in the order asked. */
function review(exchanges: readonly Exchange[]) {
  const good = exchanges.filter(({ result }) => failureOf(result) === undefined);
  const weather = good.filter(({ name }) => name === "get_weather");
  const profile = good.find(({ name }) => name === "get_user_profile");
  return {
    weather: weather.map(({ args, result }) => weatherIn(args.location, result)).join(", "),
    profile: Object.entries(Object(profile?.result)).map(([key, value]) => `${key} ${value}`),
    address: /[^\s"]+@[^\s"]+/.exec(JSON.stringify(profile?.result) ?? "")?.[0],
    others: good.filter(({ name }) => !/^(get_weather|get_user_profile|send_email)$/.test(name)),
    failures: exchanges.filter((exchange) => !good.includes(exchange)),
  };
}

/** The calls to look things up that the wish needs and nobody has asked for yet. */
function lookUps(wish: Wish, { tools, exchanges }: Conversation): Call[] {
  const offered = new Set(tools.map(({ name }) => name));
  const wanted: Call[] = wish.places.map((location) => ({
    name: "get_weather",
    args: { location },
  }));
  if (wish.profile || (wish.email && !wish.email.to)) {
    wanted.push({ name: "get_user_profile", args: {} });
  }
  const known = wanted.filter(({ name }) => offered.has(name));
  if (wish.tool && !offered.has(wish.tool)) known.push({ name: wish.tool, args: {} });
  const asked = exchanges.map(({ name, args }) => JSON.stringify([name, args]));
  return known.filter(({ name, args }) => !asked.includes(JSON.stringify([name, args])));
}

/** The e-mail, once there is somebody to write to and something to write. */
function letter(wish: Wish, { tools, exchanges }: Conversation): Call[] {
  const tool = tools.find(({ name }) => name === "send_email");
  const { weather, profile, address } = review(exchanges);
  const to = wish.email?.to ?? address;
  if (!tool || !wish.email || !to || exchanges.some(({ name }) => name === "send_email")) return [];
  if (wish.weather && weather === "") return [];
  const message = weather
    ? `Weather summary: ${weather}.`
    : (wish.email.text ?? (wish.profile ? `Your profile: ${profile.join(", ")}.` : "Hello!"));
  const from = /[\w.-]+@[\w.-]+\w/.exec(tool.about)?.[0] ?? "agent@example.com";
  return [{ name: "send_email", args: { from, to, message } }];
}

function announceLookUps(calls: readonly Call[], wish: Wish): string {
  const places = calls
    .filter(({ name }) => name === "get_weather")
    .map(({ args }) => args.location);
  const profile = calls.some(({ name }) => name === "get_user_profile");
  const first = wish.email ? " first" : "";
  if (places.length === 0 && !profile) return `I'll try the ${wish.tool} tool.`;
  if (places.length === 0) return `I'll look up your profile${first}.`;
  if (profile) return `I'll get the weather and your profile${first}.`;
  if (wish.email) return "I'll get the weather first.";
  if (places.length === 1) return `I'll check the weather in ${places[0]} for you.`;
  const cities = places.length === 2 ? "both cities" : `all ${places.length} cities`;
  return `I'll check the weather in ${cities} for you.`;
}

function sayFailure({ name, args, result }: Exchange): string {
  const goal = new Map([
    ["get_weather", `get the weather in ${args.location}`],
    ["get_user_profile", "look up your profile"],
    ["send_email", "send the e-mail"],
  ]);
  return `I couldn't ${goal.get(name) ?? `use the ${name} tool`}: ${failureOf(result)}.`;
}

function sayLack(wish: Wish, tools: readonly Offer[]): string[] {
  const needs: [boolean, string, string][] = [
    [wish.weather, "get_weather", "the weather"],
    [wish.profile, "get_user_profile", "your profile"],
    [wish.email !== undefined, "send_email", "e-mail"],
  ];
  const lacks = needs.filter(
    ([wanted, name]) => wanted && !tools.some((tool) => tool.name === name),
  );
  return lacks.map(
    ([, , subject]) => `I have no tool for ${subject}, so I can't help with that here.`,
  );
}

function conclude(wish: Wish, { tools, exchanges }: Conversation): string {
  const { weather, profile, others, failures } = review(exchanges);
  const sent = exchanges.some((one) => one.name === "send_email" && !failures.includes(one));
  const subject = weather ? "the weather summary" : "the e-mail";
  const said = [
    ...(sent ? [`Done! I've sent ${subject} to ${wish.email?.to ?? "your email"}.`] : []),
    ...(weather && !sent ? [`Here's the weather: ${weather}.`] : []),
    ...(profile.length > 0 && wish.profile && !sent
      ? [`Your profile: ${profile.join(", ")}.`]
      : []),
    ...others.map(({ name, result }) => `The ${name} tool says: ${JSON.stringify(result)}.`),
    ...failures.map(sayFailure),
    ...(wish.email && !sent && exchanges.length > 0 ? ["I sent no e-mail."] : []),
    ...sayLack(wish, tools),
  ];
  if (said.length > 0) return said.join(" ");
  if (wish.weather) return "Which city? Ask me about the weather in Beijing, for example.";
  return wish.self ? SELF : BEYOND;
}

/**
 * Decides on the next reply from the question, the tools on offer and the results so far, and from
 * nothing else: the same conversation always leads to the same plan.
 */
export function plan(conversation: Conversation): Plan {
  const wish = readQuestion(conversation.question);
  const calls = lookUps(wish, conversation);
  if (calls.length > 0) return { text: announceLookUps(calls, wish), calls };
  const letters = letter(wish, conversation);
  const what = wish.weather ? "the summary email" : "the email";
  if (letters.length > 0) {
    const text = wish.email?.to
      ? `Now I'll send ${what} to ${wish.email.to}.`
      : `Now I'll send you ${what}.`;
    return { text, calls: letters };
  }
  return { text: conclude(wish, conversation), calls: [] };
}
