/** Something about the weather that no tool tells, by the words of the question. */
export type Limit =
  | { readonly type: "time"; readonly words: string }
  | { readonly type: "unit"; readonly words: string };

const TIME =
  /\b(?:tomorrow|yesterday|(?:next|last|this) (?:week(?:end)?|month|year|spring|summer|autumn|winter)|(?:on|next|last) (?:mon|tues|wednes|thurs|fri|satur|sun)day|in (?:\d+|two|three|a few) (?:hours|days|weeks)|in (?:spring|summer|autumn|winter))\b/i;
const UNIT = /\b(?:fahrenheit|kelvin)\b/i;

/** What is wanted of an e-mail and its tool has no place for. */
export type MailLimit = "subject" | "count";

const SUBJECT = /,?\s*\b(?:(?:with|and) )?(?:the |a )?(?:subject|title)(?: line)?:? "[^"]*"/gi;
const COUNT =
  /\b(?<!slip )(?:twice|(?:two|three|four|five|\d+) (?:times|e-?mails|mails|messages))\b/i;

/** Takes a question, returns it without the subjects of its e-mails, which are not their texts. */
export function withoutSubjects(question: string): string {
  return question.replace(SUBJECT, "");
}

/** Takes a question and the same without texts, returns what it wants of its e-mails, so many in all. */
export function readMailLimits(question: string, rest: string, count: number): MailLimit[] {
  const limits: MailLimit[] = [];
  if (count > 0 && withoutSubjects(question) !== question) limits.push("subject");
  if (count === 1 && COUNT.test(rest)) limits.push("count");
  return limits;
}

/** Takes such a limit, returns a sentence that says so. */
export function sayMailLimit(limit: MailLimit): string {
  if (limit === "subject") return "I can't give an e-mail a subject.";
  return "I send the same e-mail only once.";
}

/** Takes a question about the weather, returns what it wants that no tool tells. */
export function readLimits(question: string): Limit[] {
  const time = TIME.exec(question)?.[0].toLowerCase();
  const unit = UNIT.exec(question)?.[0].toLowerCase();
  const limits: Limit[] = [];
  if (time !== undefined) limits.push({ type: "time", words: time });
  if (unit !== undefined) limits.push({ type: "unit", words: unit });
  return limits;
}

/** Takes such a limit, returns a sentence that says so. */
export function sayLimit({ type, words }: Limit): string {
  if (type === "time") return `I only know how the weather is now, not ${words}.`;
  const unit = words.replace(/^./, (letter) => letter.toUpperCase());
  return `I can't give degrees in ${unit}.`;
}
