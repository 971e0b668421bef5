// The stand-ins for the three providers, with which chapter 16 is read and tested. The offline model must
// serve more than the book's own code, so the SDKs' own loops hold a conversation with it. The
// recorders of support/providers.ts must refuse what the real APIs refuse.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { type CallableTool, GoogleGenAI } from "@google/genai";
import { generateText, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { zodFunction } from "openai/helpers/zod";
import { expect, test } from "vitest";
import { z } from "zod";
import { getUserProfile, getWeather, sendEmail } from "../mock-tools/tools.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import {
  callPart,
  serveGenerate,
  serveMessages,
  textBlock,
  useBlock,
} from "./support/providers.ts";

// The clients of this process ask the offline model, whatever keys its environment has.
const KEYS = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];
for (const name of KEYS) process.env[name] = "";
process.env.OFFLINE_TOKENS_PER_SECOND = "100000";
const { talkToClaude } = await import("../chapters/16-providers/claude.ts");
const { talkToGemini } = await import("../chapters/16-providers/gemini.ts");
const offline = (await serveOfflineModel(0, false)).replace(/\/v1$/, "");

// ── The offline model, asked by others ───────────────────────────────────────────────────────────

const TOOLS = [getWeather, getUserProfile, sendEmail];
const LETTER = "Get the weather in Beijing and LA and send an summary email to me.";

/** Tools without the book's own code around them, and a log of their calls. */
function toolbox() {
  const log: string[] = [];
  const results = new Map<string, unknown>([
    ['get_weather {"location":"Beijing"}', "cloudy, 5 degrees"],
    ['get_weather {"location":"LA"}', "sunny, 20 degrees"],
    ["get_user_profile {}", { name: "Jack", email: "jack@example.com" }],
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

/** The loops of the SDKs, each with the tools in its own form. */
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
      // Results go back by name and without ids, as with the SDK's own tools.
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
  const server = await serveMessages(() => [textBlock("done")]);
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
  const server = await serveGenerate(() => [{ text: "done" }]);
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
