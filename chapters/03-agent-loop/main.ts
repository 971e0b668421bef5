// 03 · Agent loop
// Send every result back and ask again, until the model answers with a message.
//
// npx tsx chapters/03-agent-loop/main.ts

import { zodResponseFormat } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { client, model } from "../../shared/model.ts";
import { printFeedback, printOutputs } from "../../shared/print.ts";
import { getUserProfile, getWeather, sendEmail, type Tool } from "../../mock-tools/tools.ts";

// ── What the model may say ───────────────────────────────────────────────────────────────────────

type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: string };

function parseJson<Value>(schema: z.ZodType<Value>, text: string): Parsed<Value> {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return { ok: true, value: parsed.data };
    return { ok: false, error: z.prettifyError(parsed.error) };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}

const Message = z.object({
  type: z.literal("message"),
  text: z.string(),
});

const FunctionCall = z.object({
  type: z.literal("function_call"),
  name: z.string(),
  arguments: z.string(),
});
type FunctionCall = z.infer<typeof FunctionCall>;

const Reply = z.object({ response: z.discriminatedUnion("type", [Message, FunctionCall]) });

const replyFormat = zodResponseFormat(Reply, "reply");

// ── What it may do ───────────────────────────────────────────────────────────────────────────────

const tools = new Map<string, Tool>([
  [getWeather.name, getWeather],
  [getUserProfile.name, getUserProfile],
  [sendEmail.name, sendEmail],
]);

// ── Running the calls ────────────────────────────────────────────────────────────────────────────

async function runCall(call: FunctionCall): Promise<unknown> {
  const tool = tools.get(call.name);
  const known = [...tools.keys()].join(", ");
  // The model reads what went wrong, and the program goes on.
  if (!tool) return `Error: unknown tool ${call.name}; there are ${known}`;
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) return `Error: invalid arguments: ${args.error}`;
  try {
    return await tool.run(args.value);
  } catch (error) {
    return String(error);
  }
}

async function runCalls(calls: readonly FunctionCall[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const call of calls) results.push(await runCall(call));
  return results;
}

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

const MAX_STEPS = 10;

function describeTool({ name, description, parameters }: Tool): string {
  return JSON.stringify({ name, description, parameters: z.toJSONSchema(parameters) });
}

const PROMPT = `You are a helpful agent.
Reply with one JSON object that fits this schema, and with nothing else:
${JSON.stringify(replyFormat.json_schema.schema)}
Instead of answering, you may call one tool. Arguments are a JSON string that fits its parameters:
${[...tools.values()].map(describeTool).join("\n")}`;

async function askModel(messages: ChatCompletionMessageParam[]): Promise<string> {
  const request = { model, messages, response_format: replyFormat };
  const completion = await client.chat.completions.create(request);
  const message = completion?.choices?.[0]?.message;
  if (!message) throw new Error(`expected a chat completion, got ${JSON.stringify(completion)}`);
  if (message.refusal) throw new Error(`the model refuses: ${message.refusal}`);
  // An assistant message without content would be refused when it is sent back.
  const text = message.content || "(empty)";
  if (typeof text !== "string") throw new Error(`expected a text, got ${JSON.stringify(text)}`);
  return text;
}

export async function runAgent(question: string): Promise<string> {
  const messages: ChatCompletionMessageParam[] = [
    { role: "system", content: PROMPT },
    { role: "user", content: question },
  ];
  for (let step = 1; step <= MAX_STEPS; step++) {
    const text = await askModel(messages);
    messages.push({ role: "assistant", content: text });
    const reply = parseJson(Reply, text);
    if (!reply.ok) {
      const feedback = `Reply error: ${reply.error}`;
      printOutputs(step, [{ type: "message", text }]);
      printFeedback(feedback);
      messages.push({ role: "user", content: feedback });
      continue;
    }
    const { response } = reply.value;
    printOutputs(step, [response]);
    if (response.type === "message") return response.text;
    const [result] = await runCalls([response]);
    const feedback = `Function call result: ${JSON.stringify(result, null, 2)}`;
    printFeedback(feedback);
    messages.push({ role: "user", content: feedback });
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  await runQuestions(runAgent, [
    "How is the weather in Beijing and LA?",
    "Get the weather in Beijing and LA and send an summary email to me.",
  ]);
}
