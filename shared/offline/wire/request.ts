import type { ChatCompletionRequest } from "@copilotkit/aimock";
import { z } from "zod";
import type { Conversation, Offer } from "../mind/conversation.ts";
import { parseJson } from "./json.ts";
import { Knobs, readKnobs } from "./knobs.ts";
import { readMessages, textOf } from "./messages.ts";

/** What a request says, as far as the reply depends on it. */
export type Reading = {
  readonly conversation: Conversation;
  /** What the reply is to be: JSON with one output or a list of them, native calls, or plain text. */
  readonly shape: "response" | "outputs" | "native" | "text";
  /** The JSON has a place for how the calls are to run. */
  readonly wantsMode: boolean;
  /** How many replies the last question has had so far. */
  readonly replies: number;
  readonly knobs: Knobs;
};

const JsonFormat = z.object({
  json_schema: z.object({ schema: z.object({ properties: z.record(z.string(), z.unknown()) }) }),
});
const PromptTool = z.object({ name: z.string(), description: z.string(), parameters: z.object() });

/** Tools come with the request or, one JSON object a line, in the system prompt. */
function toolsIn({ tools = [], messages }: ChatCompletionRequest): Offer[] {
  const native = tools.map((tool) => ({ name: tool.function.name, about: JSON.stringify(tool) }));
  const prompts = messages.filter(({ role }) => !["user", "assistant", "tool"].includes(role));
  const lines = prompts.flatMap((message) => textOf(message).split("\n"));
  const prompted = lines.flatMap((line) => {
    const tool = PromptTool.safeParse(parseJson(line)).data;
    return tool ? [{ name: tool.name, about: line }] : [];
  });
  return [...native, ...prompted];
}

function shapeFor(properties: object, hasTools: boolean): Reading["shape"] {
  if ("response" in properties) return "response";
  if ("outputs" in properties) return "outputs";
  return hasTools ? "native" : "text";
}

/** The knobs come from the front door; a request that has not passed it has its own. */
function knobsOf(request: ChatCompletionRequest): Knobs {
  const { _context: context } = request;
  return context === undefined ? readKnobs(request) : Knobs.parse(JSON.parse(context));
}

/** Takes a chat request, returns all that matters of it, so that nobody has to read it again. */
export function readRequest(request: ChatCompletionRequest): Reading {
  const { messages, tools = [], response_format } = request;
  const { question, exchanges, replies } = readMessages(messages);
  const references = messages.some((message) => {
    return message.role === "system" && textOf(message).includes('"$from"');
  });
  const format = JsonFormat.safeParse(response_format).data;
  const properties = format?.json_schema.schema.properties ?? {};
  return {
    conversation: { question, tools: toolsIn(request), exchanges, references },
    shape: shapeFor(properties, tools.length > 0),
    wantsMode: "mode" in properties,
    replies,
    knobs: knobsOf(request),
  };
}
