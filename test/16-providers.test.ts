import type { ServerResponse } from "node:http";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { type CallableTool, GoogleGenAI } from "@google/genai";
import { generateText, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { zodFunction } from "openai/helpers/zod";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { getUserProfile, getWeather, sendEmail } from "../mock-tools/tools.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import {
  type BlocksReply,
  callPart,
  callsOf,
  type GenerateRequest,
  type MessagesRequest,
  type PartsReply,
  respondContent,
  respondMessage,
  serveGenerate,
  serveMessages,
  textBlock,
  useBlock,
} from "./support/providers.ts";
import {
  call,
  type ItemsReply,
  message,
  outputsOf,
  type ResponsesRequest,
  serveResponses,
} from "./support/responses.ts";
import { run } from "../scripts/run.ts";

const FILE = "chapters/16-providers/main.ts";

// The clients of this process ask the offline model, whatever keys its environment has.
const KEYS = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];
for (const name of KEYS) process.env[name] = "";
process.env.OFFLINE_TOKENS_PER_SECOND = "100000";
const { talkToClaude, toolChoice } = await import("../chapters/16-providers/claude.ts");
const { callingMode, talkToGemini } = await import("../chapters/16-providers/gemini.ts");
const { gemini: geminiClient } = await import("../shared/providers.ts");
const offline = (await serveOfflineModel(0, false)).replace(/\/v1$/, "");

// ── Three scripted models: many conversations in one process ─────────────────────────────────────

const PLACE = { location: "LA" };
const FAILING = { location: "throws a string" };
const THROWN = { class: "execution", code: "tool_error", message: "a string" };
const UNFIT = {
  class: "invalid_request",
  code: "invalid_tool_args",
  message: expect.stringMatching(/^invalid arguments: .*received undefined/),
};

/** The nasty batch with ids as Claude's API gives and takes them: of its letters, and unique. */
const NASTY_USES = callsOf(NASTY_REPLY).map(({ id, name, args }, index, all) => {
  const first = all.findIndex((other) => other.id === id) === index;
  return useBlock(first && id !== "" ? id : `toolu_${index}`, name, args);
});

/** The nasty batch with ids as Gemini's API may give them: some repeated, some empty, some not there. */
const NASTY_PARTS = callsOf(NASTY_REPLY).map(({ id, name, args }) => {
  return callPart(name, args, /^call_\d+$/.test(id) ? undefined : id);
});

const openaiScripts: Readonly<Record<string, readonly ItemsReply[]>> = {
  everything: [[call("one", "get_weather", PLACE)], [message("done")]],
};

const THOUGHTFUL_BLOCKS = [
  { type: "thinking", thinking: "which tools", signature: "c2lnbmVk" },
  { type: "redacted_thinking", data: "ZW5jcnlwdGVk" },
  textBlock("I'll look."),
  useBlock("toolu_2", "get_weather", { location: "b" }),
  useBlock("toolu_1", "get_weather", FAILING),
  useBlock("toolu_3", "get_user_profile"),
] as const;
const doneBlocks = [textBlock("done")];

function odd(stop_reason: string): BlocksReply {
  return (response) => respondMessage(response, [textBlock("The weather")], { stop_reason });
}

const claudeScripts: Readonly<Record<string, readonly BlocksReply[]>> = {
  everything: [[useBlock("one", "get_weather", PLACE)], doneBlocks],
  nothing: [doneBlocks],
  "one at most": [doneBlocks],
  "exactly one": [doneBlocks],
  "not one": [doneBlocks],
  thoughtful: [THOUGHTFUL_BLOCKS, [textBlock("First,"), textBlock("second.")]],
  "two steps": [
    [useBlock("a", "get_weather", PLACE)],
    [useBlock("b", "get_weather", PLACE)],
    doneBlocks,
  ],
  nasty: [NASTY_USES, doneBlocks],
  "for ever": [[useBlock("again", "get_weather", PLACE)]],
  empty: [[]],
  "cut off": [odd("max_tokens")],
  refused: [odd("refusal")],
  paused: [odd("pause_turn")],
};

const THOUGHTFUL_PARTS = [
  { text: "which tools", thought: true },
  { text: "I'll look.", thoughtSignature: "dGV4dA==" },
  { ...callPart("get_weather", { location: "b" }), thoughtSignature: "c2lnbmVk" },
  callPart("get_weather", FAILING),
  callPart("get_user_profile", undefined, "given"),
  callPart("get_weather"),
] as const;
const doneParts = [{ text: "done" }];

function ending(finishReason: string): PartsReply {
  return (response) => respondContent(response, [{ text: "The weather" }], { finishReason });
}

function answerJson(body: object): PartsReply {
  return (response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  };
}

const geminiScripts: Readonly<Record<string, readonly PartsReply[]>> = {
  everything: [[callPart("get_weather", PLACE)], doneParts],
  nothing: [doneParts],
  "at least one": [doneParts],
  "not one": [doneParts],
  unknown: [doneParts],
  thoughtful: [THOUGHTFUL_PARTS, [{ text: "First," }, { text: "second." }]],
  "two steps": [[callPart("get_weather", PLACE)], [callPart("get_weather", PLACE)], doneParts],
  nasty: [NASTY_PARTS, doneParts],
  "for ever": [[callPart("get_weather", PLACE)]],
  "cut off": [ending("MAX_TOKENS")],
  "cut off in a call": [answerJson({ candidates: [{ finishReason: "MALFORMED_FUNCTION_CALL" }] })],
  blocked: [answerJson({ promptFeedback: { blockReason: "SAFETY" } })],
};

/** Every knob there is, for whichever provider. */
const EVERYTHING = {
  claude: { tool_choice: "auto", disable_parallel_tool_use: true },
  gemini: { function_calling_mode: "Auto" },
  parallel_tool_calls: false,
  concurrent_tool_execution: true,
  max_concurrent_tools: 4,
};
const CONFIGS: Readonly<Record<string, object>> = {
  everything: EVERYTHING,
  "one at most": { claude: { disable_parallel_tool_use: true } },
  "exactly one": { claude: { tool_choice: "any", disable_parallel_tool_use: true } },
  "not one": { claude: { tool_choice: "none" }, gemini: { function_calling_mode: "none" } },
  "at least one": { gemini: { function_calling_mode: "any" } },
  unknown: { gemini: { function_calling_mode: "sometimes" } },
};

/** Has all conversations, and prints how each ended, one a line. */
const PROGRAM = `
import { runAgent } from "./${FILE}";
for (const [provider, question, config] of JSON.parse(process.env.TALKS)) {
  const end = await runAgent(question, { provider, ...config }).then(
    (answer) => ({ answer }),
    (error) => ({ error: String(error) }),
  );
  console.log("END " + JSON.stringify([provider, question, end]));
}
process.exit();
`;

const End = z.tuple([
  z.string(),
  z.string(),
  z.union([z.strictObject({ answer: z.string() }), z.strictObject({ error: z.string() })]),
]);

function openaiQuestion({ input: [first] }: ResponsesRequest): string {
  return first && "role" in first && typeof first.content === "string" ? first.content : "";
}

function claudeQuestion({ messages: [first] }: MessagesRequest): string {
  return typeof first?.content === "string" ? first.content : "";
}

function geminiQuestion({ contents: [first] }: GenerateRequest): string {
  const [part] = first?.parts ?? [];
  return part && "text" in part ? part.text : "";
}

/** Plays the script of each question: its replies in order, the last one again and again. */
function play<Request, Reply>(
  scripts: Readonly<Record<string, readonly Reply[]>>,
  questionOf: (request: Request) => string,
  none: Reply,
): (request: Request) => Reply {
  const steps = new Map<string, number>();
  return (request) => {
    const question = questionOf(request);
    const step = steps.get(question) ?? 0;
    steps.set(question, step + 1);
    const script = scripts[question] ?? [];
    return script[Math.min(step, script.length - 1)] ?? none;
  };
}

type Servers = { readonly [Name in "openai" | "claude" | "gemini"]: { readonly url: string } };

/** The environment in which all three are asked, each at a server of its own. */
function environment({ openai, claude, gemini }: Servers) {
  return {
    OPENAI_BASE_URL: openai.url,
    ANTHROPIC_API_KEY: "a key",
    ANTHROPIC_BASE_URL: claude.url,
    ANTHROPIC_MODEL: "",
    GEMINI_API_KEY: "a key",
    GOOGLE_GEMINI_BASE_URL: gemini.url,
    GEMINI_MODEL: "",
  };
}

async function converse() {
  const openai = await serveResponses(play(openaiScripts, openaiQuestion, []));
  const claude = await serveMessages(play(claudeScripts, claudeQuestion, []));
  const gemini = await serveGenerate(play(geminiScripts, geminiQuestion, []));
  const scripts = { openai: openaiScripts, claude: claudeScripts, gemini: geminiScripts };
  const talks = Object.entries(scripts).flatMap(([provider, questions]) =>
    Object.keys(questions).map((question) => [provider, question, CONFIGS[question] ?? {}]),
  );
  const folder = copyBook({ "own.ts": PROGRAM, "mock-tools/weather.ts": NASTY_WEATHER });
  const env = { ...environment({ openai, claude, gemini }), TALKS: JSON.stringify(talks) };
  const { stdout } = await run("own.ts", [], { folder, env });
  for (const { close } of [openai, claude, gemini]) close();
  const ends = (stdout.match(/(?<=^END ).*$/gm) ?? []).map((line) => End.parse(JSON.parse(line)));
  const endOf = (provider: string, question: string) => {
    return ends.find(([who, asked]) => who === provider && asked === question)?.[2];
  };
  return { openai, claude, gemini, endOf, stdout };
}
const ran = converse();

async function claudeTalk(question: string) {
  const { claude, endOf } = await ran;
  const requests = claude.requests.filter((request) => claudeQuestion(request) === question);
  return { requests, end: endOf("claude", question) };
}

async function geminiTalk(question: string) {
  const { gemini, endOf } = await ran;
  const requests = gemini.requests.filter((request) => geminiQuestion(request) === question);
  return { requests, end: endOf("gemini", question) };
}

// ── The offline model behind three recorders: one conversation, three wires ──────────────────────

const QUESTION = "Get the weather in LA and Atlantis and send an summary email to me.";

async function forward(path: string, request: unknown, response: ServerResponse): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(offline + path, {
    method: "POST",
    headers,
    body: JSON.stringify(request),
  });
  response.writeHead(answer.status, headers).end(await answer.text());
}

async function record() {
  const openai = await serveResponses((request) => (response) => {
    void forward("/v1/responses", request, response);
  });
  const claude = await serveMessages((request) => (response) => {
    void forward("/v1/messages", request, response);
  });
  const gemini = await serveGenerate((request) => (response) => {
    void forward("/v1beta/models/any:generateContent", request, response);
  });
  const ended = await run(FILE, [QUESTION], { env: environment({ openai, claude, gemini }) });
  for (const { close } of [openai, claude, gemini]) close();
  return { openai, claude, gemini, ...ended };
}
const recorded = record();

/** The part of a transcript that each provider has. */
function split(stdout: string): Map<string | undefined, string | undefined> {
  const parts = stdout.matchAll(/^(openai|claude|gemini):\n(.*?)(?=^(?:claude|gemini):|\nA:\n)/gms);
  return new Map([...parts].map(([, name, text]) => [name, text?.trim()]));
}

const ANSWER = "Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.";

// ── The demo, and who is asked ───────────────────────────────────────────────────────────────────

test("the demo prints one transcript three times, and the one answer once", async () => {
  const { code, stdout, stderr } = await run(FILE);
  const parts = split(stdout);
  expect([...parts.keys()]).toEqual(["openai", "claude", "gemini"]);
  const [first] = parts.values();
  expect(first).toMatch(new RegExp(`\\n\\[Step 2\\] Agent: ${ANSWER}$`));
  expect([...parts.values()]).toEqual([first, first, first]);
  expect(stdout.split("\nA:\n")[1]).toBe(`${ANSWER}\n`);
  expect(stderr.split("\n").slice(1)).toEqual([""]);
  expect(code).toBe(0);
});

test("PROVIDER names the one to ask, with its key or without, whatever other keys there are", async () => {
  const env = { PROVIDER: "gemini", ANTHROPIC_API_KEY: "a key" };
  const { code, stdout } = await run(FILE, [], { env });
  expect([...split(stdout).keys()]).toEqual(["gemini"]);
  expect(stdout.endsWith(`\nA:\n${ANSWER}\n`)).toBe(true);
  expect(code).toBe(0);
});

test("a PROVIDER that nobody knows ends the program with one line", async () => {
  const { code, stdout, stderr } = await run(FILE, ["Who?"], { env: { PROVIDER: "Claude" } });
  expect(stdout).toBe("Q: Who?\n\n");
  expect(stderr.split("\n").slice(1)).toEqual([
    "error: expected openai, claude, gemini or nothing in PROVIDER, got Claude",
    "",
  ]);
  expect(code).toBe(1);
});

test("with OpenAI's address alone, OpenAI alone is asked", async () => {
  const server = await serveResponses([[message("I am OpenAI's.")]]);
  const env = { OPENAI_BASE_URL: server.url };
  const { stdout } = await run(FILE, ["Who?"], { env });
  server.close();
  expect(split(stdout)).toEqual(new Map([["openai", "[Step 1] Agent: I am OpenAI's."]]));
  expect(server.requests).toHaveLength(1);
});

test("with Claude's key alone, Claude alone is asked, and its refusal ends the program with one line", async () => {
  const server = await serveMessages(() => odd("refusal"));
  const env = { ANTHROPIC_API_KEY: "a key", ANTHROPIC_BASE_URL: server.url };
  const { code, stdout, stderr } = await run(FILE, ["Who?"], { env });
  server.close();
  expect(stdout).toBe("Q: Who?\n\nclaude:\n");
  expect(stderr.split("\n").slice(1)).toEqual([
    "model: claude-haiku-5-5 (claude)",
    "error: the reply is incomplete: refusal",
    "",
  ]);
  expect([code, server.requests.length]).toEqual([1, 1]);
});

test("with Gemini's key alone, Gemini alone is asked, and a cut reply ends the program with one line", async () => {
  const server = await serveGenerate(() => ending("MAX_TOKENS"));
  const env = { GEMINI_API_KEY: "a key", GOOGLE_GEMINI_BASE_URL: server.url };
  const { code, stdout, stderr } = await run(FILE, ["Who?"], { env });
  server.close();
  expect(stdout).toBe("Q: Who?\n\ngemini:\n");
  expect(stderr.split("\n").slice(1)).toEqual([
    "model: gemini-3.8-flash (gemini)",
    "error: the reply is incomplete: MAX_TOKENS",
    "",
  ]);
  expect([code, server.requests.length]).toEqual([1, 1]);
});

// ── One conversation, three wires ────────────────────────────────────────────────────────────────

const ATLANTIS = {
  class: "execution",
  code: "tool_error",
  message: expect.stringMatching(/^no station in Atlantis; /),
};
const JACK = { name: "Jack", email: "jack@example.com" };
const MAIL = {
  from: "weather-bot@example.com",
  to: "jack@example.com",
  message: "Weather summary: LA is sunny at 20 degrees.",
};
const [LOOKING, SENDING] = [
  "I'll get the weather and your profile first.",
  "Now I'll send you the summary email.",
];

function json(value: unknown) {
  return expect.toSatisfy((text: string) => {
    expect(JSON.parse(text)).toEqual(value);
    return true;
  });
}

test("a conversation of calls, a failure and an e-mail has one transcript and one effect on each wire", async () => {
  const { stdout, code } = await recorded;
  const [first] = split(stdout).values();
  expect([...split(stdout).values()]).toEqual([first, first, first]);
  expect(first).toMatch(
    /\[Step 3\] Agent: Done! I've sent .* I couldn't get .* Atlantis: no station/,
  );
  expect(JSON.parse(stdout.split("\nMail box:\n")[1] ?? "")).toEqual([MAIL, MAIL, MAIL]);
  expect(code).toBe(0);
});

test("on OpenAI's wire, calls are items, and each result is an item of its own", async () => {
  const { requests, refusals } = (await recorded).openai;
  const call = (id: string, name: string, args: object) => {
    return expect.objectContaining({ call_id: id, name, arguments: JSON.stringify(args) });
  };
  const output = (id: string, value: unknown) => {
    return { type: "function_call_output", call_id: id, output: json(value) };
  };
  const text = (text: string) =>
    expect.objectContaining({ content: [{ type: "output_text", text, annotations: [] }] });
  expect(requests.at(-1)?.input).toEqual([
    { role: "user", content: QUESTION },
    text(LOOKING),
    call("weather_la", "get_weather", PLACE),
    call("weather_atlantis", "get_weather", { location: "Atlantis" }),
    call("user_profile", "get_user_profile", {}),
    output("weather_la", "sunny, 20 degrees"),
    output("weather_atlantis", { error: ATLANTIS }),
    output("user_profile", JACK),
    text(SENDING),
    call("send_email", "send_email", MAIL),
    output("send_email", "message sent"),
  ]);
  expect([requests.length, refusals]).toEqual([3, []]);
});

test("on Claude's wire, calls are blocks, and all results of a reply go back in one user message", async () => {
  const { requests, refusals } = (await recorded).claude;
  const text = (text: string) => ({ type: "text", text });
  const use = (id: string, name: string, input: object) => ({ type: "tool_use", id, name, input });
  const result = (tool_use_id: string, value: unknown) => {
    return { type: "tool_result", tool_use_id, content: json(value) };
  };
  expect(requests.at(-1)?.messages).toEqual([
    { role: "user", content: QUESTION },
    {
      role: "assistant",
      content: [
        text(LOOKING),
        use("weather_la", "get_weather", PLACE),
        use("weather_atlantis", "get_weather", { location: "Atlantis" }),
        use("user_profile", "get_user_profile", {}),
      ],
    },
    {
      role: "user",
      content: [
        result("weather_la", "sunny, 20 degrees"),
        { ...result("weather_atlantis", { error: ATLANTIS }), is_error: true },
        result("user_profile", JACK),
      ],
    },
    { role: "assistant", content: [text(SENDING), use("send_email", "send_email", MAIL)] },
    { role: "user", content: [result("send_email", "message sent")] },
  ]);
  expect([requests.length, refusals]).toEqual([3, []]);
});

test("on Gemini's wire, calls are parts, and results go back by name, with the ids that were given", async () => {
  const { requests, refusals } = (await recorded).gemini;
  const calling = (id: string, name: string, args: object) => ({
    functionCall: { id, name, args },
  });
  const responding = (id: string, name: string, response: object) => {
    return { functionResponse: { id, name, response } };
  };
  expect(requests.at(-1)?.contents).toEqual([
    { role: "user", parts: [{ text: QUESTION }] },
    {
      role: "model",
      parts: [
        { text: LOOKING },
        calling("weather_la", "get_weather", PLACE),
        calling("weather_atlantis", "get_weather", { location: "Atlantis" }),
        calling("user_profile", "get_user_profile", {}),
      ],
    },
    {
      role: "user",
      parts: [
        responding("weather_la", "get_weather", { output: "sunny, 20 degrees" }),
        responding("weather_atlantis", "get_weather", { error: ATLANTIS }),
        responding("user_profile", "get_user_profile", { output: JACK }),
      ],
    },
    { role: "model", parts: [{ text: SENDING }, calling("send_email", "send_email", MAIL)] },
    { role: "user", parts: [responding("send_email", "send_email", { output: "message sent" })] },
  ]);
  expect([requests.length, refusals]).toEqual([3, []]);
});

test("no request of any conversation is one that its provider would refuse", async () => {
  const { openai, claude, gemini } = await ran;
  expect([openai.refusals, claude.refusals, gemini.refusals]).toEqual([[], [], []]);
});

test("a provider gets its own knobs, and no key of another provider or of the program", async () => {
  const { openai } = await ran;
  const { input: _, tools, ...rest } = openai.requests[0] ?? {};
  const prompt = expect.stringMatching(/^You are a helpful agent\. .*\.$/s);
  const names = ["get_weather", "get_user_profile", "send_email"];
  expect(rest).toEqual({ model: "gpt-5.4-mini", instructions: prompt, parallel_tool_calls: false });
  expect(tools?.map(({ name }) => name)).toEqual(names);

  const [asked] = (await claudeTalk("everything")).requests;
  const { messages: _m, tools: offers, ...others } = asked ?? {};
  expect(others).toEqual({
    model: "claude-haiku-5-5",
    max_tokens: 4096,
    system: prompt,
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
  });
  expect(offers?.map(({ name }) => name)).toEqual(names);

  const [request] = (await geminiTalk("everything")).requests;
  const { contents: _c, tools: declared, generationConfig, ...more } = request ?? {};
  expect(more).toEqual({
    systemInstruction: { role: "user", parts: [{ text: prompt }] },
    toolConfig: { functionCallingConfig: { mode: "AUTO" } },
  });
  expect(generationConfig).toEqual({});
  expect(declared?.[0].functionDeclarations.map(({ name }) => name)).toEqual(names);
});

test("a tool is the same JSON Schema on all wires", async () => {
  const { requests } = await claudeTalk("nothing");
  const parameters = {
    type: "object",
    properties: { location: { type: "string", description: "the city's name" } },
    required: ["location"],
    additionalProperties: false,
  };
  const { $schema, ...schema } = requests[0]?.tools[0]?.input_schema ?? {};
  expect(schema).toEqual(parameters);
  const [declared] = (await geminiTalk("nothing")).requests[0]?.tools ?? [];
  expect(declared?.functionDeclarations[0]?.parametersJsonSchema).toEqual({
    $schema,
    ...parameters,
  });
  const strict = (await ran).openai.requests[0]?.tools[0]?.parameters;
  expect(strict).toEqual({ ...parameters, $schema: expect.any(String) });
});

// ── Claude ───────────────────────────────────────────────────────────────────────────────────────

test("disable_parallel_tool_use is merged into tool_choice, whose kind it keeps", () => {
  const tool = Object.freeze({ type: "tool", name: "get_weather" } as const);
  const any = Object.freeze({ type: "any", disable_parallel_tool_use: false } as const);
  const one = { disable_parallel_tool_use: true } as const;
  expect(toolChoice(one)).toEqual({ type: "auto", ...one });
  expect(toolChoice({ ...one, tool_choice: "auto" })).toEqual({ type: "auto", ...one });
  expect(toolChoice({ ...one, tool_choice: "any" })).toEqual({ type: "any", ...one });
  // Frozen objects: whoever writes to the caller's throws.
  expect(toolChoice({ ...one, tool_choice: tool })).toEqual({ ...tool, ...one });
  expect(toolChoice({ ...one, tool_choice: any })).toEqual({ type: "any", ...one });
});

test("without disable_parallel_tool_use nothing is added, and without either there is nothing", () => {
  const tool = { type: "tool", name: "get_weather" } as const;
  const many = { disable_parallel_tool_use: false } as const;
  expect(toolChoice()).toBeUndefined();
  expect(toolChoice({})).toBeUndefined();
  expect(toolChoice(many)).toBeUndefined();
  expect(toolChoice({ tool_choice: "any" })).toEqual({ type: "any" });
  expect(toolChoice({ ...many, tool_choice: "auto" })).toEqual({ type: "auto" });
  expect(toolChoice({ ...many, tool_choice: tool })).toEqual(tool);
});

test("where no tool may be used, there is nothing to disable", () => {
  const one = { disable_parallel_tool_use: true } as const;
  expect(toolChoice({ ...one, tool_choice: "none" })).toEqual({ type: "none" });
  expect(toolChoice({ ...one, tool_choice: { type: "none" } })).toEqual({ type: "none" });
});

test("Claude's knobs travel in tool_choice and nowhere else, and unset they do not travel", async () => {
  const questions = ["nothing", "one at most", "exactly one", "not one"];
  const talks = await Promise.all(questions.map(claudeTalk));
  const choices = talks.map(({ requests }) => requests.map((request) => request.tool_choice));
  expect(choices).toEqual([
    [undefined],
    [{ type: "auto", disable_parallel_tool_use: true }],
    [{ type: "any", disable_parallel_tool_use: true }],
    [{ type: "none" }],
  ]);
  const keys = talks.map(({ requests: [request] }) => Object.keys(request ?? {}).toSorted());
  const always = ["max_tokens", "messages", "model", "system", "tools"];
  const all = [...always, "tool_choice"].toSorted();
  expect(keys).toEqual([always, all, all, all]);
});

test("Claude's thinking goes back untouched, then the results in one message, in the order asked", async () => {
  const { requests, end } = await claudeTalk("thoughtful");
  const result = (tool_use_id: string, value: unknown) => {
    return { type: "tool_result", tool_use_id, content: JSON.stringify(value) };
  };
  expect(requests.map(({ messages }) => messages)).toEqual([
    [{ role: "user", content: "thoughtful" }],
    [
      { role: "user", content: "thoughtful" },
      { role: "assistant", content: THOUGHTFUL_BLOCKS },
      {
        role: "user",
        content: [
          result("toolu_2", "calm in b"),
          { ...result("toolu_1", { error: THROWN }), is_error: true },
          result("toolu_3", JACK),
        ],
      },
    ],
  ]);
  expect(end).toEqual({ answer: "First,\nsecond." });
});

test("Claude's nasty batch gets one result per call, and those that failed say so", async () => {
  const { requests, end } = await claudeTalk("nasty");
  const outputs = outputsOf(NASTY_RESULTS).map(({ output }) => output);
  const [, asked, answered] = requests[1]?.messages ?? [];
  expect(asked?.content).toEqual(NASTY_USES);
  const results = typeof answered?.content === "string" ? [] : (answered?.content ?? []);
  expect(results).toEqual(
    NASTY_USES.map((use, index) => ({
      type: "tool_result",
      tool_use_id: "id" in use && use.id,
      content: json(outputs[index]),
      ...(Object.hasOwn(NASTY_RESULTS[index] ?? {}, "error") && { is_error: true }),
    })),
  );
  expect(end).toEqual({ answer: "done" });
});

test("each of Claude's steps adds two messages and changes none; at the step limit there is an end", async () => {
  const { requests, end } = await claudeTalk("two steps");
  const all = requests.map(({ messages }) => messages);
  expect(all.map(({ length }) => length)).toEqual([1, 3, 5]);
  expect(all[2]?.slice(0, 3)).toEqual(all[1]);
  expect(end).toEqual({ answer: "done" });
  const endless = await claudeTalk("for ever");
  expect(endless.end).toEqual({ error: "Error: Max step reached: no answer after 10 steps" });
  expect(endless.requests).toHaveLength(10);
});

test("Claude's reply is an answer only if it came to its end", async () => {
  const talks = await Promise.all(["empty", "cut off", "refused", "paused"].map(claudeTalk));
  expect(talks.map(({ end }) => end)).toEqual([
    { answer: "" },
    { error: "Error: the reply is incomplete: max_tokens" },
    { error: "Error: the reply is incomplete: refusal" },
    { error: "Error: the reply is incomplete: pause_turn" },
  ]);
  expect(talks.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1]);
});

// ── Gemini ───────────────────────────────────────────────────────────────────────────────────────

test("function_calling_mode is taken in any case, and one that is none of the three is warned of and left out", () => {
  const warn = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const modes = ["AUTO", "auto", "Any", "nOnE"].map((mode) => {
    return callingMode({ function_calling_mode: mode });
  });
  expect(modes).toEqual(["AUTO", "AUTO", "ANY", "NONE"]);
  expect([callingMode(), callingMode({})]).toEqual([undefined, undefined]);
  expect(warn.mock.calls).toEqual([]);
  const wrong = ["sometimes", "", " any", "MODE_UNSPECIFIED", "toString"];
  expect(wrong.map((mode) => callingMode({ function_calling_mode: mode }))).toEqual(
    wrong.map(() => undefined),
  );
  expect(warn.mock.calls).toEqual(
    wrong.map((mode) => [
      `warning: expected AUTO, ANY or NONE in function_calling_mode, got ${mode}`,
    ]),
  );
  warn.mockRestore();
});

test("Gemini's mode travels in toolConfig and nowhere else; unset or unknown it does not travel", async () => {
  const questions = ["nothing", "unknown", "at least one", "not one"];
  const talks = await Promise.all(questions.map(geminiTalk));
  const sent = talks.map(({ requests }) => requests.map((request) => request.toolConfig));
  const mode = (mode: string) => ({ functionCallingConfig: { mode } });
  expect(sent).toEqual([[undefined], [undefined], [mode("ANY")], [mode("NONE")]]);
  const keys = talks.map(({ requests: [request] }) => Object.keys(request ?? {}).toSorted());
  const always = ["contents", "generationConfig", "systemInstruction", "tools"];
  const all = [...always, "toolConfig"].toSorted();
  expect(keys).toEqual([always, always, all, all]);
});

test("Gemini's SDK is told not to run functions by itself", async () => {
  const spy = vi.spyOn(geminiClient.models, "generateContent");
  await talkToGemini({
    question: "Who are you?",
    prompt: "Be brief.",
    tools: [],
    config: {},
  }).ask();
  const told = spy.mock.calls.map(([{ config }]) => config?.automaticFunctionCalling);
  spy.mockRestore();
  expect(told).toEqual([{ disable: true }]);
});

test("Gemini's thought signatures go back untouched, then the results by name, in the order asked", async () => {
  const { requests, end } = await geminiTalk("thoughtful");
  expect(requests.map(({ contents }) => contents)).toEqual([
    [{ role: "user", parts: [{ text: "thoughtful" }] }],
    [
      { role: "user", parts: [{ text: "thoughtful" }] },
      { role: "model", parts: THOUGHTFUL_PARTS },
      {
        role: "user",
        parts: [
          // Two calls of one name, and no ids: their places are all that tells them apart.
          { functionResponse: { name: "get_weather", response: { output: "calm in b" } } },
          { functionResponse: { name: "get_weather", response: { error: THROWN } } },
          {
            functionResponse: { id: "given", name: "get_user_profile", response: { output: JACK } },
          },
          { functionResponse: { name: "get_weather", response: { error: UNFIT } } },
        ],
      },
    ],
  ]);
  expect(end).toEqual({ answer: "First,\nsecond." });
});

test("a call without an id gets one for the transcript, and thoughts are not printed", async () => {
  const { stdout } = await ran;
  const [, ids] =
    /Agent: I'll look\.\nThinking\.\.\.\n-+\nFunction call results: (\[.*?\n\])\n-+\n\n\[Step 2\] Agent: First,\n\[Step 2\] Agent: second\.\nEND \["gemini"/s.exec(
      stdout.slice(stdout.indexOf('END ["gemini","not one"')),
    ) ?? [];
  expect(JSON.parse(ids ?? "[]")).toEqual([
    { id: "call_2", result: "calm in b" },
    { id: "call_3", error: THROWN },
    { id: "given", result: JACK },
    { id: "call_5", error: UNFIT },
  ]);
  expect(stdout).not.toContain("which tools");
});

test("Gemini's nasty batch gets one response per call, named and placed like its call", async () => {
  const { requests, end } = await geminiTalk("nasty");
  const outputs = outputsOf(NASTY_RESULTS).map(({ output }) => output);
  const [, asked, answered] = requests[1]?.contents ?? [];
  expect(asked?.parts).toEqual(NASTY_PARTS);
  expect(answered?.parts).toEqual(
    callsOf(NASTY_REPLY).map(({ id, name }, index) => {
      const failed = Object.hasOwn(NASTY_RESULTS[index] ?? {}, "error");
      const response = failed ? outputs[index] : { output: outputs[index] };
      const given = id !== "" && !/^call_\d+$/.test(id);
      return { functionResponse: { ...(given && { id }), name, response } };
    }),
  );
  expect(end).toEqual({ answer: "done" });
});

test("each of Gemini's steps adds two contents and changes none; at the step limit there is an end", async () => {
  const { requests, end } = await geminiTalk("two steps");
  const all = requests.map(({ contents }) => contents);
  expect(all.map(({ length }) => length)).toEqual([1, 3, 5]);
  expect(all[2]?.slice(0, 3)).toEqual(all[1]);
  expect(end).toEqual({ answer: "done" });
  const endless = await geminiTalk("for ever");
  expect(endless.end).toEqual({ error: "Error: Max step reached: no answer after 10 steps" });
  expect(endless.requests).toHaveLength(10);
});

test("Gemini's reply is an answer only if it came to its end", async () => {
  const talks = await Promise.all(["cut off", "cut off in a call", "blocked"].map(geminiTalk));
  expect(talks.map(({ end }) => end)).toEqual([
    { error: "Error: the reply is incomplete: MAX_TOKENS" },
    { error: "Error: the reply is incomplete: MALFORMED_FUNCTION_CALL" },
    { error: "Error: the reply is incomplete: SAFETY" },
  ]);
  expect(talks.map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
});

// ── The offline model, asked by others ───────────────────────────────────────────────────────────

const TOOLS = [getWeather, getUserProfile, sendEmail];
const LETTER = "Get the weather in Beijing and LA and send an summary email to me.";

/** Tools without the book's own code around them, and a log of their calls. */
function toolbox() {
  const log: string[] = [];
  const results = new Map<string, unknown>([
    ['get_weather {"location":"Beijing"}', "cloudy, 5 degrees"],
    ['get_weather {"location":"LA"}', "sunny, 20 degrees"],
    ["get_user_profile {}", JACK],
  ]);
  const use = (name: string, args: object): unknown => {
    const line = `${name} ${JSON.stringify(args)}`;
    log.push(line);
    return results.get(line) ?? "message sent";
  };
  return { log, use };
}
type Use = ReturnType<typeof toolbox>["use"];

/** The tools as the AI SDK wants them. */
function vercelTools(use: Use) {
  const tools = TOOLS.map(({ name, description, parameters }) => {
    const execute = async (args: object) => use(name, args);
    return [name, tool({ description, inputSchema: parameters, execute })] as const;
  });
  return Object.fromEntries(tools);
}

/** The loops that the SDKs bring along, each with the tools as it wants them. */
const LOOPS: Readonly<Record<string, (use: Use) => Promise<string | null | undefined>>> = {
  "OpenAI's runTools": async (use) => {
    const client = new OpenAI({ apiKey: "none", baseURL: `${offline}/v1` });
    const tools = TOOLS.map(({ name, description, parameters }) => {
      const run = (args: object) => String(JSON.stringify(use(name, args)));
      return zodFunction({ name, description, parameters, function: run });
    });
    const messages = [{ role: "user", content: LETTER } as const];
    return client.chat.completions.runTools({ model: "any", messages, tools }).finalContent();
  },
  "Anthropic's toolRunner": async (use) => {
    const client = new Anthropic({ apiKey: "none", baseURL: offline });
    const tools = TOOLS.map(({ name, description, parameters }) => {
      const run = (args: object) => String(JSON.stringify(use(name, args)));
      return betaZodTool({ name, description, inputSchema: parameters, run });
    });
    const messages = [{ role: "user", content: LETTER } as const];
    const request = { model: "any", max_tokens: 99, messages, tools };
    const { content } = await client.beta.messages.toolRunner(request);
    return content.map((block) => (block.type === "text" ? block.text : block.type)).join();
  },
  "Google's automatic function calling": async (use) => {
    const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: offline } });
    const functionDeclarations = TOOLS.map(({ name, description, parameters }) => {
      return { name, description, parametersJsonSchema: z.toJSONSchema(parameters) };
    });
    const tool: CallableTool = {
      tool: async () => ({ functionDeclarations }),
      // As the SDK's own tools do, by name and without ids.
      callTool: async (calls) =>
        calls.map(({ name = "", args = {} }) => {
          return { functionResponse: { name, response: { output: use(name, args) } } };
        }),
    };
    const request = { model: "any", contents: LETTER, config: { tools: [tool] } };
    return (await client.models.generateContent(request)).text;
  },
  "the AI SDK's generateText, over Chat Completions,": async (use) => {
    const model = createOpenAICompatible({ name: "offline", baseURL: `${offline}/v1` })("any");
    const stopWhen = stepCountIs(5);
    return (await generateText({ model, tools: vercelTools(use), prompt: LETTER, stopWhen })).text;
  },
  "the AI SDK's streamText, over the Responses API,": async (use) => {
    const model = createOpenAI({ apiKey: "none", baseURL: `${offline}/v1` })("any");
    const stopWhen = stepCountIs(5);
    return streamText({ model, tools: vercelTools(use), prompt: LETTER, stopWhen }).text;
  },
};

test.each(Object.entries(LOOPS))(
  "%s has a whole conversation with the offline model",
  async (_, converse) => {
    const { log, use } = toolbox();
    expect(await converse(use)).toBe("Done! I've sent the weather summary to your email.");
    expect(log).toEqual([
      'get_weather {"location":"Beijing"}',
      'get_weather {"location":"LA"}',
      "get_user_profile {}",
      `send_email ${JSON.stringify({
        from: "weather-bot@example.com",
        to: "jack@example.com",
        message: "Weather summary: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.",
      })}`,
    ]);
  },
);

const TWO = "How is the weather in LA and Lima?";
const one = { disable_parallel_tool_use: true } as const;

const talks = { claude: talkToClaude, gemini: talkToGemini };

test.each([
  ["claude", {}, TWO, 2],
  ["claude", { claude: one }, TWO, 1],
  ["claude", { claude: { ...one, tool_choice: "any" } }, TWO, 1],
  ["claude", { claude: { tool_choice: "any" } }, "Who are you?", 1],
  ["claude", { claude: { ...one, tool_choice: "none" } }, TWO, 0],
  ["gemini", {}, TWO, 2],
  ["gemini", { gemini: { function_calling_mode: "any" } }, "Who are you?", 1],
  ["gemini", { gemini: { function_calling_mode: "none" } }, TWO, 0],
] as const)(
  "%s: with %j, the offline model's reply to %j has so many calls: %i",
  async (name, config, question, count) => {
    const outputs = await talks[name]({
      question,
      prompt: "Be brief.",
      tools: TOOLS,
      config,
    }).ask();
    expect(outputs.filter(({ type }) => type === "function_call")).toHaveLength(count);
  },
);

test("Claude's offline stand-in wants all results at the beginning of one message, and a reminder after them", async () => {
  const client = new Anthropic({ apiKey: "none", baseURL: offline });
  const tools = TOOLS.map(({ name }) => ({ name, input_schema: { type: "object" } as const }));
  const places = ["LA", "Lima"];
  const calls = places.map((location): Anthropic.ContentBlockParam => {
    return { type: "tool_use", id: location, name: "get_weather", input: { location } };
  });
  const [la, lima] = places.map((id): Anthropic.ContentBlockParam[] => {
    return [{ type: "tool_result", tool_use_id: id, content: `calm, ${id.length} degrees` }];
  });
  const text = "How is the weather in Paris? No, stay with the question.";
  const reminder: Anthropic.ContentBlockParam[] = [{ type: "text", text }];
  const ask = async (...answers: (Anthropic.ContentBlockParam[] | undefined)[][]) => {
    const messages: Anthropic.MessageParam[] = [
      { role: "user", content: TWO },
      { role: "assistant", content: calls },
      ...answers.map((blocks) => {
        return { role: "user", content: blocks.flatMap((block) => block ?? []) } as const;
      }),
    ];
    return client.messages.create({ model: "any", max_tokens: 99, tools, messages }).then(
      ({ content }) => content.map((block) => (block.type === "text" ? block.text : block.type)),
      (error: unknown) => String(error),
    );
  };
  const weather = ["Here's the weather: LA is calm at 2 degrees, Lima is calm at 4 degrees."];
  expect(await ask([la, lima])).toEqual(weather);
  expect(await ask([la, lima, reminder])).toEqual(weather);
  const missing = (ids: string) =>
    expect.stringContaining(
      `messages.1: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. `,
    );
  expect(await ask([reminder, la, lima])).toEqual(missing("LA, Lima"));
  expect(await ask([la], [lima])).toEqual(missing("Lima"));
  expect(await ask([lima])).toEqual(missing("LA"));
  expect(await ask()).toEqual(missing("LA, Lima"));
});

test("Gemini's offline stand-in pairs results with calls by id, or by name and place", async () => {
  const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: offline } });
  const functionDeclarations = TOOLS.map(({ name }) => ({ name }));
  const ask = async (answers: readonly (readonly [place: string, id?: string])[]) => {
    const calls = ["LA", "Lima"].map((location) => {
      const id = answers.find(([place]) => place === location)?.[1];
      return { functionCall: { ...(id && { id }), name: "get_weather", args: { location } } };
    });
    const results = answers.map(([place, id]) => {
      const response = { output: `calm, ${place.length} degrees` };
      return { functionResponse: { ...(id && { id }), name: "get_weather", response } };
    });
    const contents = [
      { role: "user", parts: [{ text: TWO }] },
      { role: "model", parts: calls },
      { role: "user", parts: results },
    ];
    const config = { tools: [{ functionDeclarations }] };
    return (await client.models.generateContent({ model: "any", contents, config })).text;
  };
  const weather = "Here's the weather: LA is calm at 2 degrees, Lima is calm at 4 degrees.";
  const swapped = "Here's the weather: LA is calm at 4 degrees, Lima is calm at 2 degrees.";
  expect(await ask([["LA"], ["Lima"]])).toBe(weather);
  expect(await ask([["Lima"], ["LA"]])).toBe(swapped);
  expect(
    await ask([
      ["LA", "one"],
      ["Lima", "two"],
    ]),
  ).toBe(weather);
  expect(
    await ask([
      ["Lima", "two"],
      ["LA", "one"],
    ]),
  ).toBe(weather);
});

// ── The recorders themselves ─────────────────────────────────────────────────────────────────────

async function post(url: string, body: object): Promise<boolean> {
  return (await fetch(url, { method: "POST", body: JSON.stringify(body) })).ok;
}

test("the recorder of Messages refuses what the real API refuses", async () => {
  const server = await serveMessages(() => doneBlocks);
  const parameters = { type: "object", properties: {}, additionalProperties: false };
  const tool = { name: "get_weather", description: "", input_schema: parameters };
  const say = async (messages: readonly object[], others: object = {}): Promise<string> => {
    const body = {
      model: "any",
      max_tokens: 1,
      system: "none",
      messages,
      tools: [tool],
      ...others,
    };
    return (await post(server.url, body)) ? "fine" : (server.refusals.at(-1) ?? "");
  };
  const user = (...content: object[]) => ({ role: "user", content });
  const question = { role: "user", content: "?" };
  const text = { type: "text", text: "remember" };
  const use = (...ids: string[]) => ({
    role: "assistant",
    content: ids.map((id) => useBlock(id, "get_weather")),
  });
  const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "null" });
  expect(await say([question])).toBe("fine");
  expect(await say([question, use("a", "b"), user(result("b"), result("a"), text)])).toBe("fine");
  const without = (ids: string) =>
    `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}`;
  expect(await say([question, use("a")])).toBe(without("a"));
  expect(await say([question, use("a", "b"), user(result("a"))])).toBe(without("b"));
  expect(await say([question, use("a", "b"), user(result("a")), user(result("b"))])).toBe(
    without("b"),
  );
  expect(await say([question, use("a"), question, user(result("a"))])).toBe(without("a"));
  expect(await say([question, use("a"), user(text, result("a"))])).toMatch(/^Messages following/);
  expect(await say([question, user(result("a"))])).toMatch(/^unexpected `tool_use_id`.*: a$/);
  expect(await say([question, use("a"), user(result("a"), result("b"))])).toMatch(/: b$/);
  expect(await say([question, use("a"), user(result("a"), result("a"))])).toMatch(/single result/);
  expect(await say([question, use("a", "a"), user(result("a"))])).toMatch(/must be unique/);
  expect(await say([use("a"), user(result("a"))])).toMatch(/first message/);
  expect(await say([question, use("a b"), user(result("a b"))])).toMatch(/content/);
  expect(await say([question], { disable_parallel_tool_use: true })).toMatch(/disable_parallel/);
  expect(await say([question], { max_concurrent_tools: 4 })).toMatch(/max_concurrent_tools/);
  const none = { type: "none", disable_parallel_tool_use: true };
  expect(await say([question], { tool_choice: none })).toMatch(/disable_parallel/);
  expect(await say([question], { tool_choice: "auto" })).toMatch(/tool_choice/);
  const loose = { ...parameters, properties: { location: { type: "string" } } };
  expect(await say([question], { tools: [{ ...tool, input_schema: loose }] })).toMatch(/Invalid/);
  server.close();
});

test("the recorder of generateContent refuses what the real API refuses", async () => {
  const server = await serveGenerate(() => doneParts);
  const parametersJsonSchema = { type: "object", properties: {}, additionalProperties: false };
  const declared = { name: "get_weather", description: "", parametersJsonSchema };
  const say = async (contents: readonly object[], others: object = {}): Promise<string> => {
    const body = {
      contents,
      systemInstruction: { role: "user", parts: [{ text: "none" }] },
      tools: [{ functionDeclarations: [declared] }],
      ...others,
    };
    return (await post(server.url, body)) ? "fine" : (server.refusals.at(-1) ?? "");
  };
  const user = (...parts: object[]) => ({ role: "user", parts });
  const model = (...parts: object[]) => ({ role: "model", parts });
  const question = user({ text: "?" });
  const result = (name: string, id?: string) => {
    return { functionResponse: { ...(id && { id }), name, response: { output: null } } };
  };
  const [a, b] = [callPart("a"), callPart("b", {}, "id")];
  const number = /^Please ensure that the number of function response parts/;
  expect(await say([question])).toBe("fine");
  expect(
    await say([question, model(a, a, b), user(result("a"), result("a"), result("b", "id"))]),
  ).toBe("fine");
  expect(await say([question, model(a)])).toMatch(number);
  expect(await say([question, model(a, a), user(result("a"))])).toMatch(number);
  expect(await say([question, model(a, a), user(result("a")), user(result("a"))])).toMatch(number);
  expect(await say([question, user(result("a"))])).toMatch(number);
  expect(await say([question, model(a), user(result("b"))])).toBe("expected a, got b");
  expect(await say([question, model(b), user(result("b"))])).toBe("expected b id, got b");
  expect(await say([question, model(a), user(result("a", "call_0"))])).toBe(
    "expected a, got a call_0",
  );
  expect(await say([question, model(a, b), user(result("b", "id"), result("a"))])).toMatch(
    /^expected a,b id,/,
  );
  expect(await say([model(a), user(result("a"))])).toMatch(/first content/);
  const bare = { functionResponse: { name: "a", response: "calm" } };
  expect(await say([question, model(a), user(bare)])).toMatch(/contents/);
  expect(await say([question], { function_calling_mode: "ANY" })).toMatch(/function_calling_mode/);
  const toolConfig = { functionCallingConfig: { mode: "any" } };
  expect(await say([question], { toolConfig })).toMatch(/mode/);
  const loose = { ...parametersJsonSchema, properties: { location: { type: "string" } } };
  const tools = [{ functionDeclarations: [{ ...declared, parametersJsonSchema: loose }] }];
  expect(await say([question], { tools })).toMatch(/Invalid/);
  server.close();
});
