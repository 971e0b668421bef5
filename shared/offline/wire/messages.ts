import type { ChatMessage } from "@copilotkit/aimock";
import { z } from "zod";
import type { Exchange } from "../mind/conversation.ts";
import { parseJson } from "./json.ts";

/** How a user message begins that the program writes itself, so that it is no question. */
const FEEDBACK = /^(?:Function call results?|Reply error): ?/;
const RESULT = /^Function call result/;
const RESULTS = /^Function call results/;

const WrittenCall = z.object({
  type: z.literal("function_call"),
  name: z.string(),
  arguments: z.string(),
});
const WrittenReply = z.object({
  response: z.unknown().optional(),
  outputs: z.array(z.unknown()).optional(),
});
const Arguments = z.record(z.string(), z.unknown());

type AskedCall = {
  /** Nothing for a call that the model wrote as JSON: its result is found by its place. */
  readonly id: string | undefined;
  readonly name: string;
  readonly arguments: string;
};

/** Takes a message, returns its text, which may come in parts. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

function isReply({ role }: ChatMessage): boolean {
  return role === "assistant";
}

function isQuestion(message: ChatMessage, index: number, all: readonly ChatMessage[]): boolean {
  // Text beside the results in one of Claude's messages: aimock puts it before them.
  const isReminder = all[index + 1]?.role === "tool";
  return message.role === "user" && !isReminder && !FEEDBACK.test(textOf(message));
}

/** The calls of one message: native ones, and those written into its JSON. */
function callsIn(message: ChatMessage): AskedCall[] {
  const native = (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
  const { outputs = [], response } = WrittenReply.safeParse(parseJson(textOf(message))).data ?? {};
  const written = [...outputs, response].flatMap((output) => {
    const call = WrittenCall.safeParse(output).data;
    return call ? [{ id: undefined, name: call.name, arguments: call.arguments }] : [];
  });
  return [...native, ...written];
}

/** What stands between a reply and the next one. */
function answersAfter(reply: number, messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const following = messages.slice(reply + 1);
  // A reply may be several messages in a row, as in the Responses API, where each call is its own.
  const start = following.findIndex((message) => !isReply(message));
  if (start < 0) return [];
  const answers = following.slice(start);
  const end = answers.findIndex(isReply);
  return end < 0 ? answers : answers.slice(0, end);
}

/** The result in one entry of a list, or what the entry says besides its id if it has no result. */
function resultIn(entry: unknown): unknown {
  const { id: _, ...rest } = z.looseObject({}).safeParse(entry).data ?? {};
  return "result" in rest ? rest.result : rest;
}

/** The results that the program wrote into a user message, in the order asked. */
function writtenResults(answers: readonly ChatMessage[]): unknown[] {
  const text = answers.map(textOf).find((answer) => RESULT.test(answer));
  if (text === undefined) return [];
  const body = parseJson(text.replace(FEEDBACK, ""));
  return RESULTS.test(text) && Array.isArray(body) ? body.map(resultIn) : [body];
}

/** The result in a message of its own. Gemini's results are objects that wrap it as their output. */
function nativeResult(answer: ChatMessage): unknown {
  const result = parseJson(textOf(answer)) ?? textOf(answer);
  const wrapped = z.strictObject({ output: z.unknown() }).safeParse(result).data;
  return wrapped ? wrapped.output : result;
}

/** The calls of one message, each with the result that came back for it. */
function exchangesIn(index: number, messages: readonly ChatMessage[]): Exchange[] {
  const message = messages[index];
  if (!message || !isReply(message)) return [];
  const answers = answersAfter(index, messages);
  const written = writtenResults(answers);
  return callsIn(message).map(({ id, name, arguments: json }, place) => {
    const args = Arguments.safeParse(parseJson(json)).data ?? {};
    const answer = answers.find(({ role, tool_call_id }) => role === "tool" && tool_call_id === id);
    return { name, args, result: answer ? nativeResult(answer) : written[place] };
  });
}

/** What the messages of a request say, from the last question on. */
export type History = {
  readonly question: string;
  readonly exchanges: readonly Exchange[];
  /** How many replies the model has given to the question so far. */
  readonly replies: number;
};

/** Takes the messages of a request, returns the last question and what has happened since. */
export function readMessages(messages: readonly ChatMessage[]): History {
  const asked = messages.findLastIndex(isQuestion);
  const question = messages[asked];
  const since = messages.slice(asked + 1);
  return {
    question: question ? textOf(question) : "",
    exchanges: since.flatMap((_, index) => exchangesIn(index, since)),
    replies: since.filter(isReply).length,
  };
}
