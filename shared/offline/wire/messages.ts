import type { ChatMessage } from "@copilotkit/aimock";
import { z } from "zod";
import type { Exchange } from "../mind/conversation.ts";
import { parseInner } from "./json.ts";

/** What is read of a question, in letters; the time that it takes grows with the square of them. */
const LONGEST_QUESTION = 10_000;

/** How a user message begins that the program writes itself, so that it is no question. */
const FEEDBACK = /^(?:Function call results?|Reply error): ?/;
const RESULT = /^Function call result/;
const REFUSAL = /^Reply error/;
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

/** Sorts out most of what is no call. A text may hold a million entries, too many to parse them all. */
function mayBeCall(output: unknown): boolean {
  if (typeof output !== "object" || output === null) return false;
  return "type" in output && output.type === "function_call";
}

/** The calls of one message: native ones, and those written into its JSON. */
function callsIn(message: ChatMessage): AskedCall[] {
  const native = (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
  const { outputs = [], response } = WrittenReply.safeParse(parseInner(textOf(message))).data ?? {};
  const written = [...outputs, response].filter(mayBeCall).flatMap((output) => {
    const call = WrittenCall.safeParse(output).data;
    return call ? [{ id: undefined, name: call.name, arguments: call.arguments }] : [];
  });
  return [...native, ...written];
}

/** A reply, and what stands between it and the next one. */
type Turn = { readonly replies: ChatMessage[]; readonly answers: ChatMessage[] };

/** A reply may be several messages in a row, as in the Responses API, where each call is its own. */
function turnsIn(messages: readonly ChatMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const turn = turns.at(-1);
    if (!isReply(message)) turn?.answers.push(message);
    else if (turn?.answers.length === 0) turn.replies.push(message);
    else turns.push({ replies: [message], answers: [] });
  }
  return turns;
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
  const body = parseInner(text.replace(FEEDBACK, ""));
  return RESULTS.test(text) && Array.isArray(body) ? body.map(resultIn) : [body];
}

/** The result in a message of its own. Gemini's results are objects that wrap it as their output. */
function nativeResult(answer: ChatMessage): unknown {
  const result = parseInner(textOf(answer)) ?? textOf(answer);
  const wrapped = z.strictObject({ output: z.unknown() }).safeParse(result).data;
  return wrapped ? wrapped.output : result;
}

/** Whether the program could not read the reply, so that none of its calls has run. */
function wasRefused({ answers }: Turn): boolean {
  return answers.some((answer) => REFUSAL.test(textOf(answer)));
}

/** The calls of one reply, each with the result that came back for it. */
function exchangesIn({ replies, answers }: Turn): Exchange[] {
  const written = writtenResults(answers);
  const native = answers.filter(({ role }) => role === "tool").toReversed();
  // Where two results have one id, the first counts.
  const results = new Map(native.map((answer) => [answer.tool_call_id, answer]));
  return replies.flatMap((message) =>
    callsIn(message).map(({ id, name, arguments: json }, place) => {
      const args = Arguments.safeParse(parseInner(json)).data ?? {};
      const answer = results.get(id);
      return { name, args, result: answer ? nativeResult(answer) : written[place] };
    }),
  );
}

/** What the messages of a request say, from the last question on. */
export type History = {
  readonly question: string;
  readonly exchanges: readonly Exchange[];
  /** The program could not read the last reply, and has said so. */
  readonly refused: boolean;
  /** How many replies the model has given to the question so far. */
  readonly replies: number;
};

/** Takes the messages of a request, returns the last question and what has happened since. */
export function readMessages(messages: readonly ChatMessage[]): History {
  const asked = messages.findLastIndex(isQuestion);
  const question = messages[asked];
  const since = messages.slice(asked + 1);
  const turns = turnsIn(since);
  const last = turns.at(-1);
  return {
    question: question ? textOf(question).slice(0, LONGEST_QUESTION) : "",
    exchanges: turns.filter((turn) => !wasRefused(turn)).flatMap(exchangesIn),
    refused: last !== undefined && wasRefused(last),
    replies: since.filter(isReply).length,
  };
}
