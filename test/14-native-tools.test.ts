import { expect, test } from "vitest";
import { z } from "zod";
import { copyBook } from "../scripts/copy.ts";
import { type ChatCall, checkAnswered, ToolChatRequest } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
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
  runResponses,
  serveApi,
  serveResponses,
} from "./support/responses.ts";
import { run } from "../scripts/run.ts";
import { complete } from "../scripts/serve.ts";

const FILE = "chapters/14-native-tools/main.ts";
const CHAT = "chapters/14-native-tools/chat-completions.ts";

// ── Both protocols: many conversations in one process ────────────────────────────────────────────

/** Has a conversation over each question, and prints how it ended, one a line. */
function program(file: string): string {
  return `
import { parallelRunner, runAgent } from "./${file}";
for (const question of JSON.parse(process.env.QUESTIONS)) {
  const end = await runAgent(question, parallelRunner()).then(
    (answer) => ({ answer }),
    (error) => ({ error: String(error) }),
  );
  console.log("END " + JSON.stringify([question, end]));
}
process.exit();
`;
}

const End = z.tuple([
  z.string(),
  z.union([z.object({ answer: z.string() }), z.object({ error: z.string() })]),
]);

type Conversation<Request> = {
  readonly requests: readonly Request[];
  readonly end: z.infer<typeof End>[1] | undefined;
};

/** Plays a script for each question: the replies in order, the last one again and again. */
async function converse<Request, Reply>(
  file: string,
  scripts: Readonly<Record<string, readonly Reply[]>>,
  serve: (script: (request: Request) => Reply | undefined) => Promise<Api<Request>>,
  questionOf: (request: Request) => string,
): Promise<{ talks: Map<string, Conversation<Request>>; refusals: string[]; stdout: string }> {
  const steps = new Map<string, number>();
  const server = await serve((request) => {
    const question = questionOf(request);
    const step = steps.get(question) ?? 0;
    steps.set(question, step + 1);
    const script = scripts[question] ?? [];
    return script[Math.min(step, script.length - 1)];
  });
  const folder = copyBook({ "own.ts": program(file), "mock-tools/weather.ts": NASTY_WEATHER });
  const env = { OPENAI_BASE_URL: server.url, QUESTIONS: JSON.stringify(Object.keys(scripts)) };
  const { stdout } = await run("own.ts", [], { folder, env });
  server.close();
  const ends = (stdout.match(/(?<=^END ).*$/gm) ?? []).map((line) => End.parse(JSON.parse(line)));
  const talks = Object.keys(scripts).map((question) => {
    const requests = server.requests.filter((request) => questionOf(request) === question);
    const [, end] = ends.find(([asked]) => asked === question) ?? [];
    return [question, { requests, end }] as const;
  });
  return { talks: new Map(talks), refusals: server.refusals, stdout };
}

const PLACE = { location: "LA" };
const FORTY = "call_".padEnd(40, "x");
const UNKNOWN = {
  class: "unavailable",
  code: "tool_unavailable",
  message: "unknown tool teleport; there are get_weather, get_user_profile, send_email",
};

/** Calls that are broken in the ways that a real model breaks them, between two that are not. */
const BROKEN: readonly (readonly [Item, unknown])[] = [
  [call("first", "get_weather", PLACE), "calm in LA"],
  [call("broken", "get_weather", '{"location":"L'), unfit("SyntaxError")],
  [call("empty", "get_weather", ""), unfit("SyntaxError")],
  [
    call("coded_twice", "get_weather", JSON.stringify('{"location":"LA"}')),
    unfit("expected object"),
  ],
  [call("unknown", "teleport", PLACE), { error: UNKNOWN }],
  [call(FORTY, "get_weather", PLACE), "calm in LA"],
];

function unfit(words: string) {
  const message = expect.stringMatching(new RegExp(`^invalid arguments: .*${words}`));
  return { error: { class: "invalid_request", code: "invalid_tool_args", message } };
}

// ── The Responses API ────────────────────────────────────────────────────────────────────────────

function questionOf({ input: [first] }: ResponsesRequest): string {
  return first && "role" in first && typeof first.content === "string" ? first.content : "";
}

const THOUGHTFUL = [
  reasoning("which tools"),
  message("I'll look."),
  call("one", "get_weather", { location: "a" }),
  reasoning("one more"),
  call("two", "get_weather", { location: "b" }),
  message("That's all."),
];
const done = [message("done")];

/** A reply of items that the scripts' own kinds do not cover. */
function odd(output: readonly object[], others: object = {}): ItemsReply {
  return (response) => respond(response, output, others);
}

const REFUSAL = {
  ...message(),
  content: [{ type: "refusal", refusal: "I can't help with that." }],
};
const CUT = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
const FAILED = { status: "failed", error: { code: "server_error", message: "out of order" } };

const scripts: Readonly<Record<string, readonly ItemsReply[]>> = {
  nasty: [itemsOf(NASTY_REPLY), done],
  broken: [BROKEN.map(([item]) => item), done],
  thoughtful: [THOUGHTFUL, [reasoning("enough"), message("First,", "second,"), message("third.")]],
  "two steps": [[call("one", "get_weather", PLACE)], [call("two", "get_weather", PLACE)], done],
  nothing: [[]],
  "for ever": [[call("again", "get_weather", PLACE)]],
  refused: [odd([REFUSAL])],
  failed: [odd([], FAILED)],
  "cut off": [odd([message("The weather in LA is")], CUT)],
  "cut off in a call": [odd([call("cut", "get_weather", '{"loc')], CUT)],
  "no output": [
    (response) => response.setHeader("content-type", "application/json").end('{"id":7}'),
  ],
  "an item of the future": [odd([{ type: "hologram" }])],
};
const ran = converse<ResponsesRequest, ItemsReply>(
  FILE,
  scripts,
  (script) => serveResponses((request) => script(request) ?? []),
  questionOf,
);

async function talk(question: string): Promise<Conversation<ResponsesRequest>> {
  const { talks } = await ran;
  return talks.get(question) ?? { requests: [], end: undefined };
}

function user(content: string) {
  return { role: "user", content };
}

test("the demo prints what chapter 07 prints, byte for byte, over either protocol", async () => {
  const [old, responses, chat] = await Promise.all(
    ["chapters/07-tool-runners/main.ts", FILE, CHAT].map((file) => run(file)),
  );
  expect(old?.stdout).toContain("Peak of the parallel runner: 4");
  expect(responses).toEqual(old);
  expect(chat).toEqual(old);
});

test("a request has a model, instructions, the input and strict tools, and nothing else", async () => {
  const { requests } = await talk("thoughtful");
  const { tools, ...rest } = requests[0] ?? { tools: [] };
  expect(rest).toEqual({
    model: "gpt-5.4-mini",
    instructions: expect.stringMatching(/^You are a helpful agent\. .*\.$/s),
    input: [user("thoughtful")],
  });
  expect(tools.map(({ name }) => name)).toEqual(["get_weather", "get_user_profile", "send_email"]);
  expect(tools[0]).toEqual({
    type: "function",
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
  });
});

test("all items go back in their places, reasoning too, and then one output per call, in call order", async () => {
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

test("each step adds to the input and changes nothing in it", async () => {
  const { requests, end } = await talk("two steps");
  const inputs = requests.map(({ input }) => input);
  expect(inputs.map(({ length }) => length)).toEqual([1, 3, 5]);
  expect(inputs[2]?.slice(0, 3)).toEqual(inputs[1]);
  expect(end).toEqual({ answer: "done" });
});

test("the nasty batch goes back as it came, and each call gets one output that says how it ended", async () => {
  const { requests, end } = await talk("nasty");
  const items = itemsOf(NASTY_REPLY);
  expect(requests[1]?.input.slice(0, 1 + items.length)).toEqual([user("nasty"), ...items]);
  expect(lastOutputs(requests)).toEqual(outputsOf(NASTY_RESULTS));
  expect(end).toEqual({ answer: "done" });
});

test("a call with broken arguments or without a tool gets an output that says so, under its own id", async () => {
  const { requests } = await talk("broken");
  expect(lastOutputs(requests)).toEqual(
    BROKEN.map(([item, output]) => ({ id: "call_id" in item && item.call_id, output })),
  );
});

test("the texts of a reply are its answer, whatever messages and parts they come in", async () => {
  expect((await talk("thoughtful")).end).toEqual({ answer: "First,\nsecond,\nthird." });
  expect((await talk("nothing")).end).toEqual({ answer: "" });
});

test("a reply that calls again and again ends at the step limit, with every call answered", async () => {
  const { requests, end } = await talk("for ever");
  expect(requests).toHaveLength(10);
  expect(end).toEqual({ error: "Error: Max step reached: no answer after 10 steps" });
});

test("a refusal, a failure, a cut reply and one that is none are errors, and nothing is run for them", async () => {
  const ends = await Promise.all(
    ["refused", "failed", "cut off", "cut off in a call", "no output", "an item of the future"].map(
      talk,
    ),
  );
  expect(ends.map(({ end }) => end)).toEqual([
    { error: "Error: the model refuses: I can't help with that." },
    { error: "Error: the model fails: out of order" },
    { error: "Error: the reply is incomplete: max_output_tokens" },
    { error: "Error: the reply is incomplete: max_output_tokens" },
    { error: 'Error: expected a response, got {"id":7}' },
    { error: "TypeError: Unsupported response item type: hologram" },
  ]);
  expect(ends.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1, 1, 1]);
});

test("no request of any conversation is one that a real API would refuse", async () => {
  expect((await ran).refusals).toEqual([]);
  expect((await spoken).refusals).toEqual([]);
});

test("a failed response ends the program with one line", async () => {
  const { code, stdout, stderr } = await runResponses(FILE, [odd([], FAILED)]);
  expect(stdout).toBe("Q: a question\n\n");
  expect(stderr.split("\n").slice(1)).toEqual(["error: the model fails: out of order", ""]);
  expect(code).toBe(1);
});

// ── Chat Completions ─────────────────────────────────────────────────────────────────────────────

function readChat(body: unknown): ToolChatRequest {
  const request = ToolChatRequest.parse(body);
  checkAnswered(request.messages);
  return request;
}

function chatCall(item: Item): ChatCall[] {
  if (item.type !== "function_call") return [];
  const { call_id: id, name, arguments: args } = item;
  return [{ type: "function", id, function: { name, arguments: args } }];
}

type ChatReply = { readonly message: object; readonly choice?: object };

const NASTY_CALLS = itemsOf(NASTY_REPLY).flatMap(chatCall);
const TWO = [
  call("one", "get_weather", { location: "a" }),
  call("two", "get_weather", { location: "b" }),
].flatMap(chatCall);
const end: ChatReply = { message: { content: "done" } };

const chats: Readonly<Record<string, readonly ChatReply[]>> = {
  nasty: [{ message: { tool_calls: NASTY_CALLS } }, end],
  broken: [{ message: { tool_calls: BROKEN.flatMap(([item]) => chatCall(item)) } }, end],
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
  nothing: [{ message: { content: "", tool_calls: [] } }],
  "for ever": [{ message: { tool_calls: TWO } }],
  refused: [{ message: { refusal: "I can't help with that." } }],
  "cut off": [{ message: { content: "The weather in" }, choice: { finish_reason: "length" } }],
  filtered: [{ message: { tool_calls: TWO }, choice: { finish_reason: "content_filter" } }],
  "no message": [{ message: {}, choice: { message: undefined } }],
};
const spoken = converse<ToolChatRequest, ChatReply>(
  CHAT,
  chats,
  (script) => {
    return serveApi(readChat, (request, _, response) => {
      const { message, choice } = script(request) ?? end;
      complete(response, message, choice);
    });
  },
  ({ messages }) => messages[1]?.content ?? "",
);

async function chat(question: string): Promise<Conversation<ToolChatRequest>> {
  const { talks } = await spoken;
  return talks.get(question) ?? { requests: [], end: undefined };
}

function resultsIn(requests: readonly ToolChatRequest[]) {
  return (requests.at(-1)?.messages ?? []).flatMap((one) => {
    if (!("tool_call_id" in one)) return [];
    const output: unknown = JSON.parse(one.content);
    return [{ id: one.tool_call_id, output }];
  });
}

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

test("over Chat Completions, a request has a model, messages and strict tools, and nothing else", async () => {
  const { requests } = await chat("adorned");
  const { tools, ...rest } = requests[0] ?? { tools: [] };
  expect(rest).toEqual({
    model: "gpt-5.4-mini",
    messages: [
      { role: "system", content: expect.stringMatching(/^You are a helpful agent\. .*\.$/s) },
      user("adorned"),
    ],
  });
  const names = tools.map((tool) => tool.function.name);
  expect(names).toEqual(["get_weather", "get_user_profile", "send_email"]);
});

test("over Chat Completions, the nasty batch and broken calls are answered like anywhere", async () => {
  const { requests, end } = await chat("nasty");
  expect(requests[1]?.messages[2]).toEqual({
    role: "assistant",
    content: null,
    tool_calls: NASTY_CALLS,
  });
  expect(resultsIn(requests)).toEqual(outputsOf(NASTY_RESULTS));
  expect(end).toEqual({ answer: "done" });
  const broken = await chat("broken");
  expect(resultsIn(broken.requests).map(({ output }) => output)).toEqual(
    BROKEN.map(([, output]) => output),
  );
});

test("over Chat Completions, what is no answer is an error, and no calls are no list of calls", async () => {
  const questions = ["nothing", "for ever", "refused", "cut off", "filtered", "no message"];
  const talks = await Promise.all(questions.map(chat));
  expect(talks.map(({ end }) => end)).toEqual([
    { answer: "" },
    { error: "Error: Max step reached: no answer after 10 steps" },
    { error: "Error: the model refuses: I can't help with that." },
    { error: "Error: the reply is incomplete: length" },
    { error: "Error: the reply is incomplete: content_filter" },
    { error: expect.stringMatching(/^Error: expected a chat completion, got \{/) },
  ]);
  expect(talks.map(({ requests }) => requests.length)).toEqual([1, 10, 1, 1, 1, 1]);
});

// ── The scripted server itself ───────────────────────────────────────────────────────────────────

test("the scripted server refuses what a real API refuses", async () => {
  const server = await serveResponses([done]);
  const one = call("one", "get_weather", PLACE);
  const output = { type: "function_call_output", call_id: "one", output: "null" };
  const tool = {
    type: "function",
    name: "get_weather",
    description: "",
    strict: true,
    parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
  };
  const loose = { ...tool.parameters, properties: { location: { type: "string" } } };
  const say = async (input: readonly object[], others: object = {}): Promise<string> => {
    const body = { model: "any", instructions: "none", input, tools: [tool], ...others };
    const response = await fetch(server.url, { method: "POST", body: JSON.stringify(body) });
    return response.ok ? "fine" : (server.refusals.at(-1) ?? "");
  };
  const unanswered = "No tool output found for function call one.";
  const unasked = "No tool call found for function call output with call_id one.";
  expect(await say([user("?"), one, output])).toBe("fine");
  expect(await say([user("?"), one, one, output, output])).toBe("fine");
  expect(await say([user("?"), one])).toBe(unanswered);
  expect(await say([user("?"), one, one, output])).toBe(unanswered);
  expect(await say([user("?"), output, one])).toBe(unasked);
  expect(await say([user("?"), one, output, output])).toBe(unasked);
  expect(await say([user("?"), { ...one, parsed_arguments: {} }, output])).toMatch(
    /parsed_arguments/,
  );
  expect(await say([user("?"), call("x".repeat(41), "get_weather")])).toMatch(/<=40 characters/);
  expect(await say([user("?")], { max_concurrent_tools: 4 })).toMatch(/max_concurrent_tools/);
  expect(await say([user("?")], { tools: [{ ...tool, run: "local" }] })).toMatch(/run/);
  expect(await say([user("?")], { tools: [{ ...tool, parameters: loose }] })).toMatch(/Invalid/);
  server.close();
});
