import type { ChatMessage } from "@copilotkit/aimock";

/** Takes a message, returns its text, which may come in parts. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

/** Takes a message, returns whether the model has said it. */
export function isReply({ role }: ChatMessage): boolean {
  return role === "assistant";
}

/** How a user message begins that the program writes itself, so that it is no question. */
export const FEEDBACK = /^(?:Function call results?|Reply error): ?/;
/** How those begin that hold one result or more. */
export const RESULT = /^Function call result/;
/** How those begin that hold a list of results. */
export const RESULTS = /^Function call results/;
/** How those begin that say why a reply could not be read. */
export const REFUSAL = /^Reply error/;
