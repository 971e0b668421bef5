// Native function calling over Chat Completions, for servers that do not have the Responses API.
import { zodFunction } from "openai/helpers/zod";
import type { ChatCompletionMessage, ChatCompletionMessageParam } from "openai/resources";
import type { Tool } from "../mock-tools/tools.ts";
import { client, model } from "./model.ts";

type Output =
  | { readonly type: "message"; readonly text: string }
  | {
      readonly type: "function_call";
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    };

type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "failure"; readonly id: string; readonly error: object };

/** Takes a message of the model's, returns its text and its calls in their order. */
function readMessage({ refusal, content, tool_calls }: ChatCompletionMessage): Output[] {
  if (refusal) throw new Error(`the model refuses: ${refusal}`);
  const texts: Output[] = content ? [{ type: "message", text: content }] : [];
  // Some servers send null where there are no calls.
  const calls = (tool_calls ?? []).flatMap((call): Output[] =>
    call.type === "function" ? [{ type: "function_call", id: call.id, ...call.function }] : [],
  );
  return [...texts, ...calls];
}

/** Writes the message anew, because a server may refuse the fields that servers add. */
function writeMessage(outputs: readonly Output[]): ChatCompletionMessageParam {
  const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
  const tool_calls = outputs.flatMap((output) => {
    if (output.type === "message") return [];
    const { id, name, arguments: args } = output;
    return [{ type: "function", id, function: { name, arguments: args } } as const];
  });
  const message = { role: "assistant", content: texts[0] ?? null } as const;
  return tool_calls.length > 0 ? { ...message, tool_calls } : message;
}

function writeOutcome(outcome: Outcome): ChatCompletionMessageParam {
  const body = outcome.type === "success" ? outcome.result : { error: outcome.error };
  return { role: "tool", tool_call_id: outcome.id, content: JSON.stringify(body) };
}

type Setting = {
  readonly question: string;
  readonly prompt: string;
  readonly tools: readonly Tool[];
  /** Knobs of the request. A reply may hold several calls unless `parallel_tool_calls` is false. */
  readonly config?: { readonly parallel_tool_calls?: boolean };
};

type Conversation = {
  ask(): Promise<Output[]>;
  answer(outcomes: readonly Outcome[]): void;
};

/** The tools and their knob. The API refuses both where there is no tool; unset, it decides itself. */
function describeTools({ tools, config = {} }: Setting) {
  const { parallel_tool_calls } = config;
  if (tools.length === 0) return {};
  const offers = tools.map(({ name, description, parameters }) => {
    return zodFunction({ name, description, parameters });
  });
  return typeof parallel_tool_calls === "boolean"
    ? { tools: offers, parallel_tool_calls }
    : { tools: offers };
}

/** Sends a request, and returns the message of the reply if there is a whole one. */
async function askServer(
  messages: ChatCompletionMessageParam[],
  options: ReturnType<typeof describeTools>,
): Promise<ChatCompletionMessage> {
  const completion = await client.chat.completions.create({ model, messages, ...options });
  const { message, finish_reason: end } = completion.choices?.[0] ?? {};
  if (!message) throw new Error(`expected a chat completion, got ${JSON.stringify(completion)}`);
  // A text that was cut off would pass for the answer.
  const cut = end === "length" || end === "content_filter";
  if (cut) throw new Error(`the reply is incomplete: ${end}`);
  return message;
}

/**
 * Opens a conversation over Chat Completions. `ask` sends a request and returns the message and the
 * calls of the reply; `answer` takes the outcomes of all these calls into the next request.
 *
 * @throws an error from `ask` where the model refuses or its reply is incomplete
 */
export function talkOverChat(setting: Setting): Conversation {
  const messages: ChatCompletionMessageParam[] = [
    { role: "system", content: setting.prompt },
    { role: "user", content: setting.question },
  ];
  const options = describeTools(setting);
  return {
    async ask() {
      const outputs = readMessage(await askServer(messages, options));
      // An empty message would be refused when it is sent back.
      if (outputs.length > 0) messages.push(writeMessage(outputs));
      return outputs;
    },
    answer(outcomes) {
      messages.push(...outcomes.map(writeOutcome));
    },
  };
}
