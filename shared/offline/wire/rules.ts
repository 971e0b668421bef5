import type { ChatCompletionRequest } from "@copilotkit/aimock";
import { z } from "zod";
import { listOf } from "./list.ts";
import type { Refusal } from "./refusal.ts";

const Block = z.object({
  type: z.string(),
  id: z.string().optional(),
  tool_use_id: z.string().optional(),
});
const Blocks = z.union([listOf(Block), z.string().transform(() => [])]);
const Request = z.object({
  messages: listOf(z.object({ content: Blocks })),
  thread: z.object().optional(),
});
type Block = z.infer<typeof Block>;
type Messages = z.infer<typeof Request>["messages"];

/** The ids of the calls whose results stand at the beginning of a message. */
function resultsAtTheBeginning(blocks: readonly Block[]): (string | undefined)[] {
  const end = blocks.findIndex(({ type }) => type !== "tool_result");
  const results = end < 0 ? blocks : blocks.slice(0, end);
  return results.map((block) => block.tool_use_id);
}

/** The error if a message with calls is not followed by one that begins with all their results. */
function findMisplaced(messages: Messages): string | undefined {
  for (const [index, { content }] of messages.entries()) {
    const calls = content.flatMap(({ type, id }) => (type === "tool_use" && id ? [id] : []));
    const results = new Set(resultsAtTheBeginning(messages[index + 1]?.content ?? []));
    const open = calls.filter((id) => !results.has(id));
    if (open.length === 0) continue;
    return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  }
  return undefined;
}

/**
 * Takes the body of a request before aimock reads it, since aimock splits its messages and loses
 * the places of their parts. Returns the error with which Claude's API would refuse the
 * request, or undefined.
 */
export function refuseClaude(body: unknown): Refusal | undefined {
  const { messages = [], thread } = Request.safeParse(body).data ?? {};
  if (thread) {
    // The server would keep a thread's conversation. A client that gets this error sends the whole conversation.
    const details = { error_code: "thread_unsupported_request" };
    return { status: 400, message: "the offline model keeps no threads", details };
  }
  const message = findMisplaced(messages);
  return message === undefined ? undefined : { status: 400, message };
}

/**
 * Takes a chat request. Returns the id of a call without a result, or undefined. Every real API
 * refuses such a request.
 */
export function unanswered({ messages }: ChatCompletionRequest): string | undefined {
  const answered = new Set(messages.map((message) => message.tool_call_id));
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return calls.find(({ id }) => !answered.has(id))?.id;
}
