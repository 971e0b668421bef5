// 06 · Retries
// A failed call is tried again only if its tool allows it and the failure may be temporary.
//
// npx tsx chapters/06-retries/main.ts

import { setTimeout as wait } from "node:timers/promises";
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

const tools = new Map<string, Tool & { readonly retry?: "never" | "safe" | "idempotent" }>([
  [getWeather.name, { ...getWeather, retry: "safe" }],
  [getUserProfile.name, { ...getUserProfile, retry: "safe" }],
  [sendEmail.name, { ...sendEmail, retry: "idempotent" }],
]);

// ── Running the calls ────────────────────────────────────────────────────────────────────────────

const MAX_THREADS = 4;
const MAX_ATTEMPTS = 3;
const ATTEMPT_MS = 5_000;
const BASE_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;

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

const CLASSES = {
  tool_unavailable: "unavailable",
  invalid_tool_args: "invalid_request",
  tool_error: "execution",
  tool_timeout: "timeout",
  result_too_large: "resource_limit",
  out_of_memory: "resource_limit",
  thread_ended: "internal",
} as const;

type Failure = { readonly class: string; readonly code: string; readonly message: string };
type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "failure"; readonly id: string; readonly error: Failure };

function fail({ id }: FunctionCall, code: keyof typeof CLASSES, message: string): Outcome {
  return { type: "failure", id, error: { class: CLASSES[code], code, message } };
}

function explain(call: FunctionCall, error: unknown): Outcome {
  const { cause, code, message } = Object(error);
  // The worker says how its tool failed. Any other error comes from the pool.
  if (cause?.failure) return fail(call, cause.failure, message);
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return fail(call, "out_of_memory", message);
  return fail(call, "thread_ended", message);
}

const Hint = z.object({ retry: z.object({ after_ms: z.number().optional() }) });
type Attempts = { readonly attempts?: number; readonly exhausted?: { readonly attempts: number } };

async function runCall(call: FunctionCall): Promise<Outcome & Attempts> {
  const tool = tools.get(call.name);
  const known = [...tools.keys()].join(", ");
  // The model reads what went wrong, and the program goes on.
  if (!tool) return fail(call, "tool_unavailable", `unknown tool ${call.name}; there are ${known}`);
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) return fail(call, "invalid_tool_args", `invalid arguments: ${args.error}`);
  // All attempts share one key. Otherwise the tool would take the second for another call.
  const key = crypto.randomUUID();
  const task = { name: call.name, args: args.value, context: { key } };
  for (let attempts = 1; ; attempts++) {
    const signal = AbortSignal.timeout(ATTEMPT_MS);
    try {
      const result = await pool.run(task, { signal });
      return { type: "success", id: call.id, result, ...(attempts > 1 && { attempts }) };
    } catch (error) {
      const late = signal.aborted;
      const failure = late ? fail(call, "tool_timeout", "no result in time") : explain(call, error);
      const hint = Hint.safeParse(Object(error).cause).data?.retry;
      const mayRunTwice = (tool.retry ?? "never") !== "never";
      // Nobody knows how far a late attempt came, so the tool's policy alone decides.
      const mayBeTemporary = late || hint !== undefined;
      if (!mayRunTwice || !mayBeTemporary) return failure;
      if (attempts >= MAX_ATTEMPTS) return { ...failure, exhausted: { attempts } };
      const delay = hint?.after_ms ?? BASE_DELAY_MS * 2 ** (attempts - 1);
      await wait(Math.min(delay, MAX_DELAY_MS));
    }
  }
}

async function runCalls(calls: readonly FunctionCall[]): Promise<Outcome[]> {
  // Promise.all keeps the order asked, even if the calls end in another order.
  return Promise.all(calls.map(runCall));
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
    const outcomes = await runCalls(calls);
    const results = outcomes.map(({ type: _, ...result }) => result);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
    printFeedback(feedback);
    messages.push({ role: "user", content: feedback });
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  await runQuestions(runAgent, [
    "How is the weather in Oslo and LA?",
    "Send an email to carol@lossy.example saying hello.",
  ]);
  await pool.close();
}
