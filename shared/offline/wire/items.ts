// The items of the Responses API as the messages of a chat, as aimock translates them.
import type { ChatCompletionRequest, ChatMessage } from "@copilotkit/aimock";
import { z } from "zod";

const Part = z.looseObject({ type: z.string(), text: z.string().optional() });
const Content = z
  .union([z.string(), z.array(Part)])
  .nullish()
  .transform((content) => {
    if (typeof content === "string") return content;
    const parts = (content ?? []).filter(({ type }) => /^(?:input|output)_text$/.test(type));
    return parts.map(({ text }) => text ?? "").join("");
  });

const Message = z
  .looseObject({ role: z.enum(["system", "developer", "user", "assistant"]), content: Content })
  .transform(({ role, content }): ChatMessage => {
    return { role: role === "developer" ? "system" : role, content };
  });
const FunctionCall = z
  .looseObject({
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  })
  .transform(({ call_id, name, arguments: args }): ChatMessage => {
    const call = { id: call_id, type: "function", function: { name, arguments: args } } as const;
    return { role: "assistant", content: null, tool_calls: [call] };
  });
const Output = z
  .looseObject({
    type: z.literal("function_call_output"),
    call_id: z.string(),
    output: z.union([z.string(), z.array(Part)]).nullish(),
  })
  .transform(({ call_id, output }): ChatMessage => {
    const content = typeof output === "string" ? output : (output ?? []).map(({ text }) => text);
    return { role: "tool", tool_call_id: call_id, content: [content].flat().join("") };
  });
const Item = z.union([FunctionCall, Output, Message]);

const Request = z.looseObject({
  model: z.string(),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(z.unknown())]),
  tools: z
    .array(z.looseObject({ type: z.string(), name: z.string().catch("") }))
    .nullish()
    .transform((tools) => (tools ?? []).filter(({ type }) => type === "function")),
});

/** Takes the body of a request to the Responses API, returns it as a chat request. Other items are left out. */
export function asChat(body: unknown): ChatCompletionRequest {
  const { model, instructions, input, tools } = Request.parse(body);
  const items = typeof input === "string" ? [{ role: "user", content: input }] : input;
  const messages = items.flatMap((item) => Item.safeParse(item).data ?? []);
  const prompt: ChatMessage[] = instructions ? [{ role: "system", content: instructions }] : [];
  const offers = tools.map((offer) => ({ type: "function", function: offer }) as const);
  return { model, messages: [...prompt, ...messages], tools: offers };
}
