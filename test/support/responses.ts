import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { listen } from "../../scripts/serve.ts";

// ── What may be in a request ─────────────────────────────────────────────────────────────────────

const StrictObject = z
  .looseObject({
    properties: z.record(z.string(), z.unknown()),
    required: z.array(z.string()),
    additionalProperties: z.literal(false),
  })
  .refine(({ properties, required }) => {
    return Object.keys(properties).toSorted().join() === required.toSorted().join();
  });

/** True if each object in a schema requires all its properties and allows no others. */
function isStrict(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return true;
  const isObject = "type" in schema && schema.type === "object";
  if (isObject && !StrictObject.safeParse(schema).success) return false;
  return Object.values(schema).every(isStrict);
}

/** A tool's name, as the API takes it. */
export const Name = z.string().regex(/^[\w-]{1,64}$/);
/** A call's id, as the API takes it. */
const CallId = z.string().min(1).max(64);
/** A tool's parameters, as strict mode takes them. */
export const ToolParameters = z.looseObject({ type: z.literal("object") }).refine(isStrict);

const Status = z.enum(["in_progress", "completed", "incomplete"]);

const TextPart = z.strictObject({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.unknown()),
  logprobs: z.array(z.unknown()).optional(),
});
const RefusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const MessageItem = z.strictObject({
  type: z.literal("message"),
  id: z.string(),
  role: z.literal("assistant"),
  status: Status,
  content: z.array(z.discriminatedUnion("type", [TextPart, RefusalPart])),
});
const CallItem = z.strictObject({
  type: z.literal("function_call"),
  id: z.string().optional(),
  call_id: CallId,
  name: Name,
  arguments: z.string(),
  status: Status.optional(),
});
const ReasoningItem = z.strictObject({
  type: z.literal("reasoning"),
  id: z.string(),
  summary: z.array(z.strictObject({ type: z.literal("summary_text"), text: z.string() })),
  encrypted_content: z.string().nullish(),
});
const UserItem = z.strictObject({
  type: z.literal("message").optional(),
  role: z.literal("user"),
  content: z.string().min(1),
});
const CallOutputItem = z.strictObject({
  type: z.literal("function_call_output"),
  call_id: CallId,
  output: z.string(),
});

/** Everything that a chapter may send to the Responses API, without any other key. */
export const ResponsesRequest = z.strictObject({
  model: z.string(),
  instructions: z.string().min(1),
  input: z.array(z.union([UserItem, MessageItem, CallItem, ReasoningItem, CallOutputItem])).min(1),
  tools: z.array(
    z.strictObject({
      type: z.literal("function"),
      name: Name,
      description: z.string(),
      parameters: ToolParameters,
      strict: z.literal(true),
    }),
  ),
  parallel_tool_calls: z.boolean().optional(),
  stream: z.literal(true).optional(),
});
export type ResponsesRequest = z.infer<typeof ResponsesRequest>;

/**
 * The error of a real API if a call does not have exactly one output behind it, or if two calls of one
 * reply have the same id; otherwise undefined.
 */
function findDangling(input: ResponsesRequest["input"]): string | undefined {
  const open: string[] = [];
  for (const item of input) {
    if (item.type === "function_call") {
      if (open.includes(item.call_id))
        return `Duplicate function call with call_id ${item.call_id}.`;
      open.push(item.call_id);
    }
    if (item.type !== "function_call_output") continue;
    const { call_id: id } = item;
    if (!open.includes(id))
      return `No tool call found for function call output with call_id ${id}.`;
    open.splice(open.indexOf(id), 1);
  }
  return open.length > 0 ? `No tool output found for function call ${open[0]}.` : undefined;
}

function readRequest(body: unknown): ResponsesRequest {
  const request = ResponsesRequest.parse(body);
  const dangling = findDangling(request.input);
  if (dangling) throw new Error(dangling);
  return request;
}

// ── What a model may reply ───────────────────────────────────────────────────────────────────────

/** One item of a response's output. */
export type Item = z.infer<typeof MessageItem | typeof CallItem | typeof ReasoningItem>;

/** The output of a response, or a function that writes the whole HTTP response. */
export type ItemsReply = readonly Item[] | ((response: ServerResponse) => void);

/** The replies in order, the last one again and again; or a function of the request. */
type ItemsScript =
  | readonly ItemsReply[]
  | ((request: ResponsesRequest, index: number) => ItemsReply);

function itemId(kind: string, text: string): string {
  return `${kind}_${text.replaceAll(/\W+/g, "_")}`;
}

/** A call of a tool. Arguments that are not an object are sent as they are. */
export function call(id: string, name: string, args: object | string = {}): Item {
  const text = typeof args === "string" ? args : JSON.stringify(args);
  // The item's own id differs from the call_id, so an answer to the wrong one is noticed.
  return {
    type: "function_call",
    id: itemId("fc", id),
    call_id: id,
    name,
    arguments: text,
    status: "completed",
  };
}

/** A message of one or more texts. */
export function message(...texts: string[]): Item {
  const part = (one: string): z.infer<typeof TextPart> => {
    return { type: "output_text", text: one, annotations: [] };
  };
  return {
    type: "message",
    id: itemId("msg", texts.join(" ")),
    role: "assistant",
    status: "completed",
    content: texts.map(part),
  };
}

/** What a reasoning model thought before its next item. */
export function reasoning(summary: string): Item {
  return {
    type: "reasoning",
    id: itemId("rs", summary),
    summary: [{ type: "summary_text", text: summary }],
    encrypted_content: `encrypted ${summary}`,
  };
}

const Reply = z.object({
  outputs: z.array(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("message"), text: z.string() }),
      z.object({
        type: z.literal("function_call"),
        id: z.string(),
        name: z.string(),
        arguments: z.string(),
      }),
    ]),
  ),
});

/** The items for a reply in chapter 04's shape, such as the nasty one. */
export function itemsOf(reply: string): Item[] {
  return Reply.parse(JSON.parse(reply)).outputs.map((output) => {
    if (output.type === "message") return message(output.text);
    return call(output.id, output.name, output.arguments);
  });
}

/** The outputs for results in chapter 04's shape, such as those of the nasty reply. */
export function outputsOf(results: readonly { readonly id: string }[]) {
  return results.map(({ id, ...body }) => ({ id, output: "result" in body ? body.result : body }));
}

/** Items or outputs with ids that the API takes, where some are empty or the same, as in the nasty batch. */
export function settle<Value extends { readonly id?: string | undefined }>(
  values: readonly Value[],
): Value[] {
  return values.map((value, index) => {
    const key = "call_id" in value ? "call_id" : "id";
    const ids = values.map((one) => Object(one)[key]);
    const stays = ids[index] !== "" && ids.indexOf(ids[index]) === index;
    return stays ? value : { ...value, [key]: `call_${index}` };
  });
}

/** The outputs at the end of the last request, each with the id of its call. */
export function lastOutputs(requests: readonly ResponsesRequest[]) {
  const input = requests.at(-1)?.input ?? [];
  const first = input.findLastIndex(({ type }) => type !== "function_call_output") + 1;
  return input.slice(first).flatMap((item) => {
    if (item.type !== "function_call_output") return [];
    const output: unknown = JSON.parse(item.output);
    return [{ id: item.call_id, output }];
  });
}

/** Answers with a response; `others` override its parts. */
export function respond(
  response: ServerResponse,
  output: readonly object[],
  others: object = {},
): void {
  const body = {
    id: "resp_1",
    object: "response",
    created_at: 0,
    model: "scripted",
    status: "completed",
    error: null,
    incomplete_details: null,
    output,
    parallel_tool_calls: true,
    ...others,
  };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

// ── The server ───────────────────────────────────────────────────────────────────────────────────

/** A server: its base URL, the requests that it took, its refusals of others, and a function that ends it. */
export type Api<Request> = {
  readonly url: string;
  readonly requests: Request[];
  readonly refusals: string[];
  readonly close: () => void;
};

/**
 * Serves an API that takes one kind of request, whatever the path, and answers 400 to others.
 *
 * @param read makes a request of a body, or throws an error whose message is the refusal
 * @param answer writes the response to a request; the first request has index 0
 */
export async function serveApi<Request>(
  read: (body: unknown) => Request,
  answer: (request: Request, index: number, response: ServerResponse) => void,
): Promise<Api<Request>> {
  const requests: Request[] = [];
  const refusals: string[] = [];
  const refuse = (error: unknown, response: ServerResponse): void => {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : Object(error).message;
    refusals.push(why);
    response.writeHead(400, { "content-type": "application/json" });
    const body = { message: why, type: "invalid_request_error", param: "input", code: null };
    response.end(JSON.stringify({ error: body }));
  };
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    try {
      const request = read(JSON.parse(body));
      answer(request, requests.push(request) - 1, response);
    } catch (error) {
      refuse(error, response);
    }
  });
  const { url, close } = await listen(server);
  return { url: `${url}/v1`, requests, refusals, close };
}

/**
 * Serves a plain scripted model over the Responses API, without any of the book's own code. Like the
 * real one, it refuses a request in which a call is not answered, or is answered twice, or has an odd id.
 */
export function serveResponses(script: ItemsScript): Promise<Api<ResponsesRequest>> {
  return serveApi(readRequest, (request, index, response) => {
    const reply =
      typeof script === "function"
        ? script(request, index)
        : (script[Math.min(index, script.length - 1)] ?? []);
    if (typeof reply === "function") reply(response);
    else respond(response, reply);
  });
}
