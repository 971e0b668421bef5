const SEND = String.raw`\b(?:send|write|forward|e-?mail|mail)\b`;
const BEFORE = String.raw`(?<!\b(?:check|know|see|me|tell) )\bif (?!possible)[^.?!]*(?:,|\bthen)\s+(?:please )?${SEND}`;
const AFTER = String.raw`${SEND}[^.?!]*\b(?:if|when|unless)\b(?! possible)`;
const CONDITION = new RegExp(`${BEFORE}|${AFTER}`, "i");

/**
 * Takes a question without the texts of its e-mails, returns whether one is to be sent only if something
 * is so: "if so, email me", "email me if it rains"; but not "check if it rains, then email me".
 */
export function isConditional(question: string): boolean {
  return CONDITION.test(question);
}
