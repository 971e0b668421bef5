import OpenAI from "openai";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";

const TOOLS: OpenAI.ChatCompletionTool[] = ["get_weather", "get_user_profile", "send_email"].map(
  (name) => ({
    type: "function",
    function: { name, parameters: { type: "object", properties: {} } },
  }),
);
const QUESTION = "How is the weather in Los Angeles, São Paulo and 北京?";

let client: OpenAI;
beforeAll(async () => {
  client = new OpenAI({ apiKey: "none", baseURL: await serveOfflineModel(0, false) });
});

async function ask(request: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) {
  const completion = await client.chat.completions.create({
    model: "offline",
    messages: [{ role: "user", content: QUESTION }],
    ...request,
  });
  return completion.choices[0];
}

test("plain requests get plain text", async () => {
  const choice = await ask({ messages: [{ role: "user", content: "Who are you?" }] });
  expect(choice?.message.content).toMatch(/^I am the offline model/);
  expect(choice?.finish_reason).toBe("stop");
});

test("native tools get native calls, with readable ids that the API would accept", async () => {
  const choice = await ask({ tools: TOOLS });
  const calls = choice?.message.tool_calls?.filter((call) => call.type === "function");
  expect(choice?.finish_reason).toBe("tool_calls");
  expect(calls?.map(({ id }) => id)).toEqual([
    "weather_los_angeles",
    "weather_sao_paulo",
    "weather",
  ]);
  expect(calls?.map((call) => JSON.parse(call.function.arguments))).toEqual([
    { location: "Los Angeles" },
    { location: "São Paulo" },
    { location: "北京" },
  ]);
});

test("ids are unique within a reply and at most 40 characters long", async () => {
  const long = "a".repeat(60);
  const content = `How is the weather in ${long}b, ${long}c, 北京 and 東京?`;
  const choice = await ask({ tools: TOOLS, messages: [{ role: "user", content }] });
  const ids = choice?.message.tool_calls?.map(({ id }) => id) ?? [];
  expect(new Set(ids).size).toBe(4);
  expect(Math.max(...ids.map(({ length }) => length))).toBeLessThanOrEqual(40);
});

test("parallel_tool_calls: false gets one call a reply, and results move it on", async () => {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: QUESTION }];
  const asked: (string | undefined)[] = [];
  for (let step = 0; step < 3; step++) {
    const choice = await ask({ tools: TOOLS, parallel_tool_calls: false, messages });
    const [call, ...more] = choice?.message.tool_calls ?? [];
    expect(more).toEqual([]);
    if (!choice || !call) break;
    asked.push(call.id);
    messages.push(choice.message, {
      role: "tool",
      tool_call_id: call.id,
      content: "calm, 1 degrees",
    });
  }
  expect(asked).toEqual(["weather_los_angeles", "weather_sao_paulo", "weather"]);
  const last = await ask({ tools: TOOLS, messages });
  expect(last?.message.content).toBe(
    "Here's the weather: Los Angeles is calm at 1 degrees, São Paulo is calm at 1 degrees, 北京 is calm at 1 degrees.",
  );
});

test("only the last question counts, not the results from before it", async () => {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "user", content: "How is the weather in LA?" },
    { role: "assistant", content: "Sunny." },
    { role: "user", content: "And how is the weather in Lima?" },
  ];
  const choice = await ask({ tools: TOOLS, messages });
  expect(choice?.message.tool_calls?.map(({ id }) => id)).toEqual(["weather_lima"]);
});

test("the same conversation always gets the same reply", async () => {
  const [one, two] = [await ask({ tools: TOOLS }), await ask({ tools: TOOLS })];
  expect(one?.message).toEqual(two?.message);
});

test("it speaks the Responses API too", async () => {
  const response = await client.responses.create({
    model: "offline",
    input: "How is the weather in Paris?",
    tools: [
      {
        type: "function",
        name: "get_weather",
        strict: false,
        parameters: { type: "object", properties: {} },
      },
    ],
  });
  const call = response.output.find((item) => item.type === "function_call");
  expect(call).toMatchObject({ call_id: "weather_paris", arguments: '{"location":"Paris"}' });
});

test("in the Responses API, where each call is an item of its own, every output is found", async () => {
  const call = (city: string) => ({
    type: "function_call" as const,
    call_id: city,
    name: "get_weather",
    arguments: JSON.stringify({ location: city }),
  });
  const output = (city: string, text: string) => ({
    type: "function_call_output" as const,
    call_id: city,
    output: text,
  });
  const response = await client.responses.create({
    model: "offline",
    input: [
      { role: "user", content: "How is the weather in Lima and LA?" },
      call("Lima"),
      call("LA"),
      output("Lima", "windy, 3 degrees"),
      output("LA", "calm, 4 degrees"),
    ],
    tools: [{ type: "function", name: "get_weather", strict: false, parameters: {} }],
  });
  expect(response.output_text).toBe(
    "Here's the weather: Lima is windy at 3 degrees, LA is calm at 4 degrees.",
  );
});

test("it says how the calls are to run if the reply has a place for that", async () => {
  const schema = { type: "object", properties: { mode: {}, outputs: {} } };
  const choice = await ask({
    messages: [{ role: "user", content: "Who are you?" }],
    response_format: { type: "json_schema", json_schema: { name: "reply", schema } },
  });
  expect(JSON.parse(choice?.message.content ?? "")).toEqual({
    mode: "parallel",
    outputs: [{ type: "message", text: expect.any(String) }],
  });
});

test("a latency that is not a number is refused", async () => {
  process.env.OFFLINE_LATENCY_MS = "soon";
  const served = serveOfflineModel(0, false);
  delete process.env.OFFLINE_LATENCY_MS;
  await expect(served).rejects.toThrow("expected a whole number in OFFLINE_LATENCY_MS, got soon");
});

/** How many calls a reply holds when the question needs two. */
async function countCalls(path: string, body: object): Promise<number> {
  const url = client.baseURL.replace("/v1", path);
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  // The Responses API repeats the tools of the request in its reply.
  const { tools: _, ...reply } = z.looseObject({}).parse(await response.json());
  return JSON.stringify(reply).match(/"get_weather"/g)?.length ?? 0;
}

const TWO = "How is the weather in LA and Lima?";
const TOOL = { name: "get_weather", parameters: { type: "object", properties: {} } };
const WIRES = {
  responses: (knobs: object, question: string) => {
    const tools = [{ type: "function", ...TOOL }];
    return countCalls("/v1/responses", { model: "x", input: question, tools, ...knobs });
  },
  claude: (knobs: object, question: string) => {
    const messages = [{ role: "user", content: question }];
    const tools = [{ name: TOOL.name, input_schema: TOOL.parameters }];
    return countCalls("/v1/messages", { model: "x", max_tokens: 99, messages, tools, ...knobs });
  },
  gemini: (knobs: object, question: string) => {
    const contents = [{ role: "user", parts: [{ text: question }] }];
    const body = { contents, tools: [{ functionDeclarations: [TOOL] }], ...knobs };
    return countCalls("/v1beta/models/x:generateContent", body);
  },
};

test.each([
  ["responses", {}, 2],
  ["responses", { parallel_tool_calls: false }, 1],
  ["responses", { tool_choice: "none" }, 0],
  ["claude", {}, 2],
  ["claude", { tool_choice: { type: "auto", disable_parallel_tool_use: true } }, 1],
  ["claude", { tool_choice: { type: "none" } }, 0],
  ["gemini", {}, 2],
  ["gemini", { toolConfig: { functionCallingConfig: { mode: "NONE" } } }, 0],
] as const)("on the wire of %s it obeys %j", async (wire, knobs, calls) => {
  expect(await WIRES[wire](knobs, TWO)).toBe(calls);
});

test.each([
  ["responses", { tool_choice: "required" }],
  ["claude", { tool_choice: { type: "any" } }],
  ["gemini", { toolConfig: { functionCallingConfig: { mode: "ANY" } } }],
] as const)("on the wire of %s it makes a call if it must: %j", async (wire, knobs) => {
  expect(await WIRES[wire]({}, "Who are you?")).toBe(0);
  expect(await WIRES[wire](knobs, "Who are you?")).toBe(1);
});
