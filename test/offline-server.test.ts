// The offline model as a server: its answers to wrong requests, and attacks that it survives.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { start } from "../scripts/run.ts";
import { openFrontDoor } from "../shared/offline/wire/front-door.ts";
import { adaptGemini } from "../shared/offline/wire/gemini.ts";
import { listOf } from "../shared/offline/wire/list.ts";
import { refuseClaude } from "../shared/offline/wire/rules.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";

/** Starts the offline model as a reader does. It must still run, and have printed no error, when it stops. */
async function serve(env: Record<string, string>) {
  const process = start("scripts/model.ts", ["--port", "0"], { env });
  const stderr = text(process.stderr);
  const [line] = await once(process.stdout, "data");
  const [origin = ""] = /http:\/\/[\d.:]+/.exec(String(line)) ?? [];
  const stop = async (): Promise<void> => {
    expect(process.exitCode).toBe(null);
    process.kill("SIGKILL");
    expect(await stderr).toBe("");
  };
  return { origin, process, stop };
}

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve({});
});
afterAll(() => server.stop());

async function send(path: string, body: unknown, init: RequestInit = {}, origin = server.origin) {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${origin}${path}`, { method: "POST", body: sent, ...init });
  return { status: response.status, body: await response.json() };
}

const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const CLAUDE = "/v1/messages";
const GEMINI = "/v1beta/models/any:generateContent";
const QUESTION = { role: "user", content: "Who are you?" };
const ASK = { model: "any", messages: [QUESTION] };
const ANSWER = {
  status: 200,
  body: { choices: [{ message: { content: expect.stringMatching(/^I am the offline model/) } }] },
};

/** What each API sends when it refuses a request. */
const errors = {
  openai: (status: number, message: unknown, param: string | null = null, code?: string) => {
    const type = status < 500 ? "invalid_request_error" : "server_error";
    return { status, body: { error: { message, type, param, code: code ?? null } } };
  },
  claude: (status: number, message: unknown, type = "invalid_request_error") => {
    return { status, body: { type: "error", error: { type, message } } };
  },
  gemini: (code: number, message: unknown, status = "INVALID_ARGUMENT") => {
    return { status: code, body: { error: { code, message, status } } };
  },
};

// ── What is refused ──────────────────────────────────────────────────────────────────────────────

const NO_JSON = expect.stringMatching(/^We could not parse the JSON body of your request/);

test.each(["", "nonsense", "null", "[]", '"text"'])(
  "a body of %j is refused as each API refuses it",
  async (body) => {
    expect(await send(CHAT, body)).toEqual(errors.openai(400, NO_JSON));
    expect(await send(RESPONSES, body)).toEqual(errors.openai(400, NO_JSON));
    expect(await send(CLAUDE, body)).toEqual(errors.claude(400, NO_JSON));
    expect(await send(GEMINI, body)).toEqual(errors.gemini(400, NO_JSON));
  },
);

test.each([undefined, null, []])("a conversation of %j is refused", async (none) => {
  const [chat, responses] = ["messages", "input"].map((field) => {
    if (none) {
      const message = `Invalid '${field}': empty array. Expected an array with minimum length 1, but got an empty array instead.`;
      return errors.openai(400, message, field, "empty_array");
    }
    const message = `Missing required parameter: '${field}'.`;
    return errors.openai(400, message, field, "missing_required_parameter");
  });
  expect(await send(CHAT, { model: "any", messages: none })).toEqual(chat);
  expect(await send(RESPONSES, { model: "any", input: none })).toEqual(responses);
  expect(await send(CLAUDE, { model: "any", max_tokens: 9, messages: none })).toEqual(
    errors.claude(
      400,
      none ? "messages: at least one message is required" : "messages: Field required",
    ),
  );
  const unspecified = "* GenerateContentRequest.contents: contents is not specified";
  expect(await send(GEMINI, { contents: none })).toEqual(errors.gemini(400, unspecified));
});

test("an empty input is refused, and so is a request without a model", async () => {
  expect((await send(RESPONSES, { model: "any", input: "" })).status).toBe(400);
  const model = "Missing required parameter: 'model'.";
  const missing = errors.openai(400, model, "model", "missing_required_parameter");
  expect(await send(CHAT, { messages: [QUESTION] })).toEqual(missing);
  expect(await send(RESPONSES, { input: "Who are you?" })).toEqual(missing);
  const claude = { max_tokens: 9, messages: [QUESTION] };
  expect(await send(CLAUDE, claude)).toEqual(errors.claude(400, "model: Field required"));
});

test.each([
  [CHAT, { messages: [null] }, "messages[0]"],
  [CHAT, { messages: "Who are you?" }, "messages"],
  [CHAT, { messages: [{ content: "Who are you?" }] }, "messages[0].role"],
  [CHAT, { messages: [{ role: "user", content: 4 }] }, "messages[0].content"],
  [CHAT, { messages: [{ role: "user", content: [null] }] }, "messages[0].content"],
  [
    CHAT,
    { messages: [{ role: "assistant", tool_calls: [{}] }] },
    "messages[0].tool_calls[0].function",
  ],
  [CHAT, { messages: [QUESTION], tools: "all" }, "tools"],
  [RESPONSES, { input: 4 }, "input"],
  [RESPONSES, { input: "Who are you?", instructions: ["Be brief."] }, "instructions"],
  [RESPONSES, { input: [null] }, "input[0]"],
  [RESPONSES, { input: [{ role: "user", content: [null] }] }, "input[0].content"],
  [RESPONSES, { input: [{ type: "function_call_output", output: 4 }] }, "input[0].output"],
  [RESPONSES, { input: "Who are you?", tools: [null] }, "tools[0]"],
] as const)("on %s the request %j is refused", async (path, request, param) => {
  const message = expect.stringMatching(/^Invalid type for '/);
  const refusal = errors.openai(400, message, param, "invalid_type");
  expect(await send(path, { model: "any", ...request })).toEqual(refusal);
});

test("a field that is null counts as missing", async () => {
  const none = { tools: null, tool_choice: null, response_format: null, stream: null };
  expect(await send(CHAT, { ...ASK, ...none })).toMatchObject(ANSWER);
  const nothing = { instructions: null, tools: null, text: null, metadata: null };
  const { body } = await send(RESPONSES, { model: "any", input: "Who are you?", ...nothing });
  expect(body).toMatchObject({ status: "completed", instructions: null, tools: [], metadata: {} });
});

test("a request that needs data of an earlier request is refused", async () => {
  const ask = (request: object) => send(RESPONSES, { model: "any", input: "Hello", ...request });
  expect(await ask({ previous_response_id: "resp_1" })).toEqual(
    errors.openai(
      400,
      "Previous response with id 'resp_1' not found.",
      "previous_response_id",
      "previous_response_not_found",
    ),
  );
  const unknown = "Conversation with id 'conv_1' not found.";
  const lost = errors.openai(404, unknown, "conversation");
  expect(await ask({ conversation: "conv_1" })).toEqual(lost);
  expect(await ask({ conversation: { id: "conv_1" } })).toEqual(lost);
  const background = errors.openai(
    400,
    expect.stringContaining("Background mode"),
    "background",
    "unsupported_parameter",
  );
  expect(await ask({ background: true })).toEqual(background);
  const missing = errors.openai(
    404,
    expect.stringMatching(/^Item with id 'fc_1' not found\./),
    "input",
  );
  const call = { type: "item_reference", id: "fc_1" };
  expect(await ask({ input: [QUESTION, call] })).toEqual(missing);
  // The type is optional.
  expect(await ask({ input: [QUESTION, { id: "fc_1" }] })).toEqual(missing);
  const nothing = { previous_response_id: null, conversation: null, background: false };
  expect((await ask(nothing)).status).toBe(200);
});

test("a request for a reply that is too long for any provider is refused", async () => {
  const call = { id: "a", type: "function", function: { name: "read_file", arguments: "{}" } };
  const messages = [
    QUESTION,
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "a", content: "all work and no play ".repeat(100_000) },
  ];
  const { status, body } = await send(CHAT, { model: "any", stream: true, messages });
  expect({ status, body }).toEqual(
    errors.openai(400, expect.any(String), null, "context_length_exceeded"),
  );
});

// ── Unknown paths ────────────────────────────────────────────────────────────────────────────────

test.each([
  ["GET", "/__aimock/journal"],
  ["GET", "/__aimock/fixtures"],
  ["POST", "/__aimock/reset"],
  ["POST", "/__aimock/fixtures"],
  ["GET", "/v1/_requests"],
  ["POST", "/v1/embeddings"],
  ["POST", "/v1/models"],
  ["POST", "//"],
])("%s %s is as unknown as it is to OpenAI's API", async (method, path) => {
  const body = method === "GET" ? null : "{}";
  expect(await send(path, "", { method, body })).toEqual(
    errors.openai(404, `Invalid URL (${method} ${path})`),
  );
  expect(await send(CHAT, ASK)).toMatchObject(ANSWER);
});

test("an unknown path and a wrong method get the error of their own API", async () => {
  const get = { method: "GET", body: null };
  const hint = expect.stringMatching(/^Not allowed to GET on /);
  const chat = errors.openai(405, hint, null, "method_not_supported");
  expect(await send(CHAT, "", get)).toEqual(chat);
  expect(await send(CLAUDE, "", get)).toEqual(errors.claude(405, hint));
  expect(await send(GEMINI, "", get)).toEqual(errors.gemini(405, hint, "UNIMPLEMENTED"));
  expect(await send("/v1/messages/batches", {})).toEqual(
    errors.claude(404, "Invalid URL (POST /v1/messages/batches)", "not_found_error"),
  );
  expect(await send("/v1beta/models/any:countTokens", {})).toEqual(
    errors.gemini(404, "Invalid URL (POST /v1beta/models/any:countTokens)", "NOT_FOUND"),
  );
});

test("no header makes the offline model fail", async () => {
  const headers = { "x-aimock-chaos-drop": "1", "x-aimock-chaos-malformed": "1" };
  expect(await send(CHAT, ASK, { headers })).toMatchObject(ANSWER);
});

test("the offline model is the only one on the list", async () => {
  const { body } = await send("/v1/models", "", { method: "GET", body: null });
  expect(body).toEqual({
    object: "list",
    data: [{ id: "offline", object: "model", created: 0, owned_by: "the-agent-loop" }],
  });
});

// ── What must not end it ─────────────────────────────────────────────────────────────────────────

/** Opens a connection that ignores what comes back, and sends a text. */
async function open(sent: string): Promise<Socket> {
  const socket = connect(Number(new URL(server.origin).port), "127.0.0.1");
  // The server is free to cut a connection like these.
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  socket.write(sent);
  return socket;
}

function head(path: string, ...headers: string[]): string {
  return [`POST ${path} HTTP/1.1`, "host: x", ...headers, "", ""].join("\r\n");
}

test.each([
  ["an upload that is broken off", `${head(CHAT, "content-length: 100")}{"model":`],
  ["a host that is none", "POST /v1/messages HTTP/1.1\r\nhost: [[[\r\ncontent-length: 2\r\n\r\n{}"],
  ["a path that is none", `${head("//[", "content-length: 2")}{}`],
  ["a broken chunk", `${head(CHAT, "transfer-encoding: chunked")}zz\r\n`],
  ["a websocket", head(RESPONSES, "upgrade: websocket", "connection: upgrade")],
  ["no HTTP at all", "hello\r\n\r\n"],
])("%s ends nothing but its own connection", async (_, sent) => {
  const socket = await open(sent);
  // A later request is answered when the server has read what was sent before.
  await send(CHAT, ASK);
  socket.resetAndDestroy();
  await send(CHAT, ASK);
  expect(await send(CHAT, ASK)).toMatchObject(ANSWER);
  expect(server.process.exitCode).toBe(null);
});

test("an error within the server itself is answered in the shape of the API", async () => {
  const broken = createServer(() => {
    throw new Error("broken");
  });
  openFrontDoor(broken);
  broken.listen(0, "127.0.0.1");
  await once(broken, "listening");
  const { port } = z.object({ port: z.number() }).parse(broken.address());
  const ask = (path: string, body: object) => send(path, body, {}, `http://127.0.0.1:${port}`);
  const message = "Error: broken";
  expect(await ask(CHAT, ASK)).toEqual(errors.openai(500, message));
  const claude = await ask(CLAUDE, { ...ASK, max_tokens: 9 });
  expect(claude).toEqual(errors.claude(500, message, "api_error"));
  const gemini = await ask(GEMINI, { contents: [{ parts: [] }] });
  expect(gemini).toEqual(errors.gemini(500, message, "INTERNAL"));
  broken.closeAllConnections();
  broken.close();
});

test.each([
  ["nested", "Your request is nested too deeply: at most 100 levels are read.", 100_000],
  ["nested a little", "Your request is nested too deeply: at most 100 levels are read.", 100],
  ["long", "Your request holds too many values: at most 500000 are read.", 0],
])("a request that is too %s is refused in the shape of the API", async (_, message, depth) => {
  const zeros = depth > 0 ? "" : "0,".repeat(600_000);
  const list = `${"[".repeat(depth)}${zeros}0${"]".repeat(depth)}`;
  const fields = ["messages", "input", "contents", "tools"].map((name) => `"${name}":[${list}]`);
  const body = `{"model":"any","max_tokens":9,${fields.join(",")}}`;
  expect(await send(CHAT, body)).toEqual(errors.openai(400, message));
  expect(await send(RESPONSES, body)).toEqual(errors.openai(400, message));
  expect(await send(CLAUDE, body)).toEqual(errors.claude(400, message));
  expect(await send(GEMINI, body)).toEqual(errors.gemini(400, message));
});

test("brackets and commas within strings do not count as values", async () => {
  const content = '[{,\\"'.repeat(200_000);
  expect(await send(CHAT, { model: "any", messages: [{ role: "user", content }] })).toMatchObject({
    status: 200,
  });
});

test("a list is read up to its first wrong entry", () => {
  let read = 0;
  const entry = z.custom<object>((value) => {
    read += 1;
    return typeof value === "object";
  });
  const { error } = listOf(entry).safeParse([{}, 1, ...Array.from({ length: 1_000 }, () => 0)]);
  expect(error?.issues).toMatchObject([{ path: [1] }]);
  expect(read).toBe(2);
});

test("a body of more than 32 MB is refused, and one of more than a context window too", async () => {
  const say = (megabytes: number) => {
    const content = "a".repeat(megabytes * 2 ** 20);
    return { model: "any", max_tokens: 9, messages: [{ role: "user", content }] };
  };
  const tooLarge = "Request exceeds the maximum size of 33554432 bytes.";
  expect(await send(CHAT, say(33))).toEqual(errors.openai(413, tooLarge));
  expect(await send(CLAUDE, say(33))).toEqual(errors.claude(413, tooLarge, "request_too_large"));
  expect(await send(GEMINI, say(33))).toEqual(errors.gemini(413, tooLarge));
  const tooLong = "Your input exceeds the context window of this model.";
  expect(await send(CLAUDE, say(31))).toEqual(errors.claude(400, tooLong));
  expect(await send(CHAT, say(9))).toMatchObject({ status: 200 });
});

/** How much memory the server takes, in MB. */
function memory(): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.process.pid)])) / 1024;
}

const onUnix = test.skipIf(process.platform === "win32");

onUnix("an endless upload is not kept in memory, whatever length it announces", async () => {
  const before = memory();
  const piece = "a".repeat(2 ** 20);
  const socket = await open(head(CHAT, "transfer-encoding: chunked"));
  for (let sent = 0; sent < 400 && !socket.destroyed; sent++) {
    const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`;
    if (socket.write(chunk)) continue;
    // The server may refuse and close while this still writes, which is an error of the socket.
    const ended = Promise.race([once(socket, "drain"), once(socket, "close")]);
    await ended.catch(() => socket.destroy());
  }
  expect(memory() - before).toBeLessThan(200);
  socket.destroy();
});

test("uploads that stop in the middle are refused while too many of them are held", async () => {
  const paths = [CHAT, RESPONSES, CLAUDE, GEMINI];
  const body = Buffer.alloc(31_000_000, "a");
  const stalled = [...paths, ...paths, ...paths, ...paths].map(async (path) => {
    const socket = await open(head(path, "content-length: 32000000"));
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    socket.write(body);
    return { socket, read: () => answer };
  });
  const uploads = await Promise.all(stalled);
  // Four of them hold 124 MB, and a fifth would be too much.
  const answers = () => uploads.map(({ read }) => read()).filter((answer) => answer !== "");
  await expect.poll(() => answers().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(12);
  for (const answer of answers()) {
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/"(server_error|api_error|UNAVAILABLE)"/);
  }
  // Small bodies are still read, and large ones again when the other uploads are gone.
  expect(await send(CHAT, ASK)).toMatchObject(ANSWER);
  for (const { socket } of uploads) socket.resetAndDestroy();
  const large = { ...ASK, user: "a".repeat(9_000_000) };
  await expect.poll(async () => (await send(CHAT, large)).status).toBe(200);
});

test("a hundred connections that read nothing, or send a byte a second, do not disturb other clients", async () => {
  const body = JSON.stringify({ ...ASK, stream: true });
  const slow: Socket[] = [];
  for (let count = 0; count < 50; count++) {
    const reader = await open(`${head(CHAT, `content-length: ${body.length}`)}${body}`);
    reader.pause();
    slow.push(reader, await open(`${head(RESPONSES, "content-length: 100")}{`));
  }
  const others = Array.from({ length: 100 }, () => send(CHAT, ASK));
  for (const answer of await Promise.all(others)) expect(answer).toMatchObject(ANSWER);
  for (const socket of slow) socket.resetAndDestroy();
});

test("a long question does not delay other clients", async () => {
  const messages = [{ role: "user", content: "send ".repeat(200_000) }];
  expect(await send(CHAT, { model: "any", messages })).toMatchObject({ status: 200 });
});

/** A question for which the model has called a tool, and its result. */
function after(question: string, name: string, result: string): object {
  const call = { id: "a", type: "function", function: { name, arguments: "{}" } };
  const messages = [
    { role: "user", content: question },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "a", content: result },
  ];
  return { model: "any", messages };
}

function withTool(content: string, name: string, description: string): object {
  const tools = [{ type: "function", function: { name, description, parameters: {} } }];
  return { model: "any", messages: [{ role: "user", content }], tools };
}

function withSchema(schema: object): object {
  const json_schema = { name: "it", schema };
  return { ...ASK, response_format: { type: "json_schema", json_schema } };
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `a${index}`);
}

/** A schema of forty steps. Each refers to the next one twice. */
function doubling(): object {
  const steps = names(40).map((name, index) => {
    const next = { $ref: `#/$defs/a${index + 1}` };
    return [name, { allOf: [next, next] }];
  });
  const $defs = { ...Object.fromEntries(steps), a40: {} };
  return { type: "object", properties: { response: { $ref: "#/$defs/a0" } }, $defs };
}

function sameLargeItem(): object {
  const properties = Object.fromEntries(names(100_000).map((name) => [name, {}]));
  const $defs = { item: { type: "string", properties } };
  return { type: "array", minItems: 9_000, items: { $ref: "#/$defs/item" }, $defs };
}

const NESTED = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
const chain = names(40_000).map((name, index) => [name, { $ref: `#/$defs/a${index + 1}` }]);

// Without a limit, most of these take minutes, and some take days.
test.each([
  [
    "two hundred thousand required names",
    400,
    () => withSchema({ type: "object", required: names(200_000) }),
  ],
  ["a large part that is needed nine thousand times", 400, () => withSchema(sameLargeItem())],
  [
    "a schema that is the sum of thousands",
    400,
    () => withSchema({ allOf: names(30_000).map((a) => ({ properties: { [a]: {} } })) }),
  ],
  ["a schema that doubles forty times", 400, () => withSchema(doubling())],
  [
    "a long chain of references",
    400,
    () => withSchema({ $ref: "#/$defs/a0", $defs: Object.fromEntries(chain) }),
  ],
  [
    "a pattern that repeats repetitions",
    400,
    () => withSchema({ type: "string", pattern: "(?:(?:(a?){100}){100}){100}b" }),
  ],
  [
    "a long word in a profile",
    200,
    () => after("Who am I?", "get_user_profile", "a".repeat(300_000)),
  ],
  [
    "a long word in the description of a tool",
    200,
    () => withTool("Write me an e-mail.", "send_email", "a".repeat(500_000)),
  ],
  [
    "a prompt of four million lines",
    200,
    () => ({
      model: "any",
      messages: [{ role: "system", content: "\n".repeat(4_000_000) }, QUESTION],
    }),
  ],
  [
    "a conversation of five million outputs",
    200,
    () => {
      const reply = { role: "assistant", content: `{"outputs":[${"0,".repeat(400_000)}0]}` };
      return { model: "any", messages: [QUESTION, ...names(12).map(() => reply)] };
    },
  ],
  ["a result nested deeply", 200, () => after("Weather in Rome?", "get_weather", NESTED)],
] as const)("%s holds nobody up", async (_, status, body) => {
  const signal = AbortSignal.timeout(20_000);
  expect((await send(CHAT, body(), { signal })).status).toBe(status);
});

test("Claude's calls are paired with their results in the time that it takes to read them", () => {
  // The ids differ only in their last letters, so that comparing two of them takes long.
  const ids = names(30_000).map((name) => `${"x".repeat(2_000)}${name}`);
  const calls = ids.map((id) => ({ type: "tool_use", id, name: "any", input: {} }));
  const results = ids.map((tool_use_id) => ({ type: "tool_result", tool_use_id }));
  const messages = [
    { role: "assistant", content: calls },
    { role: "user", content: results },
  ];
  expect(refuseClaude({ messages })).toBe(undefined);
}, 10_000);

test("Gemini's results are sorted in the time that it takes to read them", () => {
  const ids = names(30_000).map((name) => `${"x".repeat(2_000)}${name}`);
  const calls = ids.map((id) => ({ functionCall: { id } }));
  const results = ids.map((id) => ({ functionResponse: { id } }));
  const contents = [{ parts: calls }, { parts: results.toReversed() }];
  const sorted = { contents: [{ parts: calls }, { parts: results }] };
  expect(adaptGemini({ contents })).toEqual(sorted);
}, 10_000);

test("clients that go away while the model thinks or replies do not end the server", async () => {
  const env = { OFFLINE_LATENCY_MS: "200", OFFLINE_TOKENS_PER_SECOND: "20" };
  const thoughtful = await serve(env);
  const body = { ...ASK, input: "Who are you?", contents: [{ parts: [{ text: "Who?" }] }] };
  const streams = GEMINI.replace("generateContent", "streamGenerateContent");
  const leave = async (path: string, stream: boolean, after: number) => {
    const signal = AbortSignal.timeout(after);
    const sent = JSON.stringify({ ...body, max_tokens: 9, stream });
    const url = `${thoughtful.origin}${path}`;
    const response = await fetch(url, { method: "POST", body: sent, signal });
    await response.text();
  };
  for (const after of [100, 300, 500]) {
    const clients = [CHAT, RESPONSES, CLAUDE, GEMINI, streams].flatMap((path) => {
      return [leave(path, true, after), leave(path, false, Math.min(after, 100))];
    });
    const ends = await Promise.allSettled(clients);
    expect(ends.filter(({ status }) => status === "rejected").length).toBeGreaterThanOrEqual(5);
  }
  // A client that stays gets its whole stream. By then, the streams of the others would have ended, too.
  await leave(CHAT, true, 60_000);
  expect(await send(CHAT, ASK, {}, thoughtful.origin)).toMatchObject(ANSWER);
  await thoughtful.stop();
});

test("if a client goes away, the rest of its stream is not written", async () => {
  process.env.OFFLINE_TOKENS_PER_SECOND = "1";
  const slow = await serveOfflineModel(0, false);
  delete process.env.OFFLINE_TOKENS_PER_SECOND;
  const streams = () =>
    process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const away = new AbortController();
  const body = JSON.stringify({ ...ASK, stream: true });
  const init = { method: "POST", body, signal: away.signal };
  await Promise.all(Array.from({ length: 50 }, () => fetch(`${slow}/chat/completions`, init)));
  expect(streams()).toBeGreaterThanOrEqual(50);
  away.abort();
  // Each stream ends at its next event, a second later. Otherwise it would go on for half a minute.
  await expect.poll(streams, { timeout: 10_000 }).toBeLessThan(25);
});
