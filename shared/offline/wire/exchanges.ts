// The calls of the model's replies, and the results that came back for them.
import type { ChatMessage } from "@copilotkit/aimock";
import { z } from "zod";
import type { Exchange } from "../mind/conversation.ts";
import { parseInner } from "./json.ts";
import { FEEDBACK, isReply, REFUSAL, RESULT, RESULTS, textOf } from "./said.ts";

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
  /** Undefined for a call that the model wrote as JSON: its result is found by its place. */
  readonly id: string | undefined;
  readonly name: string;
  readonly arguments: string;
};

/** A quick check that drops most entries that are not calls. There may be a million, too many to parse. */
function mayBeCall(output: unknown): boolean {
  if (typeof output !== "object" || output === null) return false;
  return "type" in output && output.type === "function_call";
}

/** Takes a message, returns its calls: native ones, and those written into its JSON. */
export function callsIn(message: ChatMessage): AskedCall[] {
  const native = (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
  const { outputs = [], response } = WrittenReply.safeParse(parseInner(textOf(message))).data ?? {};
  const written = [...outputs, response].filter(mayBeCall).flatMap((output) => {
    const call = WrittenCall.safeParse(output).data;
    return call ? [{ id: undefined, name: call.name, arguments: call.arguments }] : [];
  });
  return [...native, ...written];
}

/** A reply, and the messages between it and the next reply. */
export type Turn = { readonly replies: ChatMessage[]; readonly answers: ChatMessage[] };

/**
 * Takes messages, returns their replies. A reply may be several messages in a row, as in the
 * Responses API, where each call is a message of its own.
 */
export function turnsIn(messages: readonly ChatMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const turn = turns.at(-1);
    if (!isReply(message)) turn?.answers.push(message);
    else if (turn?.answers.length === 0) turn.replies.push(message);
    else turns.push({ replies: [message], answers: [] });
  }
  return turns;
}

/** The result in one entry of a list. If the entry has none, its other fields without the id. */
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

/** The result in a message of its own. Gemini wraps the result in an object with the field `output`. */
function nativeResult(answer: ChatMessage): unknown {
  const result = parseInner(textOf(answer)) ?? textOf(answer);
  const wrapped = z.strictObject({ output: z.unknown() }).safeParse(result).data;
  return wrapped ? wrapped.output : result;
}

/** Takes a reply, returns true if the program could not read it. Then none of its calls has run. */
export function wasRefused({ answers }: Turn): boolean {
  return answers.some((answer) => REFUSAL.test(textOf(answer)));
}

/** Takes a reply, returns its calls, each with the result that came back for it. */
export function exchangesIn({ replies, answers }: Turn): Exchange[] {
  const written = writtenResults(answers);
  const native = answers.filter(({ role }) => role === "tool").toReversed();
  // If two results have one id, the first counts.
  const results = new Map(native.map((answer) => [answer.tool_call_id, answer]));
  return replies.flatMap((message) =>
    callsIn(message).map(({ id, name, arguments: json }, place) => {
      const args = Arguments.safeParse(parseInner(json)).data ?? {};
      const answer = results.get(id);
      return { name, args, result: answer ? nativeResult(answer) : written[place] };
    }),
  );
}
