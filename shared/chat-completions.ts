// Native function calling over Chat Completions, for servers that do not have the Responses API.
import { zodFunction } from "openai/helpers/zod";
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from "openai/resources";
import { z } from "zod";
import type { Tool } from "../mock-tools/tools.ts";
import { callIds } from "./call-ids.ts";
import { client, model } from "./model.ts";
import { expectShape, otherThan, readBody } from "./shape.ts";
import { noteTokens } from "./tokens.ts";

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
  | { readonly type: "failure"; readonly id: string; readonly error: object }
  /** A text that stands for an outcome. */
  | { readonly type: "text"; readonly id: string; readonly text: string };

const FunctionCall = z.object({
  type: z.literal("function").nullish(),
  id: z.unknown().optional(),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
/** A call of a kind of tool that no chapter offers. */
const OtherCall = z.object({ type: otherThan("function") });

// Some servers send null if there are no calls.
const Message = z.object({
  refusal: z.string().nullish(),
  content: z.string().nullish(),
  tool_calls: z.array(z.union([FunctionCall, OtherCall])).nullish(),
});

const Choice = z.object({ message: z.looseObject({}), finish_reason: z.string().nullish() });
const Completion = z.object({
  choices: z.tuple([Choice], z.unknown()),
  usage: z.object({ prompt_tokens: z.number() }).optional().catch(undefined),
});

/**
 * True for a call id that Chat Completions accepts: 1 to 40 characters, as in
 * https://github.com/vercel/ai/issues/5171
 */
export function isChatCallId(id: string): boolean {
  return id.length > 0 && id.length <= 40;
}

/** Takes a message of the model. Returns its text and its calls in their order. */
function readMessage(message: unknown): Output[] {
  const what = "a message with a text or calls";
  const { refusal, content, tool_calls } = expectShape(what, Message, message);
  if (refusal) throw new Error(`the model refuses: ${refusal}`);
  const texts: Output[] = content ? [{ type: "message", text: content }] : [];
  const calls = (tool_calls ?? []).flatMap((call) => ("function" in call ? [call] : []));
  const ids = calls.map(({ id }) => id);
  const settle = callIds(isChatCallId, ids);
  const outputs = calls.map(({ id, function: call }, index): Output => {
    return { type: "function_call", id: settle(id, index), ...call };
  });
  return [...texts, ...outputs];
}

/** Writes a message with the known fields only, because a server may refuse the fields that it added. */
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

function textOf(outcome: Outcome): string {
  if (outcome.type === "text") return outcome.text;
  return JSON.stringify(outcome.type === "success" ? outcome.result : { error: outcome.error });
}

function writeOutcome(outcome: Outcome): ChatCompletionMessageParam {
  return { role: "tool", tool_call_id: outcome.id, content: textOf(outcome) };
}

type Setting = {
  readonly question: string;
  readonly prompt: string;
  readonly tools: readonly Pick<Tool, "name" | "description" | "parameters">[];
  /** Knobs of the request. A reply may hold several calls unless `parallel_tool_calls` is false. */
  readonly config?: { readonly parallel_tool_calls?: boolean };
};

/** Sends a request, or returns the recorded body of its response. */
type Execute = (key: string, input: object, run: () => Promise<unknown>) => Promise<unknown>;
const send: Execute = (_key, _input, run) => run();

type Conversation = {
  ask(execute?: Execute): Promise<Output[]>;
  answer(outcomes: readonly Outcome[]): void;
};

/** The tools and their knob. The API refuses both without tools. If the knob is unset, the API decides. */
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

type Request = ChatCompletionCreateParamsNonStreaming;

/** Sends a request, and returns the message of the reply. Throws an error if it was cut off. */
async function askServer(request: Request, execute: Execute): Promise<unknown> {
  const body = await execute("request", request, async () => {
    const response = await client.chat.completions.create(request).asResponse();
    return readBody(await response.text());
  });
  const { choices, usage } = expectShape("a chat completion", Completion, body);
  noteTokens(usage?.prompt_tokens);
  const [{ message, finish_reason: end }] = choices;
  // Otherwise a text that was cut off would count as the answer.
  const cut = end === "length" || end === "content_filter";
  if (cut) throw new Error(`the reply is incomplete: ${end}`);
  return message;
}

/**
 * Opens a conversation over Chat Completions. `ask` sends a request and returns the message and the
 * calls of the reply; `answer` puts the outcomes of all these calls into the next request. If `ask` is
 * given a function, the request is sent through it, under the key "request".
 *
 * @throws an error from `ask` if the model refuses or its reply is incomplete
 */
export function talkOverChat(setting: Setting): Conversation {
  const messages: ChatCompletionMessageParam[] = [
    { role: "system", content: setting.prompt },
    { role: "user", content: setting.question },
  ];
  const options = describeTools(setting);
  return {
    async ask(execute = send) {
      const outputs = readMessage(await askServer({ model, messages, ...options }, execute));
      // The API would refuse an empty message in the next request.
      if (outputs.length > 0) messages.push(writeMessage(outputs));
      return outputs;
    },
    answer(outcomes) {
      messages.push(...outcomes.map(writeOutcome));
    },
  };
}
