import type { ChatMessage } from "@copilotkit/aimock";

/** Takes a message, returns its text, which may come in parts. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

/** Takes a message, returns true if it comes from the model. */
export function isReply({ role }: ChatMessage): boolean {
  return role === "assistant";
}

/** The beginnings of user messages that the program writes itself. They are not questions. */
export const FEEDBACK = /^(?:Function call results?|Reply error): ?/;
/** The beginning of a message with one or more results. */
export const RESULT = /^Function call result/;
/** The beginning of a message with a list of results. */
export const RESULTS = /^Function call results/;
/** The beginning of a message that says why a reply could not be read. */
export const REFUSAL = /^Reply error/;
