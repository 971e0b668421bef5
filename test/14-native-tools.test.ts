// The chapter promises: the conversation is made of the provider's own items. All of a reply goes back
// as it came, every call is answered once and in its place, even if it failed, and a reply that is
// not an answer ends the run. All of this holds over the Responses API and over Chat Completions.
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { z } from "zod";
import { run } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import {
  type ChatReply,
  chatCalls,
  lastResults,
  serveChat,
  type ToolChatRequest,
} from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import {
  type Api,
  call,
  type Item,
  type ItemsReply,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  type ResponsesRequest,
  reasoning,
  respond,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { worldOf } from "./support/worlds.ts";

test("the demo prints what chapter 07 prints, byte for byte", () => {
  expect(printed("14")).toContain("Peak of the parallel runner: 4");
  expect(printed("14")).toBe(printed("07"));
});

test("over Chat Completions, the same program prints the same", async () => {
  const question = "Use the teleport tool. How is the weather in LA?";
  const env = { OPENAI_PROTOCOL: "chat" };
  const ended = await run("chapters/14-native-tools/main.ts", [question], { env });
  const stderr = "model: offline (set OPENAI_API_KEY to ask a real one)\n";
  expect(ended).toEqual({ code: 0, stdout: printed("14", question), stderr });
});

// ── What goes to the model ───────────────────────────────────────────────────────────────────────

const NAMES = ["get_weather", "get_user_profile", "send_email"];
const WEATHER = {
  name: "get_weather",
  description: "Get the current weather in one city.",
  parameters: {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: { location: { type: "string", description: "the city's name" } },
    required: ["location"],
    additionalProperties: false,
  },
  strict: true,
};
const prompt = expect.stringMatching(/^You are a helpful agent\. .*\.$/s);

test("a request has a model, instructions, the input and strict tools, and nothing else", async () => {
  const { requests } = await talk("thoughtful");
  const { tools, ...rest } = requests[0] ?? { tools: [] };
  expect(rest).toEqual({
    model: "gpt-5.4-mini",
    instructions: prompt,
    input: [user("thoughtful")],
  });
  expect(tools.map(({ name }) => name)).toEqual(NAMES);
  expect(tools[0]).toEqual({ type: "function", ...WEATHER });
});

test("over Chat Completions, a request has a model, messages and strict tools, and nothing else", async () => {
  const { requests } = await chat("adorned");
  const { tools, ...rest } = requests[0] ?? { tools: [] };
  expect(rest).toEqual({
    model: "gpt-5.4-mini",
    messages: [{ role: "system", content: prompt }, user("adorned")],
  });
  expect(tools.map((tool) => tool.function.name)).toEqual(NAMES);
  expect(tools[0]).toEqual({ type: "function", function: WEATHER });
});

test("all items go back in their places, reasoning too, and then one output per call, in call order [G12]", async () => {
  const { requests } = await talk("thoughtful");
  expect(requests.map(({ input }) => input)).toEqual([
    [user("thoughtful")],
    [
      user("thoughtful"),
      ...THOUGHTFUL,
      { type: "function_call_output", call_id: "one", output: '"calm in a"' },
      { type: "function_call_output", call_id: "two", output: '"calm in b"' },
    ],
  ]);
});

test("over Chat Completions, the calls go back bare in one message, each result in another", async () => {
  const { requests, end } = await chat("adorned");
  expect(requests).toHaveLength(2);
  expect(requests[1]?.messages.slice(1)).toEqual([
    user("adorned"),
    { role: "assistant", content: "I'll look.", tool_calls: TWO },
    { role: "tool", tool_call_id: "one", content: '"calm in a"' },
    { role: "tool", tool_call_id: "two", content: '"calm in b"' },
  ]);
  expect(end).toEqual({ answer: "done" });
});

test("over Chat Completions, a message without calls goes back without a list of calls", async () => {
  const { requests, end } = await chat("thrice, without calls");
  expect(requests[2]?.messages).toEqual([
    { role: "system", content: "Be brief." },
    user("thrice, without calls"),
    { role: "assistant", content: "Not yet." },
    { role: "assistant", content: "Still not." },
  ]);
  const texts = ["Not yet.", "Still not.", "done"];
  expect(end).toEqual({
    answer: texts.map((text) => JSON.stringify({ type: "message", text })).join("\n"),
  });
});

test("each step adds to the conversation and changes nothing in it, over either protocol", async () => {
  const responses = await talk("two steps");
  const chats = await chat("two steps");
  const inputs = responses.requests.map(({ input }) => input);
  const messages = chats.requests.map((request) => request.messages);
  expect(inputs.map(({ length }) => length)).toEqual([1, 3, 5]);
  expect(inputs[2]?.slice(0, 3)).toEqual(inputs[1]);
  expect(messages.map(({ length }) => length)).toEqual([2, 4, 6]);
  expect(messages[2]?.slice(0, 4)).toEqual(messages[1]);
  expect([responses.end, chats.end]).toEqual([{ answer: "done" }, { answer: "done" }]);
});

test("the nasty batch goes back as it came but for two ids, and each call gets one output that says how it ended [R14]", async () => {
  const { requests, end } = await talk("nasty");
  expect(requests[1]?.input.slice(0, 1 + NASTY.length)).toEqual([user("nasty"), ...SETTLED]);
  expect(lastOutputs(requests)).toEqual(NASTY_OUTPUTS);
  expect(end).toEqual({ answer: "done" });
});

test("over Chat Completions, the nasty batch goes back in one message, and each call gets one result", async () => {
  const { requests, end } = await chat("nasty");
  const asked = { role: "assistant", content: null, tool_calls: chatCalls(SETTLED) };
  expect(requests[1]?.messages[2]).toEqual(asked);
  expect(lastResults(requests)).toEqual(NASTY_OUTPUTS);
  expect(end).toEqual({ answer: "done" });
});

test("a call with broken arguments or without a tool gets an output that says so, under its own id [G11]", async () => {
  const wanted = BROKEN.map(([item, output]) => ({
    id: "call_id" in item && item.call_id,
    output,
  }));
  expect(lastOutputs((await talk("broken")).requests)).toEqual(wanted);
  expect(lastResults((await chat("broken")).requests)).toEqual(wanted);
});

test("an id that the API would refuse is replaced, in the call and in its result, and no other is [G8]", async () => {
  const long = (most: number) => ["x".repeat(most), "call_3"];
  const over = await talk("odd ids");
  expect(lastOutputs(over.requests).map(({ id }) => id)).toEqual([
    ...["call_0", "same", "call_2", "call_4", ...long(64), "call_6", "call_7", "call_8"],
  ]);
  const chatted = await chat("odd ids");
  expect(lastResults(chatted.requests).map(({ id }) => id)).toEqual([
    ...["call_0", "same", "call_2", "call_4", ...long(40), "call_6", "call_7", "call_8"],
  ]);
  for (const { requests, end } of [over, chatted]) {
    expect(requests).toHaveLength(2);
    expect(end).toEqual({ answer: "done" });
  }
});

test("no request of any conversation is one that a real API would refuse [G8]", async () => {
  expect((await overResponses).refusals).toEqual([]);
  expect((await overChat).refusals).toEqual([]);
});

// ── How the run ends ─────────────────────────────────────────────────────────────────────────────

test("the texts of a reply are its answer, whatever messages and parts they come in", async () => {
  expect((await talk("thoughtful")).end).toEqual({ answer: "First,\nsecond,\nthird." });
  expect((await talk("nothing")).end).toEqual({ answer: "" });
  expect((await chat("nothing")).end).toEqual({ answer: "" });
});

test("a model that calls again and again is stopped at the step limit, with every call answered", async () => {
  for (const { requests, end } of [await talk("for ever"), await chat("for ever")]) {
    expect(requests).toHaveLength(10);
    expect(end).toEqual({ error: "Error: Max step reached: no answer after 10 steps" });
  }
});

test("a refusal, a failure, a cut reply and a body that is not a reply are errors, and no call runs", async () => {
  const questions = [
    "refused",
    "cut off",
    "cut off in a call",
    "no output",
    "an item of the future",
  ];
  const talks = await Promise.all(questions.map(talk));
  expect(talks.map(({ end }) => end)).toEqual([
    { error: "Error: the model refuses: I can't help with that." },
    { error: "Error: the reply is incomplete: max_output_tokens" },
    { error: "Error: the reply is incomplete: max_output_tokens" },
    { error: 'Error: expected a response, got {"id":7}' },
    { error: "TypeError: Unsupported response item type: hologram" },
  ]);
  expect(talks.map(({ requests }) => requests.length)).toEqual(questions.map(() => 1));
});

test("over Chat Completions, a refusal, a cut reply and a body that is not a reply are errors, and no call runs", async () => {
  const questions = ["cut off", "cut off in a call", "filtered", "no message", "no completion"];
  const talks = await Promise.all(questions.map(chat));
  expect(talks.map(({ end }) => end)).toEqual([
    { error: "Error: the reply is incomplete: length" },
    { error: "Error: the reply is incomplete: length" },
    { error: "Error: the reply is incomplete: content_filter" },
    { error: expect.stringMatching(/^Error: expected a chat completion, got \{"id":"chatcmpl-1"/) },
    { error: 'Error: expected a chat completion, got {"id":7}' },
  ]);
  expect(talks.map(({ requests }) => requests.length)).toEqual(questions.map(() => 1));
});

test("an error names a body that is not a reply, and what was expected, and no call runs", async () => {
  const got = (body: unknown) => JSON.stringify(body);
  for (const body of NO_BODIES) {
    const what = `body ${got(body)}`;
    expect((await talk(what)).end).toEqual({
      error: `Error: expected a response, got ${got(body)}`,
    });
    expect((await chat(what)).end).toEqual({
      error: `Error: expected a chat completion, got ${got(body)}`,
    });
  }
  for (const item of NO_ITEMS) {
    const { end } = await talk(`item ${got(item)}`);
    expect(end).toEqual({ error: `Error: expected an item, got ${got(item)}` });
  }
  for (const part of NO_MESSAGES) {
    const { end } = await chat(`message ${got(part)}`);
    const words = got(part)
      .slice(1, -1)
      .replaceAll(/[[\]{}().?*+^$|\\]/g, "\\$&");
    expect(end).toEqual({
      error: expect.stringMatching(
        `^Error: expected a message with a text or calls, got .*${words}`,
      ),
    });
  }
  for (const [name, got] of [
    ["204", '""'],
    ["a page", '"<h1>Hello</h1>"'],
    ["no JSON", '"{oops"'],
  ] as const) {
    expect((await talk(name)).end).toEqual({ error: `Error: expected a response, got ${got}` });
    expect((await chat(name)).end).toEqual({
      error: `Error: expected a chat completion, got ${got}`,
    });
  }
});

test("a model that fails or refuses ends the program with one line", async () => {
  const ended = [await overResponses, await overChat].map(({ code, stdout, stderr }) => {
    return { code, last: stdout.split("\n").slice(-3), errors: stderr.split("\n").slice(1) };
  });
  expect(ended).toEqual([
    { code: 1, last: ["Q: failed", "", ""], errors: ["error: the model fails: out of order", ""] },
    {
      code: 1,
      last: ["Q: refused", "", ""],
      errors: ["error: the model refuses: I can't help with that", ""],
    },
  ]);
  expect((await talk("failed")).requests).toHaveLength(1);
  expect((await chat("refused")).requests).toHaveLength(1);
});

// ── The scripted servers themselves ──────────────────────────────────────────────────────────────

/** What a server says to requests that differ from a good one in some parts. */
function trier(server: Api<unknown>, good: object) {
  return async (others: object): Promise<string> => {
    const body = JSON.stringify({ ...good, ...others });
    const response = await fetch(server.url, { method: "POST", body });
    return response.ok ? "fine" : (server.refusals.at(-1) ?? "");
  };
}

const PARAMETERS = { type: "object", properties: {}, required: [], additionalProperties: false };
const TOOL = { name: "get_weather", description: "", strict: true, parameters: PARAMETERS };
const LOOSE = {
  ...TOOL,
  parameters: { ...PARAMETERS, properties: { location: { type: "string" } } },
};

test("the scripted server refuses what a real API refuses", async () => {
  const server = await serveResponses([[message("done")]]);
  const one = call("one", "get_weather");
  const output = { type: "function_call_output", call_id: "one", output: "null" };
  const tool = { type: "function", ...TOOL };
  const say = trier(server, { model: "any", instructions: "none", tools: [tool] });
  const send = (...input: object[]) => say({ input: [user("?"), ...input] });
  const unanswered = "No tool output found for function call one.";
  const unasked = "No tool call found for function call output with call_id one.";
  expect(await send(one, output)).toBe("fine");
  expect(await send(one, output, one, output)).toBe("fine");
  expect(await send(one)).toBe(unanswered);
  expect(await send(one, one, output, output)).toMatch(/Duplicate/);
  expect(await send(output, one)).toBe(unasked);
  expect(await send(one, output, output)).toBe(unasked);
  expect(await send({ ...one, parsed_arguments: {} }, output)).toMatch(/parsed_arguments/);
  expect(await send(call("x".repeat(64), "get_weather"))).toMatch(/^No tool output/);
  expect(await send(call("x".repeat(65), "get_weather"))).toMatch(/<=64 characters/);
  expect(await send(call("", "get_weather"))).toMatch(/>=1 characters/);
  const input = [user("?")];
  expect(await say({ input, max_concurrent_tools: 4 })).toMatch(/max_concurrent_tools/);
  expect(await say({ input, tools: [{ ...tool, run: "local" }] })).toMatch(/run/);
  expect(await say({ input, tools: [{ ...tool, ...LOOSE }] })).toMatch(/Invalid/);
  server.close();
});

test("the scripted server refuses over Chat Completions what a real API refuses there", async () => {
  const server = await serveChat(() => DONE);
  const [one, two] = TWO;
  const tool = { type: "function", function: TOOL };
  const say = trier(server, { model: "any", tools: [tool] });
  const send = (...messages: object[]) => say({ messages: [user("?"), ...messages] });
  const calls = (...tool_calls: unknown[]) => ({ role: "assistant", content: null, tool_calls });
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "null" });
  expect(await send(calls(one, two), result("one"), result("two"))).toBe("fine");
  expect(await send(calls(one, one), result("one"), result("one"))).toMatch(/^Duplicate/);
  expect(await send(calls({ ...one, id: "x".repeat(41) }))).toMatch(/Invalid|<=40/);
  expect(await send(calls({ ...one, id: "" }), result(""))).toMatch(/Invalid|>=1/);
  expect(await send(calls(one, two), result("one"))).toMatch(/^expected .*,one,two, got/);
  expect(await send(calls(one, two), result("two"), result("one"))).toMatch(/^expected/);
  expect(await send(calls(one), user("?"), result("one"))).toMatch(/^expected/);
  expect(await send(result("one"))).toMatch(/^expected/);
  expect(await send(calls())).toMatch(/>=1 items/);
  expect(await send(calls({ ...one, index: 0 }), result("one"))).toMatch(/index/);
  expect(await send({ ...calls(one), content: "" }, result("one"))).toMatch(/Invalid/);
  expect(await send({ role: "assistant", content: null })).toMatch(/Invalid/);
  const messages = [user("?")];
  expect(await say({ messages, tools: [] })).toMatch(/>=1 items/);
  expect(await say({ messages, max_concurrent_tools: 4 })).toMatch(/max_concurrent_tools/);
  expect(await say({ messages, tools: [{ ...tool, function: LOOSE }] })).toMatch(/Invalid/);
  server.close();
});

// ── What the models say: a script for each question ──────────────────────────────────────────────

const PLACE = { location: "LA" };
const TWO_ITEMS = [
  call("one", "get_weather", { location: "a" }),
  call("two", "get_weather", { location: "b" }),
] as const;
const TWO = chatCalls(TWO_ITEMS);
const NASTY = itemsOf(NASTY_REPLY);
const SETTLED = settle(NASTY);
const NASTY_OUTPUTS = settle(outputsOf(NASTY_RESULTS));
const THOUGHTFUL = [
  reasoning("which tools"),
  message("I'll look."),
  TWO_ITEMS[0],
  reasoning("one more"),
  TWO_ITEMS[1],
  message("That's all."),
];

/** Calls that are broken in the ways that a real model breaks them, between two that are not. */
const BROKEN: readonly (readonly [Item, unknown])[] = [
  [call("first", "get_weather", PLACE), "calm in LA"],
  [call("broken", "get_weather", '{"location":"L'), unfit("SyntaxError")],
  [call("empty", "get_weather", ""), unfit("SyntaxError")],
  [
    call("coded_twice", "get_weather", JSON.stringify('{"location":"LA"}')),
    unfit("expected object"),
  ],
  [call("unknown", "teleport", PLACE), unavailable("teleport")],
  [call("call_".padEnd(40, "x"), "get_weather", PLACE), "calm in LA"],
];

function unfit(words: string) {
  const message = expect.stringMatching(new RegExp(`^invalid arguments: .*${words}`));
  return { error: { class: "invalid_request", code: "invalid_tool_args", message } };
}

function unavailable(name: string) {
  const message = `unknown tool ${name}; there are ${NAMES.join(", ")}`;
  return { error: { class: "unavailable", code: "tool_unavailable", message } };
}

/** Ids of the calls of one reply. A server that accepts this many characters refuses most of them. */
function oddIds(most: number): readonly unknown[] {
  const longest = "x".repeat(most);
  return ["", "same", "same", 7, longest, "call_3", `${longest}x`, undefined, null];
}

/** A reply of items that the scripts' own kinds do not cover. */
function odd(output: readonly object[], others: object = {}): ItemsReply {
  return (response) => respond(response, output, others);
}

const done = [message("done")];
const NO = "I can't help with that.";
const REFUSAL = { ...message(), content: [{ type: "refusal", refusal: NO }] };
const CUT = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
const FAILED = { status: "failed", error: { code: "server_error", message: "out of order" } };
const nonsense: ItemsReply = (response) => {
  response.setHeader("content-type", "application/json").end('{"id":7}');
};

/** Bodies that are not a reply of either API. */
const NO_BODIES = [null, 7, "text", [], {}, { error: null, output: null, choices: null }];
const NO_ITEMS = [
  null,
  "text",
  {},
  { type: "function_call", call_id: "a", name: "get_weather" },
  { type: "function_call", call_id: "a", name: "get_weather", arguments: {} },
  { type: "function_call", call_id: "a", arguments: "{}" },
  { type: "message" },
  { type: "message", content: "text" },
  { type: "message", content: [null] },
  { type: "message", content: [{ type: "output_text" }] },
];
const NO_MESSAGES = [
  { content: [{ type: "text", text: "a part" }] },
  { content: 7 },
  { tool_calls: [null] },
  { tool_calls: {} },
  { tool_calls: [{ id: "a", type: "function", function: { name: "get_weather", arguments: {} } }] },
  { tool_calls: [{ id: "a", type: "function", function: { name: "get_weather" } }] },
  { tool_calls: [{ id: "a", type: "function" }] },
];

function answer(body: string, type = "application/json") {
  return (response: ServerResponse): void => {
    response.setHeader("content-type", type).end(body);
  };
}
/** The conversations that end with the first body. */
const BODIES = {
  ...Object.fromEntries(
    NO_BODIES.map((body) => [`body ${JSON.stringify(body)}`, [answer(JSON.stringify(body))]]),
  ),
  "204": [(response: ServerResponse) => void response.writeHead(204).end()],
  "a page": [answer("<h1>Hello</h1>", "text/html")],
  "no JSON": [answer("{oops")],
};

const ITEMS: Readonly<Record<string, readonly ItemsReply[]>> = {
  nasty: [NASTY, done],
  broken: [BROKEN.map(([item]) => item), done],
  thoughtful: [THOUGHTFUL, [reasoning("enough"), message("First,", "second,"), message("third.")]],
  "odd ids": [
    odd(oddIds(64).map((call_id) => ({ ...call("odd", "get_weather", PLACE), call_id }))),
    done,
  ],
  "two steps": [[TWO_ITEMS[0]], [TWO_ITEMS[1]], done],
  nothing: [[]],
  "for ever": [TWO_ITEMS],
  refused: [odd([...TWO_ITEMS, REFUSAL])],
  "cut off": [odd([message("The weather in LA is")], CUT)],
  "cut off in a call": [odd([call("cut", "get_weather", '{"loc')], CUT)],
  "no output": [nonsense],
  "an item of the future": [odd([{ type: "hologram" }])],
  ...BODIES,
  ...Object.fromEntries(
    NO_ITEMS.map((item) => [
      `item ${JSON.stringify(item)}`,
      [answer(JSON.stringify({ object: "response", output: [...TWO_ITEMS, item] }))],
    ]),
  ),
  failed: [odd([], FAILED)],
};

const DONE: ChatReply = { message: { content: "done" } };
const LENGTH = { finish_reason: "length" };

const MESSAGES: Readonly<Record<string, readonly ChatReply[]>> = {
  nasty: [{ message: { tool_calls: chatCalls(NASTY) } }, DONE],
  broken: [{ message: { tool_calls: chatCalls(BROKEN.map(([item]) => item)) } }, DONE],
  adorned: [
    {
      message: {
        content: "I'll look.",
        reasoning_content: "hm",
        annotations: [],
        audio: null,
        tool_calls: [
          { ...TWO[0], index: 0, function: { ...TWO[0]?.function, parsed_arguments: {} } },
          { id: "odd", type: "custom", custom: { name: "odd", input: "" } },
          { ...TWO[1], index: 1 },
        ],
      },
    },
    { message: { content: "done", tool_calls: null } },
  ],
  "odd ids": [{ message: { tool_calls: oddIds(40).map((id) => ({ ...TWO[0], id })) } }, DONE],
  "two steps": [
    { message: { content: "", tool_calls: TWO.slice(0, 1) } },
    { message: { content: "One more.", tool_calls: TWO.slice(1) } },
    DONE,
  ],
  "thrice, without calls": [
    { message: { content: "Not yet.", tool_calls: null } },
    { message: { content: "Still not.", tool_calls: [] } },
    DONE,
  ],
  nothing: [{ message: { content: "", tool_calls: [] } }],
  "for ever": [{ message: { tool_calls: TWO } }],
  "cut off": [{ message: { content: "The weather in" }, choice: LENGTH }],
  "cut off in a call": [{ message: { tool_calls: TWO }, choice: LENGTH }],
  filtered: [{ message: { tool_calls: TWO }, choice: { finish_reason: "content_filter" } }],
  "no message": [{ message: {}, choice: { message: undefined } }],
  "no completion": [nonsense],
  ...BODIES,
  ...Object.fromEntries(
    NO_MESSAGES.map((message) => [`message ${JSON.stringify(message)}`, [{ message }]]),
  ),
  refused: [{ message: { refusal: NO, tool_calls: TWO } }],
};

// ── The conversations: over each protocol, one process has them all ──────────────────────────────

const End = z.union([
  z.strictObject({ answer: z.string() }),
  z.strictObject({ error: z.string() }),
]);

type Script<Request, Reply> = {
  readonly replies: Readonly<Record<string, readonly Reply[]>>;
  readonly questionOf: (request: Request) => string;
  readonly serve: (script: (request: Request) => Reply) => Promise<Api<Request>>;
};

/**
 * Asks all questions of a script. Its replies come in order, and the last one repeats. The last
 * question is asked as a reader would ask it.
 */
async function converse<Request, Reply>(
  protocol: "responses" | "chat",
  { replies, questionOf, serve }: Script<Request, Reply>,
) {
  const left = new Map(Object.entries(replies).map(([question, all]) => [question, [...all]]));
  const server = await serve((request) => {
    const [reply, ...rest] = left.get(questionOf(request)) ?? [];
    if (reply === undefined) throw new Error(`nobody asks ${questionOf(request)}`);
    if (rest.length > 0) left.set(questionOf(request), rest);
    return reply;
  });
  const questions = Object.keys(replies);
  const env = {
    OPENAI_BASE_URL: server.url,
    OPENAI_PROTOCOL: protocol,
    QUESTIONS: JSON.stringify(questions.slice(0, -1)),
  };
  const ended = await run("test/programs/14-conversations.ts", questions.slice(-1), {
    folder: worldOf("nasty"),
    env,
  });
  server.close();
  const ends = readReports(ended.stdout);
  const talk = (question: string) => ({
    requests: server.requests.filter((request) => questionOf(request) === question),
    end: End.optional().parse(ends.get(question)?.value),
  });
  return { ...ended, refusals: server.refusals, talk };
}

const overResponses = converse<ResponsesRequest, ItemsReply>("responses", {
  replies: ITEMS,
  questionOf: ({ input: [first] }) => {
    return first && "role" in first && typeof first.content === "string" ? first.content : "";
  },
  serve: serveResponses,
});

const overChat = converse<ToolChatRequest, ChatReply>("chat", {
  replies: MESSAGES,
  questionOf: ({ messages }) => messages[1]?.content ?? "",
  serve: serveChat,
});

/** The requests of the conversation over a question, and how it ended. */
async function talk(question: string) {
  return (await overResponses).talk(question);
}

/** The same over Chat Completions. */
async function chat(question: string) {
  return (await overChat).talk(question);
}

function user(content: string) {
  return { role: "user", content };
}
