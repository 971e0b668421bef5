import { z } from "zod";
import { identify } from "./identify.ts";
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
  /** The system prompt says that an argument may refer to the result of another call. */
  readonly references?: boolean;
};

export type Call = { readonly name: string; readonly args: Readonly<Record<string, unknown>> };

/**
 * What the offline model replies: a text, the calls it wants to have run, none when it is done, and
 * how they are to run, where the program asks for that.
 */
export type Plan = {
  readonly text: string;
  readonly calls: readonly Call[];
  readonly mode: string;
};

const BEYOND =
  "That is beyond me: offline, I know the weather, your profile and e-mail. Set OPENAI_API_KEY to ask a real model.";
const SELF =
  "I am the offline model: a few rules, no language model. I know the weather, your profile and e-mail.";

const Failed = z.union([
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ cancelled: z.string() }).transform(({ cancelled }) => cancelled),
]);
const Skipped = z.object({ skipped: z.string() });
const Mails = z.array(z.object({ to: z.string(), message: z.string() }));

function failureOf(result: unknown): string | undefined {
  if (typeof result === "string") return /^\w*Error: (.*)$/s.exec(result)?.[1];
  return Failed.safeParse(result).data;
}

function weatherIn(place: unknown, result: unknown): string {
  const [, sky, degrees] = /^(.+), (\S+) degrees$/.exec(String(result)) ?? [];
  return sky ? `${place} is ${sky} at ${degrees} degrees` : `${place}: ${JSON.stringify(result)}`;
}

const KNOWN = /^(get_weather|get_user_profile|send_email|list_emails)$/;

/** The results by tool, split into what worked and what failed, each in the order asked. */
function review(exchanges: readonly Exchange[]) {
  const good = exchanges.filter(({ result }) => failureOf(result) === undefined);
  const weather = good.filter(({ name }) => name === "get_weather");
  const profile = good.find(({ name }) => name === "get_user_profile");
  return {
    weather: weather.map(({ args, result }) => weatherIn(args.location, result)).join(", "),
    profile: Object.entries(Object(profile?.result)).map(([key, value]) => `${key} ${value}`),
    address: /[^\s"]+@[^\s"]+/.exec(JSON.stringify(profile?.result) ?? "")?.[0],
    mails: Mails.safeParse(good.find(({ name }) => name === "list_emails")?.result).data,
    others: good.filter(({ name }) => !KNOWN.test(name)),
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
  if (wish.mailbox && !wish.email) wanted.push({ name: "list_emails", args: {} });
  const known = wanted.filter(({ name }) => offered.has(name));
  if (wish.tool && !offered.has(wish.tool)) known.push({ name: wish.tool, args: {} });
  const asked = exchanges.map(({ name, args }) => JSON.stringify([name, args]));
  return known.filter(({ name, args }) => !asked.includes(JSON.stringify([name, args])));
}

function sender(tools: readonly Offer[]): string {
  const about = tools.find(({ name }) => name === "send_email")?.about ?? "";
  return /[\w.-]+@[\w.-]+\w/.exec(about)?.[0] ?? "agent@example.com";
}

function letter(to: unknown, message: unknown, tools: readonly Offer[]): Call {
  return { name: "send_email", args: { from: sender(tools), to, message } };
}

/** An e-mail whose address and text are made of the results of calls in the same reply. */
function letterWithReferences(wish: Wish, calls: readonly Call[], tools: readonly Offer[]): Call {
  const ids = identify(calls);
  const refer = (index: number, path: object = {}) => ({ $from: ids[index], ...path });
  const profile = calls.findIndex(({ name }) => name === "get_user_profile");
  const parts = calls.flatMap(({ name, args }, index) => {
    if (name !== "get_weather") return [];
    return [index === 0 ? "Weather summary: " : ", ", `${args.location}: `, refer(index)];
  });
  const about = ["Your profile: name ", refer(profile, { path: "name" })];
  const text = wish.weather || wish.profile ? [...(wish.weather ? parts : about), "."] : ["Hello!"];
  const message = wish.email?.text ?? { $text: text };
  return letter(wish.email?.to ?? refer(profile, { path: "email" }), message, tools);
}

/** The e-mail, once there is somebody to write to and something to write, and then the mailbox. */
function letters(wish: Wish, lookUps: readonly Call[], conversation: Conversation): Call[] {
  const { tools, exchanges, references = false } = conversation;
  if (!wish.email || !tools.some(({ name }) => name === "send_email")) return [];
  const list = wish.mailbox && tools.some(({ name }) => name === "list_emails");
  const then = list ? [{ name: "list_emails", args: {} }] : [];
  const asked = new Set(exchanges.map(({ name }) => name));
  if (asked.has("send_email")) return then.filter(({ name }) => !asked.has(name));
  const { weather, profile, address } = review(exchanges);
  const to = wish.email.to ?? address;
  const { text } = wish.email;
  // With an address and words of its own, an e-mail waits for nothing.
  if (lookUps.length > 0 && to && text) return [letter(to, text, tools), ...then];
  if (lookUps.length > 0) {
    return references ? [letterWithReferences(wish, lookUps, tools), ...then] : [];
  }
  if (!to || (wish.weather && weather === "" && !text)) return [];
  const summary = weather ? `Weather summary: ${weather}.` : undefined;
  const about = wish.profile ? `Your profile: ${profile.join(", ")}.` : "Hello!";
  return [letter(to, text ?? summary ?? about, tools), ...then];
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

function announce(calls: readonly Call[], wish: Wish): string {
  const names = calls.map(({ name }) => name);
  const what = wish.weather && !wish.email?.text ? "the summary email" : "the email";
  const sending = wish.email?.to ? `send ${what} to ${wish.email.to}` : `send you ${what}`;
  const then = [
    ...(names.includes("send_email") ? [sending] : []),
    ...(names.includes("list_emails") ? ["list the e-mails"] : []),
  ].join(" and ");
  const first = calls.filter(({ name }) => !/^(send_email|list_emails)$/.test(name));
  if (first.length === 0) return `Now I'll ${then}.`;
  if (then === "") return announceLookUps(first, wish);
  return announceLookUps(first, { ...wish, email: undefined }).replace(/\.$/, ` and ${then}.`);
}

function sayFailure({ name, args, result }: Exchange): string {
  const goal = new Map([
    ["get_weather", `get the weather in ${args.location}`],
    ["get_user_profile", "look up your profile"],
    ["send_email", "send the e-mail"],
    ["list_emails", "list the e-mails"],
  ]);
  return `I couldn't ${goal.get(name) ?? `use the ${name} tool`}: ${failureOf(result)}.`;
}

function sayMails(mails: z.infer<typeof Mails>): string {
  if (mails.length === 0) return "The mailbox is empty.";
  const list = mails.map(({ to, message }) => `"${message}" to ${to}`).join(", ");
  return `The mailbox holds ${list}.`;
}

function sayLack(wish: Wish, tools: readonly Offer[]): string[] {
  const needs: [boolean, string, string][] = [
    [wish.weather, "get_weather", "the weather"],
    [wish.profile, "get_user_profile", "your profile"],
    [wish.email !== undefined, "send_email", "e-mail"],
    [wish.mailbox, "list_emails", "the mailbox"],
  ];
  const lacks = needs.filter(
    ([wanted, name]) => wanted && !tools.some((tool) => tool.name === name),
  );
  return lacks.map(
    ([, , subject]) => `I have no tool for ${subject}, so I can't help with that here.`,
  );
}

function conclude(wish: Wish, { tools, exchanges }: Conversation): string {
  const { weather, profile, mails, others, failures } = review(exchanges);
  const sent = exchanges.some((one) => one.name === "send_email" && !failures.includes(one));
  const summary = weather !== "" && !wish.email?.text;
  const subject = summary ? "the weather summary" : "the e-mail";
  const said = [
    ...(sent ? [`Done! I've sent ${subject} to ${wish.email?.to ?? "your email"}.`] : []),
    ...(weather && !(sent && summary) ? [`Here's the weather: ${weather}.`] : []),
    ...(profile.length > 0 && wish.profile && !sent
      ? [`Your profile: ${profile.join(", ")}.`]
      : []),
    ...(mails ? [sayMails(mails)] : []),
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
export function plan(all: Conversation): Plan {
  const wish = readQuestion(all.question);
  const mode = wish.mode ?? "parallel";
  // What was skipped never ran, so it may be asked for again, then with results instead of references.
  const exchanges = all.exchanges.filter(({ result }) => !Skipped.safeParse(result).success);
  const references = all.references === true && all.exchanges.length === 0;
  const conversation = { ...all, exchanges, references };
  const first = lookUps(wish, conversation);
  const calls = [...first, ...letters(wish, first, conversation)];
  const text = calls.length > 0 ? announce(calls, wish) : conclude(wish, conversation);
  return { text, calls, mode };
}
