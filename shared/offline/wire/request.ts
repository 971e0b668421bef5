import type { ChatCompletionRequest } from "@copilotkit/aimock";
import { z } from "zod";
import type { Conversation, Offer } from "../mind/conversation.ts";
import { parseInner } from "./json.ts";
import { Knobs, readKnobs } from "./knobs.ts";
import { readMessages } from "./messages.ts";
import { textOf } from "./said.ts";

/** The parts of a request on which the reply depends. */
export type Reading = {
  readonly conversation: Conversation;
  /** The form of the reply: JSON with one output or a list of outputs, native calls, or plain text. */
  readonly shape: "response" | "outputs" | "native" | "text";
  /** True if the JSON has a field for the mode of the calls. */
  readonly wantsMode: boolean;
  /** How many replies the last question has had so far. */
  readonly replies: number;
  readonly knobs: Knobs;
};

const WithProperties = z.object({ properties: z.record(z.string(), z.unknown()) });
const ObjectSchema = z.custom<Exclude<Parameters<typeof z.fromJSONSchema>[0], boolean>>(
  (schema) => WithProperties.safeParse(schema).success,
);
const FunctionTool = z.object({
  function: z.object({ name: z.string(), description: z.string().catch("") }),
});
const PromptTool = z.object({ name: z.string(), description: z.string(), parameters: z.object() });

/** Tools come in the request, or in the system prompt as one JSON object per line. */
function toolsIn({ tools, messages }: ChatCompletionRequest): Offer[] {
  const native = (tools ?? []).flatMap((tool) => {
    // OpenAI's other kinds of tools have no function, although aimock's type requires one.
    const { data } = FunctionTool.safeParse(tool);
    return data ? [{ ...data.function, about: JSON.stringify(tool) }] : [];
  });
  const prompts = messages.filter(({ role }) => !["user", "assistant", "tool"].includes(role));
  const lines = prompts.flatMap((message) => textOf(message).split("\n"));
  // A prompt may have a million lines, too many to parse them all.
  const objects = lines.filter((line) => /^\s*\{.{20}/.test(line) && line.includes('"parameters"'));
  const prompted = objects.flatMap((line) => {
    const tool = PromptTool.safeParse(parseInner(line)).data;
    return tool ? [{ name: tool.name, description: tool.description, about: line }] : [];
  });
  return [...native, ...prompted];
}

/** The book's schemas have some hundred letters. */
const LONGEST_SCHEMA = 20_000;

/** Keywords that no schema of the book has. With them, checking a small schema can take for ever. */
const ENDLESS = /"(?:\$ref|pattern|patternProperties)":/;

/** True if a schema allows a reply of the book. Another program's schema may use the same names. */
function allows(schema: z.infer<typeof ObjectSchema>, reply: object): boolean {
  const written = JSON.stringify(schema);
  if (written.length > LONGEST_SCHEMA || ENDLESS.test(written)) return false;
  try {
    return z.fromJSONSchema(schema).safeParse(reply).success;
  } catch {
    // zod cannot read this schema, so it is not one of the book's.
    return false;
  }
}

function shapeFor(schema: unknown, hasTools: boolean): Reading["shape"] {
  const { data } = ObjectSchema.safeParse(schema);
  const properties = data?.properties ?? {};
  const message = { type: "message", text: "" };
  const mode = "mode" in properties && { mode: "parallel" };
  if (data && "response" in properties && allows(data, { response: message })) return "response";
  if (data && "outputs" in properties && allows(data, { ...mode, outputs: [message] })) {
    return "outputs";
  }
  return hasTools ? "native" : "text";
}

/** True if a schema of the book allows calls. */
function holdsCalls(schema: unknown): boolean {
  return (JSON.stringify(schema) ?? "").includes('"function_call"');
}

/** The knobs come from the front door. If a request has not passed it, they are read here. */
function knobsOf(request: ChatCompletionRequest): Knobs {
  const { _context: context } = request;
  return context === undefined ? readKnobs(request) : Knobs.parse(JSON.parse(context));
}

/** Takes a chat request, returns everything on which the reply depends. */
export function readRequest(request: ChatCompletionRequest): Reading {
  const { messages, tools } = request;
  const { replies, ...history } = readMessages(messages);
  const references = messages.some((message) => {
    return message.role === "system" && textOf(message).includes('"$from"');
  });
  const knobs = knobsOf(request);
  const shape = shapeFor(knobs.schema, (tools ?? []).length > 0);
  const offers = toolsIn(request);
  // Without a schema, the model assumes that the program can read calls if the prompt lists tools.
  const isOpen = shape === "text" ? offers.length > 0 : holdsCalls(knobs.schema);
  const hasPlace = shape === "native" || isOpen;
  const textOnly = knobs.calls === "none" || !hasPlace;
  return {
    conversation: { ...history, tools: offers, references, textOnly },
    shape,
    wantsMode: "mode" in (ObjectSchema.safeParse(knobs.schema).data?.properties ?? {}),
    replies,
    knobs,
  };
}
