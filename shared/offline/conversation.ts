import type { ChatCompletionRequest, ChatMessage } from "@copilotkit/aimock";
import { z } from "zod";
import type { Conversation, Exchange, Offer } from "./mind.ts";

/** What the program sends back as a user message is no question. */
const FEEDBACK = /^(?:Function call results?|Reply error): ?/;

const PromptTool = z.object({ name: z.string(), description: z.string(), parameters: z.object() });
const JsonCall = z.object({
  type: z.literal("function_call"),
  name: z.string(),
  arguments: z.string(),
});
const JsonReply = z.object({
  response: z.unknown().optional(),
  outputs: z.array(z.unknown()).optional(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

function isQuestion(message: ChatMessage, index: number, all: readonly ChatMessage[]): boolean {
  // What stands beside results in one message of Claude's, aimock puts before them.
  const reminder = all[index + 1]?.role === "tool";
  return message.role === "user" && !reminder && !FEEDBACK.test(textOf(message));
}

/** Tools come with the request or, one JSON object a line, in the system prompt. */
function toolsIn({ tools = [], messages }: ChatCompletionRequest): Offer[] {
  const native = tools.map((tool) => ({ name: tool.function.name, about: JSON.stringify(tool) }));
  const prompt = messages.filter(({ role }) => !["user", "assistant", "tool"].includes(role));
  const prompted = prompt
    .flatMap((message) => textOf(message).split("\n"))
    .map((line) => ({ line, tool: PromptTool.safeParse(parseJson(line)).data }))
    .flatMap(({ line, tool }) => (tool ? [{ name: tool.name, about: line }] : []));
  return [...native, ...prompted];
}

type Asked = { readonly id: string | undefined; readonly name: string; readonly arguments: string };

function callsIn(message: ChatMessage): Asked[] {
  const native = (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
  const reply = JsonReply.safeParse(parseJson(textOf(message))).data;
  const written = [...(reply?.outputs ?? []), reply?.response].flatMap((output) => {
    const call = JsonCall.safeParse(output).data;
    return call ? [{ id: undefined, name: call.name, arguments: call.arguments }] : [];
  });
  return [...native, ...written];
}

/** Gemini's results are objects: what a call gave is their output. */
function unwrap(result: unknown): unknown {
  const { data } = z.strictObject({ output: z.unknown() }).safeParse(result);
  return data ? data.output : result;
}

/** What an entry of a list of results says: its result or, beside the id, why there is none. */
function resultIn(entry: unknown): unknown {
  const { id: _, ...rest } = z.looseObject({}).safeParse(entry).data ?? {};
  return "result" in rest ? rest.result : rest;
}

/** The results of one reply's calls, in the order asked, from the messages that follow it. */
function resultsIn(calls: readonly Asked[], following: readonly ChatMessage[]): unknown[] {
  // A reply may be several messages in a row, as in the Responses API, where each call is its own.
  const first = following.findIndex(({ role }) => role !== "assistant");
  const rest = following.slice(first < 0 ? following.length : first);
  const end = rest.findIndex(({ role }) => role === "assistant");
  const answers = end < 0 ? rest : rest.slice(0, end);
  const fed = answers.find((message) => /^Function call result/.test(textOf(message)));
  const body = parseJson(fed ? textOf(fed).replace(FEEDBACK, "") : "");
  const listed = fed && /^Function call results/.test(textOf(fed)) && Array.isArray(body);
  const written: unknown[] = listed ? body.map(resultIn) : [body];
  return calls.map(({ id }, index) => {
    const answer = answers.find(
      (message) => message.role === "tool" && message.tool_call_id === id,
    );
    return answer ? unwrap(parseJson(textOf(answer)) ?? textOf(answer)) : written[index];
  });
}

/** Reads a chat request as a model would: the last question, the tools, what was called since. */
export function readConversation(request: ChatCompletionRequest): Conversation {
  const { messages } = request;
  const asked = messages.findLastIndex(isQuestion);
  const since = messages.slice(asked + 1);
  const exchanges: Exchange[] = since.flatMap((message, index) => {
    const calls = message.role === "assistant" ? callsIn(message) : [];
    const results = resultsIn(calls, since.slice(index + 1));
    return calls.map((call, position) => {
      const args =
        z.record(z.string(), z.unknown()).safeParse(parseJson(call.arguments)).data ?? {};
      return { name: call.name, args, result: results[position] };
    });
  });
  const question = messages[asked];
  const references = messages.some((message) => {
    return message.role === "system" && textOf(message).includes('"$from"');
  });
  const text = question ? textOf(question) : "";
  return { question: text, tools: toolsIn(request), exchanges, references };
}

/** How many replies the model has given to the last question. */
export function countReplies({ messages }: ChatCompletionRequest): number {
  const since = messages.slice(messages.findLastIndex(isQuestion) + 1);
  return since.filter(({ role }) => role === "assistant").length;
}
