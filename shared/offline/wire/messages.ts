import type { ChatMessage } from "@copilotkit/aimock";
import type { Earlier, Exchange } from "../mind/conversation.ts";
import { callsIn, exchangesIn, turnsIn, wasRefused } from "./exchanges.ts";
import { FEEDBACK, isReply, textOf } from "./said.ts";

/** The letters of a question that are read. The time grows with the square of their number. */
const LONGEST_QUESTION = 10_000;

/** How many earlier questions are read. Each takes time. */
const MOST_EARLIER = 3;

function isQuestion(message: ChatMessage, index: number, all: readonly ChatMessage[]): boolean {
  // If a message of Claude holds text beside results, aimock puts the text before the results.
  const isReminder = all[index + 1]?.role === "tool";
  return message.role === "user" && !isReminder && !FEEDBACK.test(textOf(message));
}

/** What the messages of a request contain, from the last question on. */
export type History = {
  readonly question: string;
  readonly earlier: readonly Earlier[];
  readonly exchanges: readonly Exchange[];
  /** True if the program has said that it could not read the last reply. */
  readonly refused: boolean;
  /** How many replies the model has given to the question so far. */
  readonly replies: number;
};

function readQuestionOf(message: ChatMessage | undefined): string {
  return message ? textOf(message).slice(0, LONGEST_QUESTION) : "";
}

/** The earlier questions that got a reply. */
function earlierIn(messages: readonly ChatMessage[]): Earlier[] {
  const places = messages.flatMap((message, index) => {
    return isQuestion(message, index, messages) ? [index] : [];
  });
  const last = places.slice(-MOST_EARLIER - 1);
  return last.slice(0, -1).flatMap((start, place) => {
    const since = messages.slice(start + 1, last[place + 1]);
    const hasMailed = since.flatMap(callsIn).some(({ name }) => name === "send_email");
    return since.some(isReply) ? [{ question: readQuestionOf(messages[start]), hasMailed }] : [];
  });
}

/** Takes the messages of a request, returns the last question and the history since then. */
export function readMessages(messages: readonly ChatMessage[]): History {
  const asked = messages.findLastIndex(isQuestion);
  const since = messages.slice(asked + 1);
  const turns = turnsIn(since);
  const last = turns.at(-1);
  return {
    question: readQuestionOf(messages[asked]),
    earlier: earlierIn(messages.slice(0, asked + 1)),
    exchanges: turns.filter((turn) => !wasRefused(turn)).flatMap(exchangesIn),
    refused: last !== undefined && wasRefused(last),
    replies: since.filter(isReply).length,
  };
}
