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

/** The ids of the calls whose results a message begins with. */
function resultsAtTheBeginning(blocks: readonly Block[]): (string | undefined)[] {
  const end = blocks.findIndex(({ type }) => type !== "tool_result");
  const results = end < 0 ? blocks : blocks.slice(0, end);
  return results.map((block) => block.tool_use_id);
}

/** What is wrong if the results of some calls are not all at the beginning of the next message. */
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
 * Takes the body of a request before aimock has seen it, since aimock takes its messages apart and
 * nobody can tell afterwards what stood where. Returns the error with which Claude's API refuses the
 * request, or nothing.
 */
export function refuseClaude(body: unknown): Refusal | undefined {
  const { messages = [], thread } = Request.safeParse(body).data ?? {};
  if (thread) {
    // A thread's conversation is kept on the server; a client that gets this error sends all of it.
    const details = { error_code: "thread_unsupported_request" };
    return { status: 400, message: "the offline model keeps no threads", details };
  }
  const message = findMisplaced(messages);
  return message === undefined ? undefined : { status: 400, message };
}

/**
 * Takes a chat request, returns the id of a call that has no result, if there is one. Every real API
 * refuses such a request.
 */
export function unanswered({ messages }: ChatCompletionRequest): string | undefined {
  const answered = new Set(messages.map((message) => message.tool_call_id));
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return calls.find(({ id }) => !answered.has(id))?.id;
}
