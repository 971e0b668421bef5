// One loop over three providers: which of them are asked, what is sent to each, and what each reply means.
// One process (programs/16-conversations.ts) has all conversations, against three recorders that refuse
// what the real APIs refuse (support/providers.ts). Their replies are in the scripts below. For a
// question without a script, the offline model replies, which is tested in provider-wires.test.ts.
import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { complete } from "../scripts/serve.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import { readReports } from "./programs/report.ts";
import { ToolChatRequest } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
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
  serveApi,
  serveResponses,
} from "./support/responses.ts";
import { like } from "./support/worlds.ts";

const FILE = "chapters/16-providers/main.ts";

// The clients of this process ask the offline model, whatever keys its environment has.
const KEYS = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];
for (const name of [...KEYS, "PROVIDER"]) process.env[name] = "";
const { toolChoice } = await import("../chapters/16-providers/claude.ts");
const { callingMode, talkToGemini } = await import("../chapters/16-providers/gemini.ts");
const { gemini: geminiClient } = await import("../chapters/16-providers/clients.ts");

// ── The demo, and who is asked ───────────────────────────────────────────────────────────────────

test("the demo prints one transcript three times, and the one answer once", () => {
  const [question, transcripts = "", answer] = printed("16").split(/\n\n(?=openai:)|\nA:\n/);
  expect(question).toBe("Q: How is the weather in Beijing and LA?");
  const [, ...parts] = transcripts.split(/^(?:openai|claude|gemini):\n/m);
  const [first = ""] = parts;
  expect(parts.map((part) => part.trim())).toEqual(
    [first, first, first].map((part) => part.trim()),
  );
  const weather = "Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.";
  expect(first).toContain(`\n\n[Step 2] Agent: ${weather}\n`);
  expect(answer).toBe(`${weather}\n`);
});

test("providers with a key are asked, or all if there is no key; the models that answer are named", async () => {
  const gpt = "gpt-5.4-mini (https://api.openai.com/v1)";
  const claude = "claude-haiku-5-5 (claude)";
  const gemini = "gemini-3.8-flash (gemini)";
  expect(await choose({})).toEqual([["openai", "claude", "gemini"], [NOBODY]]);
  expect(await choose({ OPENAI_API_KEY: "a key" })).toEqual([["openai"], [gpt]]);
  const server = { OPENAI_BASE_URL: "http://127.0.0.1:2/v1", OPENAI_MODEL: "mine" };
  expect(await choose(server)).toEqual([["openai"], ["mine (http://127.0.0.1:2/v1)"]]);
  expect(await choose({ ANTHROPIC_API_KEY: "a key" })).toEqual([["claude"], [claude]]);
  expect(await choose({ GEMINI_API_KEY: "a key" })).toEqual([["gemini"], [gemini]]);
  const two = { GEMINI_API_KEY: "a key", ANTHROPIC_API_KEY: "a key" };
  expect(await choose(two)).toEqual([
    ["claude", "gemini"],
    [claude, gemini],
  ]);
});

test("PROVIDER names the one to ask, with its key or without, even if other keys are set", async () => {
  const others = { OPENAI_API_KEY: "a key", ANTHROPIC_API_KEY: "a key" };
  expect(await choose({ PROVIDER: "gemini" })).toEqual([["gemini"], [NOBODY]]);
  expect(await choose({ PROVIDER: "gemini", ...others })).toEqual([["gemini"], [NOBODY]]);
  const claude = ["claude-haiku-5-5 (claude)"];
  expect(await choose({ PROVIDER: "claude", ...others })).toEqual([["claude"], claude]);
  await expect(choose({ PROVIDER: "Claude", ...others })).rejects.toThrow(
    "expected openai, claude, gemini or nothing in PROVIDER, got Claude",
  );
});

test("each chosen provider replies in turn, OpenAI over Chat Completions if that is set, and a refusal ends the program with one line", async () => {
  const openai = await serveApi(ToolChatRequest.parse, (_request, _index, response) => {
    complete(response, { content: "I am OpenAI's." });
  });
  const claude = await serveMessages(() => ending.claude("refusal"));
  const env = {
    OPENAI_BASE_URL: openai.url,
    OPENAI_PROTOCOL: "chat",
    ANTHROPIC_API_KEY: "a key",
    ANTHROPIC_BASE_URL: claude.url,
  };
  const { code, stdout, stderr } = await run(FILE, ["Who?"], { env });
  for (const { close } of [openai, claude]) close();
  const transcript = "openai:\n[Step 1] Agent: I am OpenAI's.\n\nclaude:\n";
  expect(stdout).toBe(`Q: Who?\n\n${transcript}`);
  expect(stderr.split("\n")).toEqual([
    `model: gpt-5.4-mini (${openai.url})`,
    "model: claude-haiku-5-5 (claude)",
    "error: the reply is incomplete: refusal",
    "",
  ]);
  expect([openai.requests.length, claude.requests.length]).toEqual([1, 1]);
  expect([...openai.refusals, ...claude.refusals]).toEqual([]);
  expect(code).toBe(1);
});

// ── One conversation, three wires ────────────────────────────────────────────────────────────────

/** Two calls and a failure, and then an e-mail, which the offline model wants over each wire. */
const LETTER = "Get the weather in LA and Atlantis and send an summary email to me.";
const ATLANTIS = {
  class: "execution",
  code: "tool_error",
  message: "no station in Atlantis; known places: LA",
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

test("a conversation of calls, a failure and an e-mail has one transcript and one effect on each wire", async () => {
  const talks = [await openaiTalk(LETTER), await claudeTalk(LETTER), await geminiTalk(LETTER)];
  const [first] = talks;
  expect(talks.map((talk) => talk.printed)).toEqual(talks.map(() => first?.printed));
  expect(talks.map((talk) => talk.end)).toEqual(talks.map(() => first?.end));
  expect(first?.printed).toMatch(/^\[Step 1\] .*\[Step 2\] .*\[Step 3\] Agent: .*\n$/s);
  expect(first?.end).toEqual({
    answer: expect.stringMatching(/^Done! I've sent .* I couldn't get .* Atlantis: no station/),
  });
  expect(talks.map((talk) => talk.mailbox)).toEqual([[MAIL], [MAIL, MAIL], [MAIL, MAIL, MAIL]]);
});

test("on OpenAI's wire, calls are items, and each result is an item of its own", async () => {
  const { requests } = await openaiTalk(LETTER);
  const called = (id: string, name: string, args: object) => {
    return expect.objectContaining({ call_id: id, name, arguments: JSON.stringify(args) });
  };
  const output = (id: string, value: unknown) => {
    return { type: "function_call_output", call_id: id, output: JSON.stringify(value) };
  };
  const text = (text: string) =>
    expect.objectContaining({
      content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
    });
  expect(requests.at(-1)?.input).toEqual([
    { role: "user", content: LETTER },
    text(LOOKING),
    called("weather_la", "get_weather", PLACE),
    called("weather_atlantis", "get_weather", { location: "Atlantis" }),
    called("user_profile", "get_user_profile", {}),
    output("weather_la", "sunny, 20 degrees"),
    output("weather_atlantis", { error: ATLANTIS }),
    output("user_profile", JACK),
    text(SENDING),
    called("send_email", "send_email", MAIL),
    output("send_email", "message sent"),
  ]);
  expect(requests).toHaveLength(3);
});

test("on Claude's wire, calls are blocks, and all results of a reply go back in one user message", async () => {
  const { requests } = await claudeTalk(LETTER);
  const text = (text: string) => ({ type: "text", text });
  const use = (id: string, name: string, input: object) => ({ type: "tool_use", id, name, input });
  expect(requests.at(-1)?.messages).toEqual([
    { role: "user", content: LETTER },
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
        resultBlock("weather_la", "sunny, 20 degrees"),
        { ...resultBlock("weather_atlantis", { error: ATLANTIS }), is_error: true },
        resultBlock("user_profile", JACK),
      ],
    },
    { role: "assistant", content: [text(SENDING), use("send_email", "send_email", MAIL)] },
    { role: "user", content: [resultBlock("send_email", "message sent")] },
  ]);
  expect(requests).toHaveLength(3);
});

test("on Gemini's wire, calls are parts, and results go back by name, with the ids that were given [R11]", async () => {
  const { requests } = await geminiTalk(LETTER);
  expect(requests.at(-1)?.contents).toEqual([
    { role: "user", parts: [{ text: LETTER }] },
    {
      role: "model",
      parts: [
        { text: LOOKING },
        callPart("get_weather", PLACE, "weather_la"),
        callPart("get_weather", { location: "Atlantis" }, "weather_atlantis"),
        callPart("get_user_profile", {}, "user_profile"),
      ],
    },
    {
      role: "user",
      parts: [
        resultPart("get_weather", { output: "sunny, 20 degrees" }, "weather_la"),
        resultPart("get_weather", { error: ATLANTIS }, "weather_atlantis"),
        resultPart("get_user_profile", { output: JACK }, "user_profile"),
      ],
    },
    { role: "model", parts: [{ text: SENDING }, callPart("send_email", MAIL, "send_email")] },
    { role: "user", parts: [resultPart("send_email", { output: "message sent" }, "send_email")] },
  ]);
  expect(requests).toHaveLength(3);
});

test("no request of any conversation is one that its provider would refuse", async () => {
  const { openai, claude, gemini } = await ran;
  expect([openai.refusals, claude.refusals, gemini.refusals]).toEqual([[], [], []]);
});

test("a provider gets its own knobs, and no key of another provider or of the program", async () => {
  const [openai] = (await openaiTalk("everything")).requests;
  const { input: _, tools, ...rest } = openai ?? {};
  const prompt = expect.stringMatching(/^You are a helpful agent\. .*\.$/s);
  const names = ["get_weather", "get_user_profile", "send_email"];
  expect(rest).toEqual({ model: "gpt-5.4-mini", instructions: prompt, parallel_tool_calls: false });
  expect(tools?.map(({ name }) => name)).toEqual(names);

  const [claude] = (await claudeTalk("everything")).requests;
  const { messages: _m, tools: offers, ...others } = claude ?? {};
  expect(others).toEqual({
    model: "claude-haiku-5-5",
    max_tokens: 4096,
    system: prompt,
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
  });
  expect(offers?.map(({ name }) => name)).toEqual(names);

  const [gemini] = (await geminiTalk("everything")).requests;
  const { contents: _c, tools: declared, generationConfig, ...more } = gemini ?? {};
  expect(more).toEqual({
    systemInstruction: { role: "user", parts: [{ text: prompt }] },
    toolConfig: { functionCallingConfig: { mode: "AUTO" } },
  });
  expect(generationConfig).toEqual({});
  expect(declared?.[0].functionDeclarations.map(({ name }) => name)).toEqual(names);
});

test("a tool is the same JSON Schema on all wires", async () => {
  const parameters = {
    type: "object",
    properties: { location: { type: "string", description: "the city's name" } },
    required: ["location"],
    additionalProperties: false,
  };
  const [claude] = (await claudeTalk("nothing")).requests;
  const { $schema, ...schema } = claude?.tools[0]?.input_schema ?? {};
  expect(schema).toEqual(parameters);
  const [gemini] = (await geminiTalk("nothing")).requests;
  const declared = gemini?.tools[0].functionDeclarations[0]?.parametersJsonSchema;
  expect(declared).toEqual({ $schema, ...parameters });
  const [openai] = (await openaiTalk("everything")).requests;
  expect(openai?.tools[0]?.parameters).toEqual({ ...parameters, $schema: expect.any(String) });
});

// ── Claude ───────────────────────────────────────────────────────────────────────────────────────

test("disable_parallel_tool_use is merged into tool_choice, whose kind it keeps [G6]", () => {
  const tool = Object.freeze({ type: "tool", name: "get_weather" } as const);
  const any = Object.freeze({ type: "any", disable_parallel_tool_use: false } as const);
  const one = { disable_parallel_tool_use: true } as const;
  expect(toolChoice(one)).toEqual({ type: "auto", ...one });
  expect(toolChoice({ ...one, tool_choice: "auto" })).toEqual({ type: "auto", ...one });
  expect(toolChoice({ ...one, tool_choice: "any" })).toEqual({ type: "any", ...one });
  // Frozen objects: writing to the caller's object throws.
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
  expect(requests.map(({ messages }) => messages)).toEqual([
    [{ role: "user", content: "thoughtful" }],
    [
      { role: "user", content: "thoughtful" },
      { role: "assistant", content: THOUGHTFUL_BLOCKS },
      {
        role: "user",
        content: [
          resultBlock("toolu_2", "calm in b"),
          { ...resultBlock("toolu_1", { error: THROWN }), is_error: true },
          resultBlock("toolu_3", JACK),
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
  expect(asked?.content).toEqual(SETTLED_USES);
  const results = typeof answered?.content === "string" ? [] : (answered?.content ?? []);
  expect(results).toEqual(
    SETTLED_USES.map((use, index) => ({
      type: "tool_result",
      tool_use_id: "id" in use && use.id,
      content: expect.toSatisfy((text: string) => {
        expect(JSON.parse(text)).toEqual(outputs[index]);
        return true;
      }),
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

test("function_calling_mode is taken in upper or lower case, and any other word is left out with a warning [G7]", () => {
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
      `warning: expected AUTO, ANY or NONE in function_calling_mode, got "${mode}"`,
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
  const setting = { question: "Who are you?", prompt: "Be brief.", tools: [], config: {} };
  await talkToGemini(setting).ask();
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
          // Three calls of one name without ids: only their places tell them apart.
          resultPart("get_weather", { output: "calm in b" }),
          resultPart("get_weather", { error: THROWN }),
          resultPart("get_user_profile", { output: JACK }, "given"),
          resultPart("get_weather", { error: UNFIT }),
        ],
      },
    ],
  ]);
  expect(end).toEqual({ answer: "First,\nsecond." });
});

test("a call without an id gets one in the transcript, and thoughts are not printed", async () => {
  const { printed: transcript } = await geminiTalk("thoughtful");
  const [, results = ""] = /^Function call results: (\[.*?\n\])$/ms.exec(transcript) ?? [];
  expect(JSON.parse(results)).toEqual([
    { id: "call_2", result: "calm in b" },
    { id: "call_3", error: THROWN },
    { id: "given", result: JACK },
    { id: "call_5", error: UNFIT },
  ]);
  for (const text of [transcript, (await claudeTalk("thoughtful")).printed]) {
    expect(text).toMatch(/^\[Step 1\] Agent: I'll look\.\nThinking\.\.\.\n---/);
    expect(text).toMatch(/\n\n\[Step 2\] Agent: First,\n\[Step 2\] Agent: second\.\n$/);
  }
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
      return resultPart(name, response, isGiven(id) && id !== "" ? id : undefined);
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

// ── Bodies that are not replies, and ids that do not go back ─────────────────────────────────────

test("an id that Claude's API would refuse is replaced, in the call and in its result, and no other is", async () => {
  const { requests, end } = await claudeTalk("odd ids");
  const settled = [
    ...["toolu_1", "call_2", "call_3", "call_4", "call_5", "call_6", "call_7", "call_8", "call_1"],
  ];
  const [, asked, answered] = requests[1]?.messages ?? [];
  const blocks = [asked, answered].map((one) => (Array.isArray(one?.content) ? one.content : []));
  expect(blocks[0]?.map((block) => "id" in block && block.id)).toEqual(settled);
  expect(blocks[1]?.map((block) => "tool_use_id" in block && block.tool_use_id)).toEqual(settled);
  expect(end).toEqual({ answer: "done" });
});

test("an id that is made up for a call of Gemini's is not one that Gemini gives to another", async () => {
  const { printed: text, requests } = await geminiTalk("made up");
  expect(text.match(/(?<="id": ").*(?=")/g)).toEqual(["call_1", "call_0"]);
  const parts = requests[1]?.contents[2]?.parts ?? [];
  expect(parts.map((part) => "functionResponse" in part && part.functionResponse.id)).toEqual([
    undefined,
    "call_0",
  ]);
});

test("an error names a body that is not a reply of Claude or Gemini, and what was expected, after one request", async () => {
  const claude = [
    ...NO_BODIES.map((body) => [`body ${JSON.stringify(body)}`, "a message", body]),
    ...NO_BLOCKS.map((block) => [`block ${JSON.stringify(block)}`, "a block", block]),
  ] as const;
  expect(claude).toHaveLength(13);
  for (const [question, what, thing] of claude) {
    const { end, requests } = await claudeTalk(String(question));
    expect(end).toEqual({ error: `Error: expected ${what}, got ${JSON.stringify(thing)}` });
    expect(requests).toHaveLength(1);
  }
  for (const body of NO_BODIES) {
    const { end } = await geminiTalk(`body ${JSON.stringify(body)}`);
    expect(end).toEqual({
      error: `Error: expected a list of candidates, got ${JSON.stringify(body)}`,
    });
  }
  for (const part of NO_PARTS) {
    const { end } = await geminiTalk(`part ${JSON.stringify(part)}`);
    expect(end).toEqual({ error: `Error: expected a part, got ${JSON.stringify(part)}` });
  }
  const talks = [
    await claudeTalk("content null"),
    await claudeTalk("204"),
    await claudeTalk("a page"),
    await geminiTalk("candidate null"),
    await geminiTalk("parts null"),
    await geminiTalk("204"),
    await geminiTalk("a page"),
  ];
  expect(talks.map(({ end }) => "error" in end && end.error)).toEqual([
    'Error: expected a message, got {"stop_reason":"end_turn","content":null}',
    "Error: expected a message, got null",
    'Error: expected a message, got "<h1>Hello</h1>"',
    'Error: expected a list of candidates, got {"candidates":[null]}',
    'Error: expected parts in the reply, got {"parts":null}',
    'Error: expected a list of candidates, got ""',
    'Error: expected a list of candidates, got "<h1>Hello</h1>"',
  ]);
});

// ── The scripts: what each provider replies over a question ──────────────────────────────────────

const PLACE = { location: "LA" };
const FAILING = { location: "throws a string" };
const THROWN = { class: "execution", code: "tool_error", message: "a string" };
const UNFIT = {
  class: "invalid_request",
  code: "invalid_tool_args",
  message: expect.stringMatching(/^invalid arguments: .*received undefined/),
};

/** Knobs, by question. Those of "everything" are for any provider. */
const CONFIGS: Readonly<Record<string, object>> = {
  everything: {
    claude: { tool_choice: "auto", disable_parallel_tool_use: true },
    gemini: { function_calling_mode: "Auto" },
    parallel_tool_calls: false,
    concurrent_tool_execution: true,
    max_concurrent_tools: 4,
  },
  "one at most": { claude: { disable_parallel_tool_use: true } },
  "exactly one": { claude: { tool_choice: "any", disable_parallel_tool_use: true } },
  "not one": { claude: { tool_choice: "none" }, gemini: { function_calling_mode: "none" } },
  "at least one": { gemini: { function_calling_mode: "any" } },
  unknown: { gemini: { function_calling_mode: "sometimes" } },
  // Each lane may need a thread, and a thread takes longer to start than most calls take.
  nasty: { max_concurrent_tools: 2 },
};

/** A reply that ends for a reason of its own. */
const ending = {
  claude: (stop_reason: string): BlocksReply => {
    return (response) => respondMessage(response, [textBlock("The weather")], { stop_reason });
  },
  gemini: (finishReason: string): PartsReply => {
    return (response) => respondContent(response, [{ text: "The weather" }], { finishReason });
  },
};

function answerJson(body: object) {
  return (response: ServerResponse): void => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  };
}

/** The nasty batch, in which some ids are empty or the same. */
const NASTY_USES = callsOf(NASTY_REPLY).map(({ id, name, args }) => useBlock(id, name, args));

/** The ids that Claude's API takes back in their places. */
const SETTLED_USES = callsOf(NASTY_REPLY).map(({ id, name, args }, index, all) => {
  const first = all.findIndex((other) => other.id === id) === index;
  return useBlock(first && id !== "" ? id : `call_${index}`, name, args);
});

/** Ids that Claude's API would refuse, beside two that it takes. */
const ODD_IDS = [
  "toolu_1",
  "toolu_1",
  "",
  "functions.get_weather:0",
  "ü",
  7,
  undefined,
  null,
  "call_1",
];

/** Replies that none of the providers gives. */
const NO_BODIES = [null, 7, "text", [], { id: 7 }];
const NO_BLOCKS = [
  null,
  "text",
  {},
  { type: "text" },
  { type: "text", text: null },
  { type: "tool_use", id: "a", name: "get_weather" },
  { type: "tool_use", id: "a", name: "get_weather", input: "{}" },
  { type: "tool_use", id: "a", input: {} },
];
const NO_PARTS = [
  null,
  "text",
  { text: 7 },
  { functionCall: {} },
  { functionCall: { name: "get_weather", args: "{}" } },
  { functionCall: { id: 7, name: "get_weather" } },
];

/** The scripts of conversations that end with the first reply, named after what is odd in it. */
function ends(kind: string, things: readonly unknown[], reply: (thing: unknown) => unknown) {
  return Object.fromEntries(
    things.map((thing) => [
      `${kind} ${JSON.stringify(thing)}`,
      [
        (response: ServerResponse): void => {
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify(reply(thing)));
        },
      ],
    ]),
  );
}

function withStatus(status: number, body?: string) {
  return [(response: ServerResponse) => void response.writeHead(status).end(body)];
}

function isGiven(id: string): boolean {
  return !/^call_\d+$/.test(id);
}

/** The nasty batch with ids as Gemini's API may give them: some repeated, some empty, some not there. */
const NASTY_PARTS = callsOf(NASTY_REPLY).map(({ id, name, args }) => {
  return callPart(name, args, isGiven(id) ? id : undefined);
});

const THOUGHTFUL_BLOCKS = [
  { type: "thinking", thinking: "which tools", signature: "c2lnbmVk" },
  { type: "redacted_thinking", data: "ZW5jcnlwdGVk" },
  textBlock("I'll look."),
  useBlock("toolu_2", "get_weather", { location: "b" }),
  useBlock("toolu_1", "get_weather", FAILING),
  useBlock("toolu_3", "get_user_profile"),
] as const;

const THOUGHTFUL_PARTS = [
  { text: "which tools", thought: true },
  { text: "I'll look.", thoughtSignature: "dGV4dA==" },
  { ...callPart("get_weather", { location: "b" }), thoughtSignature: "c2lnbmVk" },
  callPart("get_weather", FAILING),
  callPart("get_user_profile", undefined, "given"),
  callPart("get_weather"),
] as const;

/** The replies to each question in order. The last one repeats. */
type Scripts<Reply> = Readonly<Record<string, readonly Reply[]>>;

const openaiScripts: Scripts<ItemsReply> = {
  everything: [[call("one", "get_weather", PLACE)], [message("done")]],
};

const doneBlocks = [textBlock("done")];
const claudeScripts: Scripts<BlocksReply> = {
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
  "odd ids": [
    (response) =>
      respondMessage(
        response,
        ODD_IDS.map((id) => Object({ ...useBlock("", "get_weather", PLACE), id })),
      ),
    doneBlocks,
  ],
  ...ends("body", NO_BODIES, (body) => body),
  ...ends("block", NO_BLOCKS, (block) => ({ stop_reason: "end_turn", content: [block] })),
  ...ends("content", [null], (content) => ({ stop_reason: "end_turn", content })),
  "204": withStatus(204),
  "a page": withStatus(200, "<h1>Hello</h1>"),
  "cut off": [ending.claude("max_tokens")],
  refused: [ending.claude("refusal")],
  paused: [ending.claude("pause_turn")],
};

const doneParts = [{ text: "done" }];
const geminiScripts: Scripts<PartsReply> = {
  everything: [[callPart("get_weather", PLACE)], doneParts],
  nothing: [doneParts],
  "at least one": [doneParts],
  "not one": [doneParts],
  unknown: [doneParts],
  thoughtful: [THOUGHTFUL_PARTS, [{ text: "First," }, { text: "second." }]],
  "two steps": [[callPart("get_weather", PLACE)], [callPart("get_weather", PLACE)], doneParts],
  nasty: [NASTY_PARTS, doneParts],
  "for ever": [[callPart("get_weather", PLACE)]],
  "made up": [
    [callPart("get_weather", PLACE), callPart("get_weather", PLACE, "call_0")],
    doneParts,
  ],
  ...ends("body", NO_BODIES, (body) => body),
  ...ends("part", NO_PARTS, (part) => ({
    candidates: [{ finishReason: "STOP", content: { role: "model", parts: [part] } }],
  })),
  ...ends("candidate", [null], (one) => ({ candidates: [one] })),
  ...ends("parts", [null], (parts) => ({
    candidates: [{ finishReason: "STOP", content: { parts } }],
  })),
  "204": withStatus(204),
  "a page": withStatus(200, "<h1>Hello</h1>"),
  "cut off": [ending.gemini("MAX_TOKENS")],
  "cut off in a call": [answerJson({ candidates: [{ finishReason: "MALFORMED_FUNCTION_CALL" }] })],
  blocked: [answerJson({ promptFeedback: { blockReason: "SAFETY" } })],
};

function resultBlock(tool_use_id: string, value: unknown) {
  return { type: "tool_result", tool_use_id, content: JSON.stringify(value) };
}

function resultPart(name: string, response: unknown, id?: string) {
  return { functionResponse: { ...(id !== undefined && { id }), name, response } };
}

// ── Who is asked: the choice alone ───────────────────────────────────────────────────────────────

const NOBODY =
  "offline (set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY to ask a real one)";

/** The providers to ask in an environment, and the models; modules read theirs when they are loaded. */
async function choose(env: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.resetModules();
  try {
    const { chooseProviders, nameModels } = await import("../chapters/16-providers/clients.ts");
    return [chooseProviders(), nameModels()];
  } finally {
    vi.unstubAllEnvs();
    // Another test file may import the same modules, and wants them with no such environment.
    vi.resetModules();
  }
}

// ── The process: a conversation over each script ─────────────────────────────────────────────────

const Report = z.strictObject({
  end: z.union([z.strictObject({ answer: z.string() }), z.strictObject({ error: z.string() })]),
  mailbox: z.array(z.object({ from: z.string(), to: z.string(), message: z.string() })),
});

/** Plays the script of each question, and asks the offline model where there is none. */
function play<Request, Reply>(
  scripts: Scripts<Reply>,
  questionOf: (request: Request) => string,
  path: string,
): (request: Request) => Reply | ((response: ServerResponse) => void) {
  const asked: string[] = [];
  return (request) => {
    const question = questionOf(request);
    const step = asked.filter((one) => one === question).length;
    asked.push(question);
    const script = scripts[question] ?? [];
    const reply = script[Math.min(step, script.length - 1)];
    return reply ?? ((response) => void forward(path, request, response));
  };
}

async function forward(path: string, request: unknown, response: ServerResponse): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(request);
  const answer = await fetch((await offline) + path, { method: "POST", headers, body });
  response.writeHead(answer.status, headers).end(await answer.text());
}
const offline = serveOfflineModel(0, false).then((url) => url.replace(/\/v1$/, ""));

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

async function converse() {
  const openai = await serveResponses(play(openaiScripts, openaiQuestion, "/v1/responses"));
  const claude = await serveMessages(play(claudeScripts, claudeQuestion, "/v1/messages"));
  const path = "/v1beta/models/any:generateContent";
  const gemini = await serveGenerate(play(geminiScripts, geminiQuestion, path));
  const scripts = { openai: openaiScripts, claude: claudeScripts, gemini: geminiScripts };
  const talks = Object.entries(scripts).flatMap(([provider, questions]) =>
    [LETTER, ...Object.keys(questions)].map((question) => {
      return [question, { provider, ...CONFIGS[question] }];
    }),
  );
  const env = {
    OPENAI_BASE_URL: openai.url,
    OPENAI_PROTOCOL: "responses",
    ANTHROPIC_API_KEY: "a key",
    ANTHROPIC_BASE_URL: claude.url,
    GEMINI_API_KEY: "a key",
    GOOGLE_GEMINI_BASE_URL: gemini.url,
    TALKS: JSON.stringify(talks),
  };
  const folder = copyBook({ "mock-tools/weather.ts": like("test/worlds/nasty-or-usual.ts") });
  const { stdout } = await run("test/programs/16-conversations.ts", [], { folder, env });
  for (const { close } of [openai, claude, gemini]) close();
  return { openai, claude, gemini, reports: readReports(stdout) };
}
const ran = converse();

/** A conversation: what the provider was asked, what was printed, and how it ended. */
async function talk<Request>(
  provider: string,
  question: string,
  requests: readonly Request[],
  questionOf: (request: Request) => string,
) {
  const { printed: text, value } = (await ran).reports.get(`${provider}: ${question}`) ?? {};
  const own = requests.filter((request) => questionOf(request) === question);
  return { printed: text ?? "", ...Report.parse(value), requests: own };
}

async function openaiTalk(question: string) {
  return talk("openai", question, (await ran).openai.requests, openaiQuestion);
}

async function claudeTalk(question: string) {
  return talk("claude", question, (await ran).claude.requests, claudeQuestion);
}

async function geminiTalk(question: string) {
  return talk("gemini", question, (await ran).gemini.requests, geminiQuestion);
}
