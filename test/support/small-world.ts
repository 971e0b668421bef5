// The tools of the book as pure functions, so that thousands of conversations take little time.
import { z } from "zod";
import {
  getUserProfile,
  getWeather,
  listEmails,
  sendEmail,
  type Tool,
} from "../../mock-tools/tools.ts";
import type { Call, Exchange, Offer } from "../../shared/offline/mind/conversation.ts";
import { type Plan, plan } from "../../shared/offline/mind/plan.ts";

/** The step limit, as in the chapters. */
export const MAX_STEPS = 10;

function offer({ name, description, parameters }: Tool): Offer {
  return { name, description, about: JSON.stringify(z.toJSONSchema(parameters)) };
}

export const TOOLS: readonly Offer[] = [getWeather, getUserProfile, sendEmail].map(offer);
export const WITH_MAILBOX: readonly Offer[] = [...TOOLS, offer(listEmails)];

const WEATHER = new Map([
  ["beijing", "cloudy, 5 degrees"],
  ["cairo", "sunny, 31 degrees"],
  ["la", "sunny, 20 degrees"],
  ["lima", "cloudy, 18 degrees"],
  ["london", "rainy, 10 degrees"],
  ["new york", "windy, 10 degrees"],
  ["oslo", "snowy, 1 degrees"],
  ["paris", "cloudy, 12 degrees"],
  ["tokyo", "rainy, 14 degrees"],
]);

/** Takes a call and those before it, returns what the tool of the book would return, or its error. */
export function runTool({ name, args }: Call, before: readonly Exchange[]): unknown {
  if (name === "get_user_profile") return { name: "Jack", email: "jack@example.com" };
  if (name === "send_email") return "message sent";
  if (name === "list_emails") {
    return before.filter((call) => call.name === "send_email").map((call) => call.args);
  }
  const place = String(args.location).replace(/,.*/, "").toLowerCase();
  const known = [...WEATHER.keys()].join(", ");
  return WEATHER.get(place) ?? `Error: no station in ${args.location}; known places: ${known}`;
}

type RunTool = typeof runTool;

/** The replies to a question, and the calls in them with their results. */
export type Talk = { readonly replies: readonly Plan[]; readonly exchanges: readonly Exchange[] };

/** Takes a question, runs the calls of each reply until one has none; at most MAX_STEPS replies. */
export function converse(question: string, tools = TOOLS, run: RunTool = runTool): Talk {
  const replies: Plan[] = [];
  const exchanges: Exchange[] = [];
  while (replies.length < MAX_STEPS) {
    const reply = plan({ question, tools, exchanges: [...exchanges] });
    replies.push(reply);
    if (reply.calls.length === 0) break;
    for (const call of reply.calls) {
      const isKnown = tools.some(({ name }) => name === call.name);
      const result = isKnown ? run(call, exchanges) : `Error: unknown tool ${call.name}`;
      exchanges.push({ ...call, result });
    }
  }
  return { replies, exchanges };
}

/** Takes a question, returns the calls that were made for it, written short, and the answer. */
export function ask(question: string, tools = TOOLS, run: RunTool = runTool) {
  const { replies, exchanges } = converse(question, tools, run);
  const calls = exchanges.map(({ name, args: { from: _, ...args } }) => {
    return [name.replace(/^get_|_email$|^user_/g, ""), ...Object.values(args)].join(" ");
  });
  return { calls, answer: replies.at(-1)?.text ?? "", mode: replies[0]?.mode };
}
