import type { ServerResponse } from "node:http";
import { z } from "zod";
import { type Api, itemsOf, Name, serveApi } from "./responses.ts";

// ── Schemas of tools, as every provider takes them in its strict mode ────────────────────────────

const Schema: z.ZodType = z.lazy(() =>
  z.union([
    ObjectSchema,
    z.strictObject({
      type: z.enum(["string", "number", "integer", "boolean"]),
      description: z.string().optional(),
    }),
  ]),
);
const ObjectSchema = z
  .strictObject({
    $schema: z.string().optional(),
    type: z.literal("object"),
    properties: z.record(z.string(), Schema),
    required: z.array(z.string()).default([]),
    additionalProperties: z.literal(false),
  })
  .refine(({ properties, required }) => {
    return Object.keys(properties).toSorted().join() === required.toSorted().join();
  });

const Json = z.record(z.string(), z.unknown());

// ── Claude: what may be in a request ─────────────────────────────────────────────────────────────

/** A call's id, as Claude's API takes it. */
const UseId = z.string().regex(/^[\w-]+$/);

const TextBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string().min(1),
  citations: z.null().optional(),
});
const ThinkingBlock = z.strictObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string().min(1),
});
const RedactedBlock = z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() });
const UseBlock = z.strictObject({
  type: z.literal("tool_use"),
  id: UseId,
  name: Name,
  input: Json,
  caller: z.strictObject({ type: z.literal("direct") }).optional(),
});
const ResultBlock = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: UseId,
  content: z.string(),
  is_error: z.boolean().optional(),
});

const disable_parallel_tool_use = z.boolean().optional();
const ToolChoice = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto"), disable_parallel_tool_use }),
  z.strictObject({ type: z.literal("any"), disable_parallel_tool_use }),
  z.strictObject({ type: z.literal("tool"), name: Name, disable_parallel_tool_use }),
  z.strictObject({ type: z.literal("none") }),
]);

const AssistantMessage = z.strictObject({
  role: z.literal("assistant"),
  content: z
    .array(z.discriminatedUnion("type", [TextBlock, ThinkingBlock, RedactedBlock, UseBlock]))
    .min(1),
});
const UserMessage = z.strictObject({
  role: z.literal("user"),
  content: z.union([
    z.string().min(1),
    z.array(z.discriminatedUnion("type", [TextBlock, ResultBlock])).min(1),
  ]),
});

/** Everything that a chapter may send to the Messages API, without any other key. */
export const MessagesRequest = z.strictObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  system: z.string().min(1),
  messages: z.array(z.discriminatedUnion("role", [UserMessage, AssistantMessage])).min(1),
  tools: z
    .array(z.strictObject({ name: Name, description: z.string(), input_schema: ObjectSchema }))
    .min(1),
  tool_choice: ToolChoice.optional(),
});
export type MessagesRequest = z.infer<typeof MessagesRequest>;
type Message = MessagesRequest["messages"][number];

function callsIn(message: Message | undefined): string[] {
  if (message?.role !== "assistant") return [];
  return message.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
}

function resultsIn(message: Message | undefined): string[] {
  if (message?.role !== "user" || typeof message.content === "string") return [];
  return message.content.flatMap((block) =>
    block.type === "tool_result" ? [block.tool_use_id] : [],
  );
}

/** The API's error for results behind a text, or undefined. */
function findLate({ content }: Message): string | undefined {
  if (typeof content === "string") return undefined;
  const text = content.findIndex(({ type }) => type === "text");
  const result = content.findLastIndex(({ type }) => type === "tool_result");
  if (text < 0 || text > result) return undefined;
  return "Messages following tool_use blocks must begin with a matching number of tool_result blocks.";
}

/** The API's error if a call does not have its result in the next message, or undefined. */
function findUnpaired({ messages }: MessagesRequest): string | undefined {
  if (messages[0]?.role !== "user") return "the first message must be the user's";
  for (const [index, message] of [...messages.entries(), [messages.length, undefined] as const]) {
    const calls = callsIn(messages[index - 1]);
    if (new Set(calls).size < calls.length) return "`tool_use` ids must be unique";
    const results = resultsIn(message);
    const open = calls.filter((id) => !results.includes(id));
    if (open.length > 0) {
      return `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}`;
    }
    const stray = results.find((id) => !calls.includes(id));
    if (stray) return `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}`;
    if (results.length > calls.length) return "each tool_use must have a single result";
    const late = message?.role === "user" ? findLate(message) : undefined;
    if (late) return late;
  }
  return undefined;
}

function readMessages(body: unknown): MessagesRequest {
  const request = MessagesRequest.parse(body);
  const unpaired = findUnpaired(request);
  if (unpaired) throw new Error(unpaired);
  return request;
}

// ── Claude: what a model may reply ───────────────────────────────────────────────────────────────

/** One block of a reply's content. */
export type Block = z.infer<typeof AssistantMessage>["content"][number];

/** The content of a reply, or a function that writes the whole HTTP response. */
export type BlocksReply = readonly Block[] | ((response: ServerResponse) => void);

/** A text, as the API sends it. */
export function textBlock(text: string): Block {
  return { type: "text", text, citations: null };
}

/** A call of a tool, as the API sends it. */
export function useBlock(id: string, name: string, input: Record<string, unknown> = {}): Block {
  return { type: "tool_use", id, name, input, caller: { type: "direct" } };
}

function answerJson(response: ServerResponse, body: object): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

/** Answers with a message; `others` override its parts. */
export function respondMessage(
  response: ServerResponse,
  content: readonly Block[],
  others: object = {},
): void {
  const calls = content.some(({ type }) => type === "tool_use");
  answerJson(response, {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "scripted",
    content,
    stop_reason: calls ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
    ...others,
  });
}

/**
 * Serves a plain scripted model over the Messages API, without any of the book's own code. Like the
 * real one, it refuses a request in which the message after some calls does not begin with their results.
 */
export function serveMessages(
  script: (request: MessagesRequest, index: number) => BlocksReply,
): Promise<Api<MessagesRequest>> {
  return serveApi(readMessages, (request, index, response) => {
    const reply = script(request, index);
    if (typeof reply === "function") reply(response);
    else respondMessage(response, reply);
  });
}

// ── Gemini: what may be in a request ─────────────────────────────────────────────────────────────

/** A function's name, as Gemini's API takes it. */
const FunctionName = z.string().regex(/^[A-Za-z_][\w.:-]{0,127}$/);
const thoughtSignature = z.string().min(1).optional();

const CallPart = z.strictObject({
  functionCall: z.strictObject({
    id: z.string().optional(),
    name: FunctionName,
    args: Json.optional(),
  }),
  thoughtSignature,
});
const ModelPart = z.union([
  z.strictObject({ text: z.string(), thought: z.literal(true).optional(), thoughtSignature }),
  CallPart,
]);
const ResponsePart = z.strictObject({
  functionResponse: z.strictObject({
    id: z.string().min(1).optional(),
    name: FunctionName,
    response: z.union([
      z.strictObject({ output: z.json() }),
      z.strictObject({ error: Json.refine((error) => "message" in error) }),
    ]),
  }),
});
const UserPart = z.union([z.strictObject({ text: z.string().min(1) }), ResponsePart]);
const Content = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("user"), parts: z.array(UserPart).min(1) }),
  z.strictObject({ role: z.literal("model"), parts: z.array(ModelPart).min(1) }),
]);

/** Everything that a chapter may send to generateContent, without any other key. */
export const GenerateRequest = z.strictObject({
  contents: z.array(Content).min(1),
  systemInstruction: z.strictObject({
    role: z.literal("user"),
    parts: z.tuple([z.strictObject({ text: z.string().min(1) })]),
  }),
  tools: z.tuple([
    z.strictObject({
      functionDeclarations: z.array(
        z.strictObject({
          name: FunctionName,
          description: z.string(),
          parametersJsonSchema: ObjectSchema,
        }),
      ),
    }),
  ]),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({ mode: z.enum(["AUTO", "ANY", "NONE"]) }),
    })
    .optional(),
  generationConfig: z.strictObject({}).optional(),
});
export type GenerateRequest = z.infer<typeof GenerateRequest>;
type Content = z.infer<typeof Content>;

/** The calls or the results in a content, each as its name and, if there is one, its id. */
function namesIn(content: Content | undefined, kind: "call" | "response"): string[] {
  return (content?.parts ?? []).flatMap((part) => {
    const named =
      kind === "call"
        ? "functionCall" in part && part.functionCall
        : "functionResponse" in part && part.functionResponse;
    return named ? [[named.name, ...(named.id ? [named.id] : [])].join(" ")] : [];
  });
}

/** The API's error if calls are not followed by their results, or undefined. */
function findUnlike({ contents }: GenerateRequest): string | undefined {
  if (contents[0]?.role !== "user") return "the first content must be the user's";
  for (const [index, content] of [...contents.entries(), [contents.length, undefined] as const]) {
    const calls = namesIn(contents[index - 1], "call");
    const responses = namesIn(content, "response");
    if (responses.length !== calls.length) {
      return "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
    }
    // The API pairs them by id, or by name and place.
    if (responses.join() !== calls.join()) return `expected ${calls}, got ${responses}`;
  }
  return undefined;
}

function readGenerate(body: unknown): GenerateRequest {
  const request = GenerateRequest.parse(body);
  const unlike = findUnlike(request);
  if (unlike) throw new Error(unlike);
  return request;
}

// ── Gemini: what a model may reply ───────────────────────────────────────────────────────────────

/** One part of a reply's content. */
export type Part = z.infer<typeof ModelPart>;

/** The parts of a reply, or a function that writes the whole HTTP response. */
export type PartsReply = readonly Part[] | ((response: ServerResponse) => void);

/** A call of a function, as the API sends it: at times without an id, or without arguments. */
export function callPart(name: string, args?: Record<string, unknown>, id?: string): Part {
  return { functionCall: { ...(id !== undefined && { id }), name, ...(args && { args }) } };
}

/** Answers with a candidate; `others` override its parts. */
export function respondContent(
  response: ServerResponse,
  parts: readonly Part[],
  others: object = {},
): void {
  const content = { role: "model", parts };
  answerJson(response, {
    candidates: [{ content, finishReason: "STOP", index: 0, ...others }],
    usageMetadata: {},
  });
}

/**
 * Serves a plain scripted model over generateContent, without any of the book's own code. Like the
 * real one, it refuses a request in which the content after some calls is not one of their results.
 */
export function serveGenerate(
  script: (request: GenerateRequest, index: number) => PartsReply,
): Promise<Api<GenerateRequest>> {
  return serveApi(readGenerate, (request, index, response) => {
    const reply = script(request, index);
    if (typeof reply === "function") reply(response);
    else respondContent(response, reply);
  });
}

// ── Replies in the book's own shape ──────────────────────────────────────────────────────────────

function readArguments(text: string): Record<string, unknown> {
  try {
    return Json.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}

/** The calls of a reply in chapter 04's shape, such as the nasty one, with arguments that are an object. */
export function callsOf(reply: string) {
  return itemsOf(reply).flatMap((item) => {
    if (item.type !== "function_call") return [];
    return [{ id: item.call_id, name: item.name, args: readArguments(item.arguments) }];
  });
}
