// JSON that fits a schema: what the offline model gives to programs that ask for structured output.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { generateObject, generateText, type LanguageModel, Output, streamText } from "ai";
import fc from "fast-check";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { expect, test } from "vitest";
import { z } from "zod";
import { valueFor } from "../shared/offline/mind/value.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";

process.env.OFFLINE_TOKENS_PER_SECOND = "100000";
const baseURL = await serveOfflineModel(0, false);
delete process.env.OFFLINE_TOKENS_PER_SECOND;
const openai = new OpenAI({ apiKey: "none", baseURL });

const QUESTION = "Who are you?";
const messages = [{ role: "user", content: QUESTION } as const];
const Report = z.object({
  kind: z.enum(["weather", "other"]),
  days: z.array(z.object({ day: z.int().min(1), summary: z.string() })).min(2),
  warning: z.string().nullable(),
});
const REPORT = {
  kind: "weather",
  days: [
    { day: 1, summary: expect.stringMatching(/^I am the offline model/) },
    { day: 1, summary: "" },
  ],
  warning: "",
};

// ── The clients ──────────────────────────────────────────────────────────────────────────────────

/** Each client's own way to ask for an object. */
const CLIENTS: Readonly<Record<string, () => Promise<unknown>>> = {
  "OpenAI's responses.parse": async () => {
    const text = { format: zodTextFormat(Report, "report") };
    const request = { model: "any", input: QUESTION, text };
    return (await openai.responses.parse(request)).output_parsed;
  },
  "OpenAI's responses.stream": async () => {
    const text = { format: zodTextFormat(Report, "report") };
    const stream = openai.responses.stream({ model: "any", input: QUESTION, text });
    return (await stream.finalResponse()).output_parsed;
  },
  "OpenAI's chat.completions.parse": async () => {
    const response_format = zodResponseFormat(Report, "report");
    const request = { model: "any", messages, response_format };
    return (await openai.chat.completions.parse(request)).choices[0]?.message.parsed;
  },
  "OpenAI's chat.completions.stream": async () => {
    const response_format = zodResponseFormat(Report, "report");
    const stream = openai.chat.completions.stream({ model: "any", messages, response_format });
    return (await stream.finalChatCompletion()).choices[0]?.message.parsed;
  },
  "Anthropic's messages": async () => {
    const client = new Anthropic({ apiKey: "none", baseURL: baseURL.replace(/\/v1$/, "") });
    const schema = z.toJSONSchema(Report);
    const output_config = { format: { type: "json_schema", schema } } as const;
    const request = { model: "any", max_tokens: 99, messages, output_config };
    const [block] = (await client.messages.create(request)).content;
    return JSON.parse(block?.type === "text" ? block.text : "null");
  },
  "Google's generateContent": async () => {
    const baseUrl = baseURL.replace(/\/v1$/, "");
    const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl } });
    const responseJsonSchema = z.toJSONSchema(Report);
    const config = { responseMimeType: "application/json", responseJsonSchema };
    const request = { model: "any", contents: QUESTION, config };
    return JSON.parse((await client.models.generateContent(request)).text ?? "null");
  },
};

test.each(Object.entries(CLIENTS))("%s gets an object that fits its schema", async (_, ask) => {
  expect(await ask()).toEqual(REPORT);
});

const provider = createOpenAI({ apiKey: "none", baseURL });
const MODELS: Readonly<Record<string, LanguageModel>> = {
  "Responses API": provider("any"),
  "Chat Completions": provider.chat("any"),
  "compatible provider": createOpenAICompatible({
    name: "offline",
    baseURL,
    supportsStructuredOutputs: true,
  })("any"),
};

test.each(Object.entries(MODELS))(
  "the AI SDK gets its objects over the %s, in one piece and streamed",
  async (_, model) => {
    const output = Output.object({ schema: Report });
    const { object } = await generateObject({ model, schema: Report, prompt: QUESTION });
    expect(object).toEqual(REPORT);
    expect((await generateText({ model, output, prompt: QUESTION })).output).toEqual(REPORT);
    expect(await streamText({ model, output, prompt: QUESTION }).output).toEqual(REPORT);
  },
);

async function askChat(response_format: OpenAI.ChatCompletionCreateParams["response_format"]) {
  const request = { model: "any", messages, ...(response_format && { response_format }) };
  const completion = await openai.chat.completions.create(request);
  return JSON.parse(completion.choices[0]?.message.content ?? "null");
}

test("JSON without a schema is an object that holds the answer", async () => {
  const answer = { answer: expect.stringMatching(/^I am the offline model/) };
  expect(await askChat({ type: "json_object" })).toEqual(answer);
  const text = { format: { type: "json_object" } as const };
  const response = await openai.responses.create({ model: "any", input: QUESTION, text });
  expect(JSON.parse(response.output_text)).toEqual(answer);
});

test.each(["response", "outputs"])(
  "another program's schema that contains the book's word %j is obeyed",
  async (name) => {
    const schema = {
      type: "object",
      properties: { [name]: { type: "string" } },
      required: [name],
      additionalProperties: false,
    };
    expect(await askChat({ type: "json_schema", json_schema: { name: "other", schema } })).toEqual({
      [name]: expect.stringMatching(/^I am the offline model/),
    });
  },
);

/** A schema of forty objects. Each holds the next one twice. */
function explode(): Record<string, unknown> {
  const entries = Array.from({ length: 40 }, (_, index) => {
    const next = { $ref: `#/$defs/a${index + 1}` };
    return [`a${index}`, { type: "object", properties: { one: next, two: next } }];
  });
  return { $ref: "#/$defs/a0", $defs: Object.fromEntries(entries) };
}

test.each([
  ["huge", explode()],
  ["long", { type: "array", minItems: 1_000_000_000 }],
  ["broken", { type: "string", pattern: "(((" }],
  ["long string as its", { type: "string", minLength: 20_000 }],
  ["patterned", { type: "string", pattern: "^[a-z]{3}$" }],
  ["patterned and short", { type: "string", pattern: "^0+$", maxLength: 0 }],
  ["narrow", { type: "integer", minimum: 0.2, maximum: 0.8 }],
])("a schema with a %s value is refused", async (_, schema) => {
  const format = { type: "json_schema", json_schema: { name: "it", schema } } as const;
  await expect(askChat(format)).rejects.toMatchObject({
    status: 400,
    code: "invalid_json_schema",
    message: expect.stringContaining("Invalid schema for the reply"),
  });
});

test("an error names a pattern for which no text is known", async () => {
  const schema = { type: "string", pattern: "^[a-z]{3}$" };
  const format = { type: "json_schema", json_schema: { name: "it", schema } } as const;
  await expect(askChat(format)).rejects.toThrow(
    "the offline model cannot make a text for the pattern ^[a-z]{3}$",
  );
});

// ── Any schema ───────────────────────────────────────────────────────────────────────────────────

const TEXT = "the answer";

/** Any schema without references, not too deep. */
const schemas = fc.letrec<{ any: z.ZodType }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<z.ZodType[]>(
      z.string(),
      z.boolean(),
      z.null(),
      z.number(),
      z.int().min(7),
      z.int().max(-3),
      z.number().gt(0).lt(1),
      z.number().multipleOf(0.5).min(1.2),
      z.enum(["a", "b"]),
      z.literal(4),
      z.string().min(12),
      z.string().max(3),
      z.email(),
      z.uuid(),
      z.url(),
      z.ipv4(),
      z.iso.date(),
      z.iso.datetime(),
      z.string().regex(/^[A-Z]\d$/),
    ),
    tie("any").map((part) => part.nullable()),
    fc.tuple(tie("any"), fc.nat(3)).map(([part, least]) => z.array(part).min(least)),
    tie("any").map((part) => z.array(part).max(0)),
    tie("any").map((part) => z.record(z.string(), part)),
    fc.array(tie("any"), { maxLength: 3 }).map((parts) => {
      return z.strictObject(Object.fromEntries(parts.map((part, index) => [`p${index}`, part])));
    }),
    fc.array(tie("any"), { maxLength: 3 }).map((parts) => {
      const fields = parts.map((part, index) => [`p${index}`, part.optional()]);
      return z.object(Object.fromEntries(fields));
    }),
    fc.tuple(tie("any"), tie("any")).map((parts) => z.tuple(parts)),
    fc.tuple(tie("any"), tie("any")).map((parts) => z.union(parts)),
    tie("any").map((part) => z.object({ a: z.string() }).and(z.object({ b: part }))),
  ),
})).any;

test("the value fits the schema, whatever the schema is", () => {
  const targets = fc.constantFrom("draft-2020-12", "draft-7");
  const property = fc.property(schemas, targets, (schema, target) => {
    const value = valueFor(z.toJSONSchema(schema, { target, io: "input" }), TEXT);
    expect(schema.safeParse(value).error?.message).toBeUndefined();
  });
  fc.assert(property, { numRuns: 800 });
});

const Tree: z.ZodType = z.lazy(() =>
  z.object({ text: z.string(), left: Tree.nullable(), more: z.array(Tree) }),
);
const Sum: z.ZodType = z.lazy(() =>
  z.union([z.object({ plus: z.tuple([Sum, Sum]) }), z.object({ times: Sum }), z.number()]),
);

test.each([
  ["tree", Tree, { text: TEXT, left: null, more: [] }],
  ["sum", z.object({ sum: Sum, text: z.string() }), { sum: 0, text: TEXT }],
])("a recursive schema such as a %s has an end", (_, schema, value) => {
  expect(valueFor(z.toJSONSchema(schema), TEXT)).toEqual(value);
  expect(schema.parse(value)).toEqual(value);
});

test.each([
  [{ $ref: "#" }, null],
  [{ allOf: [{ properties: { a: {} } }, { properties: { b: { const: 1 } } }] }, { a: TEXT, b: 1 }],
  [{ type: "OBJECT", properties: { city: { type: "STRING" } } }, { city: TEXT }],
  [{ oneOf: [{ type: "null" }, { type: "string" }] }, TEXT],
  [{ type: ["null", "string"] }, TEXT],
  [
    { type: "array", prefixItems: [{ type: "integer" }], items: { type: "string" }, minItems: 2 },
    [0, TEXT],
  ],
  [
    { type: "object", properties: {}, required: ["a"], additionalProperties: { type: "integer" } },
    { a: 0 },
  ],
  [
    { properties: { "a/b": { $ref: "#/$defs/x~1y" } }, $defs: { "x/y": { enum: [2] } } },
    { "a/b": 2 },
  ],
  [true, TEXT],
])("the value of %j is %j", (schema, value) => {
  expect(valueFor(schema, TEXT)).toEqual(value);
});

test("the parts of allOf may share a part, and have properties of one name", () => {
  const shared = { $ref: "#/$defs/shared" };
  const $defs = {
    one: { allOf: [shared], properties: { a: { const: 1 } }, required: ["a"] },
    other: { allOf: [shared], properties: { b: { type: "object" } }, required: ["b"] },
    more: { properties: { b: { properties: { c: { const: 2 } } } } },
    shared: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
  };
  const refs = ["one", "other", "more"].map((name) => ({ $ref: `#/$defs/${name}` }));
  expect(valueFor({ allOf: refs, $defs }, TEXT)).toEqual({ n: 0, a: 1, b: { c: 2 } });
});

test("a schema may have as many properties as OpenAI's API allows", () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `p${index}`);
  const properties = Object.fromEntries(names.map((name) => [name, { type: "integer" }]));
  const large = { type: "object", properties, required: names, additionalProperties: false };
  const schema = { $ref: "#/$defs/large", $defs: { large } };
  const value = Object.fromEntries(names.map((name) => [name, 0]));
  expect(valueFor(schema, TEXT)).toEqual(value);
});

test("the text stands in the first string without rules, and nowhere else", () => {
  const schema = z.object({ mail: z.email(), text: z.string(), note: z.string() });
  expect(valueFor(z.toJSONSchema(schema), TEXT)).toEqual({
    mail: "agent@example.com",
    text: TEXT,
    note: "",
  });
});

// ── A schema without calls ───────────────────────────────────────────────────────────────────────

test("where the schema allows only messages, a tool that is wanted is answered in words", async () => {
  const Message = z.object({ type: z.literal("message"), text: z.string() });
  const Call = z.object({
    type: z.literal("function_call"),
    name: z.string(),
    arguments: z.string(),
  });
  const Both = z.discriminatedUnion("type", [Message, Call]);
  const ask = async (schema: z.ZodType) => {
    const response_format = zodResponseFormat(schema, "reply");
    const content = "Use the teleport tool.";
    const request = { model: "any", messages: [{ role: "user", content } as const] };
    const { choices } = await openai.chat.completions.create({ ...request, response_format });
    return JSON.parse(choices[0]?.message.content ?? "null");
  };
  const message = { type: "message", text: "I can't use the teleport tool here." };
  const call = { type: "function_call", name: "teleport", arguments: "{}" };
  expect(await ask(z.object({ response: Message }))).toEqual({ response: message });
  expect(await ask(z.object({ response: Both }))).toEqual({ response: call });
  expect(await ask(z.object({ outputs: z.array(Message) }))).toEqual({ outputs: [message] });
  const several = await ask(z.object({ outputs: z.array(Both) }));
  expect(several.outputs).toContainEqual({ ...call, id: "teleport" });
});
