import type { ChatCompletionRequest, FixtureResponse } from "@copilotkit/aimock";
import type { Call, Conversation } from "../mind/conversation.ts";
import { identify } from "../mind/identify.ts";
import { type Plan, plan } from "../mind/plan.ts";
import { valueFor } from "../mind/value.ts";
import { runBriefly } from "./brief.ts";
import { type Reading, readRequest } from "./request.ts";
import { unanswered } from "./rules.ts";

/** The longest reply, in letters. It is streamed in pieces of four letters, which take some hundred bytes each. */
const LONGEST_REPLY = 400_000;

/** The call of a model that must make one: its last call again, otherwise the first tool on offer. */
function forcedCalls({ tools, exchanges }: Conversation): Call[] {
  const [tool] = tools;
  if (!tool) return [];
  return [exchanges.at(-1) ?? { name: tool.name, args: {} }];
}

/** The model's plan, limited to what the knobs of the request allow. */
function planWithin({ conversation, knobs }: Reading): Plan {
  const wanted = plan(conversation);
  const mustCall = knobs.calls === "any" && wanted.calls.length === 0;
  const calls = mustCall ? forcedCalls(conversation) : wanted.calls;
  return { ...wanted, calls: knobs.single ? calls.slice(0, 1) : calls };
}

/** A malformed reply, if the question wants one more: text before the JSON, then the wrong JSON. */
function slip({ text, slips }: Plan, { shape, replies }: Reading): string | undefined {
  if (shape === "native" || replies >= slips) return undefined;
  return replies % 2 === 0 ? `Sure! ${text}` : JSON.stringify({ answer: text });
}

function fail(message: string, code?: string): FixtureResponse {
  const type = "invalid_request_error";
  return { error: { message, type, ...(code && { code }) }, status: 400 };
}

/** A value that fits the schema of the request and contains the text, or an error. */
function writeValue(schema: unknown, text: string): FixtureResponse {
  try {
    return { content: JSON.stringify(runBriefly(() => valueFor(schema, text))) };
  } catch (error) {
    return fail(`Invalid schema for the reply: ${error}`, "invalid_json_schema");
  }
}

function write({ text, calls, mode }: Plan, reading: Reading): FixtureResponse {
  const { shape, wantsMode, knobs } = reading;
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
  if (knobs.schema === undefined) return { content: text };
  return writeValue(knobs.schema, text);
}

/** Returns the reply, or an error if it is too long to be streamed. */
function limit(written: FixtureResponse): FixtureResponse {
  if (JSON.stringify(written).length <= LONGEST_REPLY) return written;
  return fail(
    `The reply would be longer than ${LONGEST_REPLY} letters.`,
    "context_length_exceeded",
  );
}

/** Takes a chat request, returns the offline model's reply in the shape that the request asks for. */
export function reply(request: ChatCompletionRequest): FixtureResponse {
  const id = unanswered(request);
  if (id !== undefined) return fail(`No tool output found for function call ${id}.`);
  const reading = readRequest(request);
  const next = reading.shape === "native" ? planWithin(reading) : plan(reading.conversation);
  const slipped = slip(next, reading);
  const written = limit(slipped === undefined ? write(next, reading) : { content: slipped });
  const { end } = reading.knobs;
  return end === undefined || "error" in written ? written : { ...written, finishReason: end };
}
