/** Something about the weather that no tool knows, in the words of the question. */
export type Limit =
  | { readonly type: "time"; readonly words: string }
  | { readonly type: "unit"; readonly words: string };

const TIME =
  /\b(?:tomorrow|yesterday|(?:next|last|this) (?:week(?:end)?|month|year|spring|summer|autumn|winter)|(?:on|next|last) (?:mon|tues|wednes|thurs|fri|satur|sun)day|in (?:\d+|two|three|a few) (?:hours|days|weeks)|in (?:spring|summer|autumn|winter))\b/i;
const UNIT = /\b(?:fahrenheit|kelvin)\b/i;

/** What the question wants for an e-mail although the tool cannot do it. */
export type MailLimit = "subject" | "count";

const SUBJECT = /,?\s*\b(?:(?:with|and) )?(?:the |a )?(?:subject|title)(?: line)?:? "[^"]*"/gi;
const COUNT =
  /\b(?<!slip )(?:twice|(?:two|three|four|five|\d+) (?:times|e-?mails|mails|messages))\b/i;

/** Takes a question, returns it without the subjects of its e-mails. A subject is not a text. */
export function withoutSubjects(question: string): string {
  return question.replace(SUBJECT, "");
}

/** Takes a question, the same without texts, and the number of e-mails. Returns their limits. */
export function readMailLimits(question: string, rest: string, count: number): MailLimit[] {
  const limits: MailLimit[] = [];
  if (count > 0 && withoutSubjects(question) !== question) limits.push("subject");
  if (count === 1 && COUNT.test(rest)) limits.push("count");
  return limits;
}

/** Takes a limit, returns a sentence about it. */
export function sayMailLimit(limit: MailLimit): string {
  if (limit === "subject") return "I can't give an e-mail a subject.";
  return "I send the same e-mail only once.";
}

/** Takes a question about the weather, returns what it wants but no tool knows. */
export function readLimits(question: string): Limit[] {
  const time = TIME.exec(question)?.[0].toLowerCase();
  const unit = UNIT.exec(question)?.[0].toLowerCase();
  const limits: Limit[] = [];
  if (time !== undefined) limits.push({ type: "time", words: time });
  if (unit !== undefined) limits.push({ type: "unit", words: unit });
  return limits;
}

/** Takes a limit, returns a sentence about it. */
export function sayLimit({ type, words }: Limit): string {
  if (type === "time") return `I only know how the weather is now, not ${words}.`;
  const unit = words.replace(/^./, (letter) => letter.toUpperCase());
  return `I can't give degrees in ${unit}.`;
}
