import { z } from "zod";

const Block = z.object({
  type: z.string(),
  id: z.string().optional(),
  tool_use_id: z.string().optional(),
});
const Blocks = z.union([z.array(Block), z.string().transform(() => [])]);
const Request = z.object({
  messages: z.array(z.object({ content: Blocks })),
  thread: z.object().optional(),
});
type Messages = z.infer<typeof Request>["messages"];

/** What is wrong if the results of some calls are not all at the beginning of the next message. */
function findMisplaced(messages: Messages): string | undefined {
  for (const [index, { content }] of messages.entries()) {
    const calls = content.flatMap(({ type, id }) => (type === "tool_use" && id ? [id] : []));
    const next = messages[index + 1]?.content ?? [];
    const end = next.findIndex(({ type }) => type !== "tool_result");
    const results = next.slice(0, end < 0 ? next.length : end).map((block) => block.tool_use_id);
    const open = calls.filter((id) => !results.includes(id));
    if (open.length === 0) continue;
    return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  }
  return undefined;
}

/**
 * The error with which Claude's API refuses a request, or nothing. It is looked for before aimock,
 * which takes the messages apart, so that afterwards nobody can tell what stood where.
 */
export function refuse(body: unknown): object | undefined {
  const { messages = [], thread } = Request.safeParse(body).data ?? {};
  // The server would have to keep the conversation; a client that hears this sends all of it.
  const details = { error_code: "thread_unsupported_request" };
  const message = thread ? "the offline model keeps no threads" : findMisplaced(messages);
  if (message === undefined) return undefined;
  return { type: "invalid_request_error", message, ...(thread && { details }) };
}
