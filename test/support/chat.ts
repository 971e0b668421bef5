import type { ServerResponse } from "node:http";
import { z } from "zod";
import { complete } from "../../scripts/serve.ts";
import { type Api, type Item, Name, serveApi, ToolParameters } from "./responses.ts";

/** A call's id, as the API takes it. */
const CallId = z.string().min(1).max(40);

const ChatCall = z.strictObject({
  type: z.literal("function"),
  id: CallId,
  function: z.strictObject({ name: Name, arguments: z.string() }),
});
type ChatCall = z.infer<typeof ChatCall>;

const ChatTool = z.strictObject({
  name: Name,
  description: z.string(),
  parameters: ToolParameters,
  strict: z.literal(true),
});

/** All that a chapter may send over Chat Completions with tools, and no other key anywhere. */
export const ToolChatRequest = z.strictObject({
  model: z.string(),
  messages: z.array(
    z.union([
      z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string().min(1) }),
      z.strictObject({
        role: z.literal("assistant"),
        content: z.string().min(1).nullable(),
        tool_calls: z.array(ChatCall).min(1),
      }),
      z.strictObject({ role: z.literal("tool"), tool_call_id: CallId, content: z.string() }),
    ]),
  ),
  tools: z.array(z.strictObject({ type: z.literal("function"), function: ChatTool })).min(1),
  parallel_tool_calls: z.boolean().optional(),
});
export type ToolChatRequest = z.infer<typeof ToolChatRequest>;

/**
 * Like a real API, refuses a chat if the messages after some calls are not their results, or if two calls
 * of one message have the same id.
 */
export function checkAnswered(messages: ToolChatRequest["messages"]): void {
  for (const one of messages) {
    const ids = "tool_calls" in one ? one.tool_calls.map(({ id }) => id) : [];
    if (new Set(ids).size < ids.length) throw new Error(`Duplicate ids of calls: ${ids}`);
  }
  const asked = messages.flatMap((one) => {
    if ("tool_calls" in one) return ["calls", ...one.tool_calls.map(({ id }) => id)];
    return "tool_call_id" in one ? [] : [one.role];
  });
  const answered = messages.flatMap((one) => {
    if ("tool_calls" in one) return "calls";
    return "tool_call_id" in one ? one.tool_call_id : one.role;
  });
  if (asked.join() !== answered.join()) throw new Error(`expected ${asked}, got ${answered}`);
}

function readRequest(body: unknown): ToolChatRequest {
  const request = ToolChatRequest.parse(body);
  checkAnswered(request.messages);
  return request;
}

/** The calls among some items, as Chat Completions has them. */
export function chatCalls(items: readonly Item[]): ChatCall[] {
  return items.flatMap((item): ChatCall[] => {
    if (item.type !== "function_call") return [];
    const { call_id: id, name, arguments: args } = item;
    return [{ type: "function", id, function: { name, arguments: args } }];
  });
}

/** The results at the end of the last request, each with the id of its call. */
export function lastResults(requests: readonly ToolChatRequest[]) {
  const messages = requests.at(-1)?.messages ?? [];
  const first = messages.findLastIndex(({ role }) => role !== "tool") + 1;
  return messages.slice(first).flatMap((one) => {
    if (!("tool_call_id" in one)) return [];
    const output: unknown = JSON.parse(one.content);
    return [{ id: one.tool_call_id, output }];
  });
}

/** The message of a completion and other parts of its choice, or a function that writes the whole response. */
export type ChatReply =
  | { readonly message: object; readonly choice?: object }
  | ((response: ServerResponse) => void);

/**
 * Serves a plain scripted model over Chat Completions, without any of the book's own code. Like the
 * real one, it refuses a request in which a call is not answered, or is answered twice.
 */
export function serveChat(
  script: (request: ToolChatRequest) => ChatReply,
): Promise<Api<ToolChatRequest>> {
  return serveApi(readRequest, (request, _, response) => {
    const reply = script(request);
    if (typeof reply === "function") reply(response);
    else complete(response, reply.message, reply.choice);
  });
}
