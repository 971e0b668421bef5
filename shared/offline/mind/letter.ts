import type { Call, Conversation, Offer } from "./conversation.ts";
import { identify } from "./identify.ts";
import type { Wish } from "./question.ts";
import { type Findings, review } from "./results.ts";

/** The agent's own address, which the description of the tool holds. */
function senderIn(tools: readonly Offer[]): string {
  const about = tools.find(({ name }) => name === "send_email")?.about ?? "";
  return /[\w.-]+@[\w.-]+\w/.exec(about)?.[0] ?? "agent@example.com";
}

/** What the letter says if the question gives it no words of its own. */
function textFrom(wish: Wish, { weather, profile }: Findings): string {
  if (weather !== "") return `Weather summary: ${weather}.`;
  if (wish.profile) return `Your profile: ${profile.join(", ")}.`;
  return "Hello!";
}

/** Stands for a part of the profile, which a call in the same reply looks up. */
function profilePart(calls: readonly Call[], path: string): object {
  const index = calls.findIndex(({ name }) => name === "get_user_profile");
  return { $from: identify(calls)[index], path };
}

/** The same text while the results are still missing: references stand in for them. */
function partsFrom(wish: Wish, calls: readonly Call[]): unknown[] {
  if (wish.weather) {
    const ids = identify(calls);
    const parts = calls.flatMap(({ name, args }, index) => {
      if (name !== "get_weather") return [];
      const before = index === 0 ? "Weather summary: " : ", ";
      return [before, `${args.location}: `, { $from: ids[index] }];
    });
    return [...parts, "."];
  }
  if (wish.profile) return ["Your profile: name ", profilePart(calls, "name"), "."];
  return ["Hello!"];
}

/**
 * Takes what the question asks for, the look-ups of this reply, and the conversation so far. Returns
 * the call that sends the e-mail, or nothing while its address or its text is not known.
 */
export function writeLetter(
  wish: Wish,
  lookUps: readonly Call[],
  { tools, exchanges, references }: Conversation,
): Call | undefined {
  const send = (to: unknown, message: unknown): Call => {
    return { name: "send_email", args: { from: senderIn(tools), to, message } };
  };
  const findings = review(exchanges);
  const to = wish.email?.to ?? findings.address;
  const text = wish.email?.text;
  // With an address and words of its own, an e-mail waits for nothing.
  if (to && text) return send(to, text);
  if (lookUps.length > 0) {
    if (!references) return undefined;
    const message = text ?? { $text: partsFrom(wish, lookUps) };
    return send(wish.email?.to ?? profilePart(lookUps, "email"), message);
  }
  if (!to) return undefined;
  // No weather is known, so all look-ups have failed and there is nothing to write.
  if (wish.weather && findings.weather === "") return undefined;
  return send(to, textFrom(wish, findings));
}
