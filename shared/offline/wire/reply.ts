import type { ChatCompletionRequest, FixtureResponse } from "@copilotkit/aimock";
import type { Call, Conversation } from "../mind/conversation.ts";
import { identify } from "../mind/identify.ts";
import { type Plan, plan } from "../mind/plan.ts";
import { type Reading, readRequest } from "./request.ts";
import { unanswered } from "./rules.ts";

/** The call that a model makes because it must: its last one again, else the first tool on offer. */
function forcedCalls({ tools, exchanges }: Conversation): Call[] {
  const [tool] = tools;
  if (!tool) return [];
  return [exchanges.at(-1) ?? { name: tool.name, args: {} }];
}

/** What the model wants, within what the knobs of the request allow. */
function planWithin({ conversation, knobs }: Reading): Plan {
  const allowed = knobs.calls === "none" ? { ...conversation, tools: [] } : conversation;
  const wanted = plan(allowed);
  const mustCall = knobs.calls === "any" && wanted.calls.length === 0;
  const calls = mustCall ? forcedCalls(conversation) : wanted.calls;
  return { ...wanted, calls: knobs.single ? calls.slice(0, 1) : calls };
}

/** A malformed reply, if the question wants one more: text before the JSON, then the wrong JSON. */
function slip({ text, slips }: Plan, { shape, replies }: Reading): string | undefined {
  if (shape === "native" || replies >= slips) return undefined;
  return replies % 2 === 0 ? `Sure! ${text}` : JSON.stringify({ answer: text });
}

function write({ text, calls, mode }: Plan, { shape, wantsMode }: Reading): FixtureResponse {
  const ids = identify(calls);
  const asked = calls.map(({ name, args }, index) => {
    return { id: ids[index] ?? "", name, arguments: JSON.stringify(args) };
  });
  const message = { type: "message", text };
  if (shape === "response") {
    const [call] = asked;
    if (!call) return { content: JSON.stringify({ response: message }) };
    const { id: _, ...named } = call;
    return { content: JSON.stringify({ response: { type: "function_call", ...named } }) };
  }
  if (shape === "outputs") {
    const outputs = [message, ...asked.map((call) => ({ type: "function_call", ...call }))];
    return { content: JSON.stringify(wantsMode ? { mode, outputs } : { outputs }) };
  }
  if (shape === "native" && asked.length > 0) return { content: text, toolCalls: asked };
  return { content: text };
}

/** Takes a chat request, returns the offline model's reply in the shape that the request asks for. */
export function reply(request: ChatCompletionRequest): FixtureResponse {
  const id = unanswered(request);
  if (id !== undefined) {
    const message = `No tool output found for function call ${id}.`;
    return { error: { message, type: "invalid_request_error" }, status: 400 };
  }
  const reading = readRequest(request);
  const next = reading.shape === "native" ? planWithin(reading) : plan(reading.conversation);
  const slipped = slip(next, reading);
  const written = slipped === undefined ? write(next, reading) : { content: slipped };
  const { end } = reading.knobs;
  return end === undefined ? written : { ...written, finishReason: end };
}
