// 04 · Parallel tools
// A reply may hold several calls; they run at the same time, each in a worker thread.
//
// npx tsx chapters/04-parallel-tools/main.ts

import { zodResponseFormat } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources";
import { Piscina } from "piscina";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { client, model } from "../../shared/model.ts";
import { printFeedback, printOutputs } from "../../shared/print.ts";
import { execArgv, reportDeadThreads } from "../../shared/threads.ts";
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
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
type FunctionCall = z.infer<typeof FunctionCall>;

const Reply = z.object({ outputs: z.array(z.discriminatedUnion("type", [Message, FunctionCall])) });

const replyFormat = zodResponseFormat(Reply, "reply");

// ── What it may do ───────────────────────────────────────────────────────────────────────────────

const tools = new Map<string, Tool>([
  [getWeather.name, getWeather],
  [getUserProfile.name, getUserProfile],
  [sendEmail.name, sendEmail],
]);

// ── Running the calls ────────────────────────────────────────────────────────────────────────────

const MAX_THREADS = 4;

// Built before the first question, so that the threads start up while the model thinks.
const pool = new Piscina({
  filename: `${import.meta.dirname}/../../mock-tools/worker.ts`,
  name: "runTool",
  execArgv,
  minThreads: 2,
  maxThreads: MAX_THREADS,
  // Otherwise each batch would end the threads above the minimum, and the next would start others.
  idleTimeout: 60_000,
  resourceLimits: { maxOldGenerationSizeMb: 64 },
});
reportDeadThreads(pool);

async function runCall(call: FunctionCall): Promise<unknown> {
  const tool = tools.get(call.name);
  const known = [...tools.keys()].join(", ");
  // The model reads what went wrong, and the program goes on.
  if (!tool) return `Error: unknown tool ${call.name}; there are ${known}`;
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) return `Error: invalid arguments: ${args.error}`;
  const task = { name: call.name, args: args.value };
  try {
    return await pool.run(task);
  } catch (error) {
    return String(error);
  }
}

type CallResult = { readonly id: string; readonly result: unknown };

async function runCalls(calls: readonly FunctionCall[]): Promise<CallResult[]> {
  // Promise.all keeps the order asked, even if the calls end in another order.
  return Promise.all(calls.map(async (call) => ({ id: call.id, result: await runCall(call) })));
}

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

const MAX_STEPS = 10;

function describeTool({ name, description, parameters }: Tool): string {
  return JSON.stringify({ name, description, parameters: z.toJSONSchema(parameters) });
}

const PROMPT = `You are a helpful agent.
Reply with one JSON object that fits this schema, and with nothing else:
${JSON.stringify(replyFormat.json_schema.schema)}
You may also call tools. Arguments are a JSON string that fits a tool's parameters. The calls of a
reply run at the same time, so a call that needs the result of another belongs in a later reply:
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
    const { outputs } = reply.value;
    printOutputs(step, outputs);
    const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
    const calls = outputs.filter((output) => output.type === "function_call");
    if (calls.length === 0) return texts.join("\n");
    const results = await runCalls(calls);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
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
  await pool.close();
}
