// Compares every object of the Responses API with the types of OpenAI's own package: each field that the
// published schema requires is there, and there are no unknown fields.
import type OpenAI from "openai";
import { expect, test } from "vitest";
import { z } from "zod";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";

process.env.OFFLINE_TOKENS_PER_SECOND = "100000";
const baseURL = await serveOfflineModel(0, false);
delete process.env.OFFLINE_TOKENS_PER_SECOND;

// ── What the API promises ────────────────────────────────────────────────────────────────────────

type RequiredKeys<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? never : Key }[keyof T];
/** A schema for each field of a type: all that are required, and any of the others. */
type Fields<T> = Record<RequiredKeys<T>, z.ZodType> & Partial<Record<keyof T, z.ZodType>>;
type Tool = OpenAI.Responses.FunctionTool;

const empty = z.array(z.never());
const index = z.int().min(0);
const status = z.enum(["in_progress", "completed"]);
const metadata = z.record(z.string(), z.string());

const Text = z.strictObject({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: empty,
  logprobs: empty,
} satisfies Fields<OpenAI.Responses.ResponseOutputText>);

const Message = z.strictObject({
  type: z.literal("message"),
  id: z.string().min(1),
  role: z.literal("assistant"),
  status,
  content: z.array(Text),
} satisfies Fields<OpenAI.Responses.ResponseOutputMessage>);

const Call = z.strictObject({
  type: z.literal("function_call"),
  id: z.string().min(1),
  call_id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string(),
  status,
} satisfies Fields<OpenAI.Responses.ResponseFunctionToolCallItem>);

const FunctionTool = z.strictObject({
  type: z.literal("function"),
  name: z.string(),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
} satisfies Fields<Tool>);

const count = z.int().min(1);
const Usage = z.strictObject({
  input_tokens: count,
  input_tokens_details: z.strictObject({
    cached_tokens: z.literal(0),
    cache_write_tokens: z.literal(0),
  } satisfies Fields<OpenAI.Responses.ResponseUsage.InputTokensDetails>),
  output_tokens: count,
  output_tokens_details: z.strictObject({
    reasoning_tokens: z.literal(0),
  } satisfies Fields<OpenAI.Responses.ResponseUsage.OutputTokensDetails>),
  total_tokens: count,
} satisfies Fields<OpenAI.Responses.ResponseUsage>);

const response = {
  id: z.string().min(1),
  object: z.literal("response"),
  created_at: z.int(),
  background: z.literal(false),
  completed_at: z.int().nullable(),
  error: z.null(),
  incomplete_details: z.null(),
  instructions: z.string().nullable(),
  max_output_tokens: z.int().nullable(),
  metadata: metadata.nullable(),
  model: z.string(),
  output: z.array(z.discriminatedUnion("type", [Message, Call])),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.null(),
  reasoning: z.strictObject({ effort: z.null(), summary: z.null() }),
  service_tier: z.literal("default"),
  temperature: z.number().nullable(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }) }),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
  tools: z.array(FunctionTool),
  top_p: z.number().nullable(),
  truncation: z.literal("disabled"),
} satisfies Fields<Omit<OpenAI.Responses.Response, "output_text" | "status" | "usage">>;
const Begun = z.strictObject({ ...response, status: z.literal("in_progress") });
const Completed = z.strictObject({ ...response, status: z.literal("completed"), usage: Usage });

/** The fields that all events have, those of an item and those of a part of it. */
const event = <Type extends string>(type: Type) => ({
  type: z.literal(type),
  sequence_number: index,
});
const ofItem = { output_index: index, item: z.discriminatedUnion("type", [Message, Call]) };
const inItem = { item_id: z.string().min(1), output_index: index };
const inPart = { ...inItem, content_index: index };

const Event = z.discriminatedUnion("type", [
  z.strictObject({
    ...event("response.created"),
    response: Begun,
  } satisfies Fields<OpenAI.Responses.ResponseCreatedEvent>),
  z.strictObject({
    ...event("response.in_progress"),
    response: Begun,
  } satisfies Fields<OpenAI.Responses.ResponseInProgressEvent>),
  z.strictObject({
    ...event("response.completed"),
    response: Completed,
  } satisfies Fields<OpenAI.Responses.ResponseCompletedEvent>),
  z.strictObject({
    ...event("response.output_item.added"),
    ...ofItem,
  } satisfies Fields<OpenAI.Responses.ResponseOutputItemAddedEvent>),
  z.strictObject({
    ...event("response.output_item.done"),
    ...ofItem,
  } satisfies Fields<OpenAI.Responses.ResponseOutputItemDoneEvent>),
  z.strictObject({
    ...event("response.content_part.added"),
    ...inPart,
    part: Text,
  } satisfies Fields<OpenAI.Responses.ResponseContentPartAddedEvent>),
  z.strictObject({
    ...event("response.content_part.done"),
    ...inPart,
    part: Text,
  } satisfies Fields<OpenAI.Responses.ResponseContentPartDoneEvent>),
  z.strictObject({
    ...event("response.output_text.delta"),
    ...inPart,
    delta: z.string(),
    logprobs: empty,
  } satisfies Fields<OpenAI.Responses.ResponseTextDeltaEvent>),
  z.strictObject({
    ...event("response.output_text.done"),
    ...inPart,
    text: z.string(),
    logprobs: empty,
  } satisfies Fields<OpenAI.Responses.ResponseTextDoneEvent>),
  z.strictObject({
    ...event("response.function_call_arguments.delta"),
    ...inItem,
    delta: z.string(),
  } satisfies Fields<OpenAI.Responses.ResponseFunctionCallArgumentsDeltaEvent>),
  z.strictObject({
    ...event("response.function_call_arguments.done"),
    ...inItem,
    arguments: z.string(),
    name: z.string().min(1),
  } satisfies Fields<OpenAI.Responses.ResponseFunctionCallArgumentsDoneEvent>),
]);

// ── What the offline model sends ─────────────────────────────────────────────────────────────────

const parameters = { type: "object", properties: { location: { type: "string" } } };
const TOOL: Tool = { type: "function", name: "get_weather", strict: false, parameters };
const REQUESTS = {
  text: { model: "any", input: "Who are you?" },
  calls: { model: "any", input: "How is the weather in LA and Lima?", tools: [TOOL] },
  JSON: {
    model: "any",
    input: [{ role: "user", content: "Who are you?" }],
    text: { format: { type: "json_object" } },
  },
} satisfies Record<string, OpenAI.Responses.ResponseCreateParams>;

/** Asks without the SDK, which adds and drops fields. */
async function post(request: object): Promise<string> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(request);
  const answer = await fetch(`${baseURL}/responses`, { method: "POST", headers, body });
  return answer.text();
}

async function stream(request: object): Promise<z.infer<typeof Event>[]> {
  const text = await post({ ...request, stream: true });
  return text
    .trim()
    .split("\n\n")
    .map((block) => {
      const [, type, data = ""] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      const parsed = Event.parse(JSON.parse(data));
      expect(parsed.type).toBe(type);
      return parsed;
    });
}

test.each(Object.entries(REQUESTS))(
  "a response with %s has all fields of the published schema",
  async (_, request) => {
    const { usage, ...said } = Completed.parse(JSON.parse(await post(request)));
    expect(said.model).toBe("any");
    expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
  },
);

test.each(Object.entries(REQUESTS))(
  "all events of a stream with %s have the fields of the published schema, and one number after the other",
  async (_, request) => {
    const events = await stream(request);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
    const last = events.at(-1);
    expect(last?.type).toBe("response.completed");
    if (last?.type !== "response.completed") return;
    const whole = Completed.parse(JSON.parse(await post(request)));
    const ids = /"id":"(?:msg|fc)-[^"]+"/g;
    const plain = (output: unknown) => JSON.stringify(output).replace(ids, '"id":""');
    expect(plain(last.response.output)).toBe(plain(whole.output));
    expect(last.response.usage).toEqual(whole.usage);
  },
);

test("arguments that are complete carry the name of their function", async () => {
  const events = await stream({ ...REQUESTS.calls, tools: [TOOL, { ...TOOL, name: "get_news" }] });
  const done = events.filter(({ type }) => type === "response.function_call_arguments.done");
  expect(done).toMatchObject([{ name: "get_weather" }, { name: "get_weather" }]);
});

test("a response repeats what the request said", async () => {
  const said = {
    instructions: "Be brief.",
    max_output_tokens: 99,
    metadata: { book: "agent loop" },
    parallel_tool_calls: false,
    temperature: 0.5,
    text: { format: { type: "text" } },
    tool_choice: { type: "function", name: "get_weather" },
    tools: [TOOL],
    top_p: 0.25,
  };
  const request = { ...REQUESTS.calls, ...said };
  expect(Completed.parse(JSON.parse(await post(request)))).toMatchObject(said);
  const [first] = await stream(request);
  expect(first).toMatchObject({ type: "response.created", response: said });
});

test("a longer request and a longer reply count more tokens", async () => {
  const cost = async (request: object) => Completed.parse(JSON.parse(await post(request))).usage;
  const one = await cost({ model: "any", input: "How is the weather in LA?", tools: [TOOL] });
  const two = await cost(REQUESTS.calls);
  expect(two.input_tokens).toBeGreaterThan(one.input_tokens);
  expect(two.output_tokens).toBeGreaterThan(one.output_tokens);
});
