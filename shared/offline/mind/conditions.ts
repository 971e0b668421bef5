import { WEATHER } from "./topics.ts";

const SEND = String.raw`\b(?:send|write|forward|e-?mail|mail)\b`;
const BEFORE = String.raw`(?<!\b(?:check|know|see|me|tell) )\bif (?!possible)[^.?!]*(?:,|\bthen)\s+(?:please )?${SEND}`;
const AFTER = String.raw`${SEND}[^.?!]*\b(?:if|when|unless)\b(?! possible)`;
const CONDITION = new RegExp(`${BEFORE}|${AFTER}`, "i");

/** Words for a later time of sending. In a question about the weather, they may be about the weather. */
const LATER =
  /\b(?:tomorrow|tonight|later|every (?:day|hour|morning|week)|next \w+|in (?:an?|\d+|two|five|ten) (?:minutes?|hours?|days?|weeks?)|at (?:noon|midnight|\d+)|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b/i;

/** Why the e-mails of a question are not sent: they depend on a condition or on a later time. */
export type Obstacle = "condition" | "time";

/**
 * Takes a question without the texts of its e-mails, returns why they cannot be sent at once:
 * "email me if it rains", but not "check if it rains, then email me"; "email bob@example.com tomorrow".
 */
export function obstacleIn(question: string): Obstacle | undefined {
  if (CONDITION.test(question)) return "condition";
  return LATER.test(question) && !WEATHER.test(question) ? "time" : undefined;
}
