import { z } from "zod";
import { CallId, Name, ToolParameters } from "./responses.ts";

const ChatCall = z.strictObject({
  type: z.literal("function"),
  id: CallId,
  function: z.strictObject({ name: Name, arguments: z.string() }),
});
export type ChatCall = z.infer<typeof ChatCall>;

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
      z.strictObject({ role: z.enum(["system", "user"]), content: z.string().min(1) }),
      z.strictObject({
        role: z.literal("assistant"),
        content: z.string().min(1).nullable(),
        tool_calls: z.array(ChatCall).min(1),
      }),
      z.strictObject({ role: z.literal("tool"), tool_call_id: CallId, content: z.string() }),
    ]),
  ),
  tools: z.array(z.strictObject({ type: z.literal("function"), function: ChatTool })).min(1),
});
export type ToolChatRequest = z.infer<typeof ToolChatRequest>;

/** Like a real API, refuses a chat in which the messages after some calls are not their results. */
export function checkAnswered(messages: ToolChatRequest["messages"]): void {
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
