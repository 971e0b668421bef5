import { expect, test } from "vitest";
import { z } from "zod";
import { chapters } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { outputs, runScript } from "./support/script.ts";
import { complete, serveScript } from "../scripts/serve.ts";

const FILE = "chapters/04-parallel-tools/main.ts";

/** The keywords that zod can write and strict structured outputs support. */
const Schema: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({
      $schema: z.string().optional(),
      type: z.literal("object"),
      properties: z.record(z.string(), Schema),
      required: z.array(z.string()),
      additionalProperties: z.literal(false),
    }),
    z.strictObject({ type: z.literal("array"), items: Schema }),
    z.strictObject({
      type: z.enum(["string", "number", "boolean"]),
      description: z.string().optional(),
    }),
    z.strictObject({ type: z.literal("string"), const: z.string() }),
    z.strictObject({ type: z.literal("string"), enum: z.array(z.string()).min(1) }),
    z.strictObject({ anyOf: z.array(Schema).min(1) }),
  ]),
);
const StrictFormat = z.strictObject({
  type: z.literal("json_schema"),
  json_schema: z.strictObject({ name: z.string(), strict: z.literal(true), schema: Schema }),
});
const ObjectSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()),
});

/** Every object in a schema that leaves a property optional. */
function optional(schema: unknown): unknown[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { data } = ObjectSchema.safeParse(schema);
  const missing = data
    ? Object.keys(data.properties).filter((key) => !data.required.includes(key))
    : [];
  return [...missing, ...Object.values(schema).flatMap(optional)];
}

/** A reply that fits the schemas of all chapters: one output for some, a list of them for the others. */
function inBothShapes(output: object): string {
  return JSON.stringify({ response: output, outputs: [output] });
}

/** The chapters whose replies are JSON. The tests of the others check their own requests. */
const byHand = chapters().filter(({ source }) => source.includes("response_format: replyFormat"));

/** Gives each of them a bad reply, a call and a message, and returns its requests. */
async function askEach() {
  const call = { type: "function_call", id: "me", name: "get_user_profile", arguments: "{}" };
  const script = ["bad", inBothShapes(call), inBothShapes({ type: "message", text: "done" })];
  const server = await serveScript(({ messages }) => {
    return script[messages.filter(({ role }) => role === "assistant").length] ?? "";
  });
  const folders = byHand.map(({ folder }) => folder);
  const env = { OPENAI_BASE_URL: server.url };
  const { stdout } = await run("test/programs/ask-each.ts", folders, { env });
  server.close();
  return { requests: server.requests, reports: readReports(stdout) };
}
const asked = askEach();

test.each(byHand.map(({ folder }) => folder))(
  "the requests of %s are valid for the real API",
  async (folder) => {
    const { requests, reports } = await asked;
    const own = requests.filter(({ messages }) => messages[1]?.content === folder);
    expect(reports.has(folder)).toBe(true);
    expect(own.length).toBeGreaterThan(1);
    for (const { messages, model, response_format: format, ...others } of own) {
      expect(model).toBe("gpt-5.4-mini");
      expect(others).toEqual({});
      expect(StrictFormat.safeParse(format).error?.message).toBeUndefined();
      expect(optional(format)).toEqual([]);
      const [first, ...rest] = messages.map(({ role }) => role);
      expect(first).toBe("system");
      expect(rest).toEqual(rest.map((_, index) => (index % 2 === 0 ? "user" : "assistant")));
      expect(rest.at(-1)).toBe("user");
      expect(messages.every(({ content }) => content.length > 0)).toBe(true);
    }
  },
);

test("the prompt contains the schema and the tools, one per line", async () => {
  const { requests } = await runScript(FILE, [outputs()]);
  const prompt = requests[0]?.messages[0]?.content ?? "";
  expect(prompt).toContain('"type":"object","properties":{"outputs":{"type":"array"');
  const names = prompt.match(/^\{"name":"\w+","description":/gm);
  expect(names).toHaveLength(3);
});

test("a wrong key ends the program with one line", async () => {
  const { code, stderr, requests } = await runScript(FILE, [
    (response) => {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "Incorrect API key provided: none." } }));
    },
  ]);
  expect(stderr.split("\n").slice(1)).toEqual(["error: 401 Incorrect API key provided: none", ""]);
  expect(requests).toHaveLength(1);
  expect(code).toBe(1);
});

test("a server that is busy, and then breaks, is asked again", async () => {
  const { code, stdout, requests } = await runScript(FILE, [
    (response) => response.writeHead(429, { "retry-after": "0" }).end("{}"),
    (response) => response.writeHead(500, { "retry-after-ms": "1" }).end("{}"),
    outputs(),
  ]);
  expect(requests).toHaveLength(3);
  expect(stdout.endsWith("\nA:\ndone\n")).toBe(true);
  expect(code).toBe(0);
});

test("a server that stays broken ends the program with one line", async () => {
  const { code, stderr, requests } = await runScript(FILE, [
    (response) =>
      response
        .writeHead(500, { "retry-after-ms": "1" })
        .end('{"error":{"message":"out of order"}}'),
  ]);
  expect(requests).toHaveLength(3);
  expect(stderr.split("\n").slice(1)).toEqual([
    expect.stringMatching(/^error: 500 .*out of order/),
    "",
  ]);
  expect(code).toBe(1);
});

test("a connection that is cut within a reply ends the program with one line", async () => {
  const { code, stderr } = await runScript(FILE, [
    (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"choices":[{"mess', () => response.destroy());
    },
  ]);
  expect(stderr.split("\n").slice(1)).toEqual([expect.stringMatching(/^error: .*terminated/), ""]);
  expect(code).toBe(1);
});

test("an address without a server ends the program with one line", async () => {
  const { code, stderr } = await run(FILE, ["a question"], {
    env: { OPENAI_BASE_URL: "http://127.0.0.1:2/v1" },
  });
  expect(stderr.split("\n").slice(1)).toEqual([
    expect.stringMatching(
      /^error: Connection error: fetch failed: connect ECONNREFUSED 127\.0\.0\.1:2$/,
    ),
    "",
  ]);
  expect(code).toBe(1);
});

test("the address and the model may stand in .env", async () => {
  const { url, close } = await serveScript(({ model }) =>
    JSON.stringify({ outputs: [{ type: "message", text: `I am ${model}` }] }),
  );
  const folder = copyBook({ ".env": `OPENAI_BASE_URL=${url}\nOPENAI_MODEL=somebody\n` });
  const unset = { OPENAI_BASE_URL: undefined, OPENAI_MODEL: undefined };
  const { stdout, stderr } = await run(FILE, ["who?"], { folder, env: unset });
  close();
  expect(stderr).toBe(`model: somebody (${url})\n`);
  expect(stdout.endsWith("\nA:\nI am somebody\n")).toBe(true);
});

test("a body without choices, as some proxies send it, is not a completion", async () => {
  const { stderr } = await runScript(FILE, [
    (response) => complete(response, {}, { message: undefined }),
  ]);
  expect(stderr).toMatch(/\nerror: expected a chat completion, got \{"id":"chatcmpl-1".*\n$/);
});
