import type { ChatCompletionRequest, FixtureResponse } from "@copilotkit/aimock";
import { z } from "zod";
import { countReplies, readConversation } from "./conversation.ts";
import { identify } from "./identify.ts";
import { Knobs, readKnobs } from "./knobs.ts";
import { type Conversation, type Plan, plan } from "./mind.ts";

const JsonFormat = z.object({
  json_schema: z.object({ schema: z.object({ properties: z.record(z.string(), z.unknown()) }) }),
});

/** The properties of the JSON object that the request asks for. */
function propertiesOf({ response_format }: ChatCompletionRequest): Record<string, unknown> {
  return JsonFormat.safeParse(response_format).data?.json_schema.schema.properties ?? {};
}

/** The reply that the request asks for: one output, a list of them, native calls, or plain text. */
function shapeOf(request: ChatCompletionRequest): "response" | "outputs" | "native" | "text" {
  const properties = propertiesOf(request);
  if ("response" in properties) return "response";
  if ("outputs" in properties) return "outputs";
  return request.tools?.length ? "native" : "text";
}

/** A question may ask for bad replies ("Slip once", "slip 3 times", "slip every time"). */
function slip(request: ChatCompletionRequest, text: string): string | undefined {
  const { question } = readConversation(request);
  const [, often = ""] = /\bslip (once|twice|every time|\d+ times)\b/i.exec(question) ?? [];
  const slips = new Map([
    ["", 0],
    ["once", 1],
    ["twice", 2],
    ["every time", Infinity],
  ]);
  const replies = countReplies(request);
  if (replies >= (slips.get(often.toLowerCase()) ?? Number.parseInt(often, 10))) return undefined;
  return replies % 2 === 0 ? `Sure! ${text}` : JSON.stringify({ answer: text });
}

function write(request: ChatCompletionRequest, { text, calls, mode }: Plan): FixtureResponse {
  const shape = shapeOf(request);
  const ids = identify(calls);
  const asked = calls.map(({ name, args }, index) => {
    return { id: ids[index] ?? "", name, arguments: JSON.stringify(args) };
  });
  const message = { type: "message", text };
  if (shape === "response") {
    const [call] = asked;
    const { id: _, ...rest } = call ?? {};
    const response = call ? { type: "function_call", ...rest } : message;
    return { content: JSON.stringify({ response }) };
  }
  if (shape === "outputs") {
    const outputs = asked.map((call) => ({ type: "function_call", ...call }));
    const how = "mode" in propertiesOf(request) ? { mode } : {};
    return { content: JSON.stringify({ ...how, outputs: [message, ...outputs] }) };
  }
  if (shape === "text" || asked.length === 0) return { content: text };
  return { content: text, toolCalls: asked };
}

/** What the model wants, within what the knobs of the request allow. */
function obey({ calls, single }: Knobs, conversation: Conversation): Plan {
  const { tools, exchanges } = conversation;
  const next = plan(calls === "none" ? { ...conversation, tools: [] } : conversation);
  const [offer] = tools;
  const wanted = next.calls.length === 0 && calls === "any" && offer ? [offer.name] : [];
  const forced = wanted.map((name) => exchanges.at(-1) ?? { name, args: {} });
  const all = [...next.calls, ...forced];
  return { ...next, calls: single ? all.slice(0, 1) : all };
}

/** The call that has no result, if there is one: real APIs refuse a request that has such a call. */
function unanswered({ messages }: ChatCompletionRequest): string | undefined {
  const answered = new Set(messages.map((message) => message.tool_call_id));
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return calls.find(({ id }) => !answered.has(id))?.id;
}

/** The offline model's reply to a chat request, in the shape that the request asks for. */
export function reply(request: ChatCompletionRequest): FixtureResponse {
  const id = unanswered(request);
  if (id !== undefined) {
    const message = `No tool output found for function call ${id}.`;
    return { error: { message, type: "invalid_request_error" }, status: 400 };
  }
  const conversation = readConversation(request);
  // aimock's form of a request has no place for all knobs, so the server hands them on beside it.
  const { _context: context } = request;
  const knobs = context === undefined ? readKnobs(request) : Knobs.parse(JSON.parse(context));
  const next = shapeOf(request) === "native" ? obey(knobs, conversation) : plan(conversation);
  const slipped = shapeOf(request) === "native" ? undefined : slip(request, next.text);
  const written = slipped === undefined ? write(request, next) : { content: slipped };
  return knobs.end === undefined ? written : { ...written, finishReason: knobs.end };
}
