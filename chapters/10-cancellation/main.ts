// 10 · Cancellation
// Ask a call politely to stop, wait a short grace, then end its thread; nothing more is started.
//
// npx tsx chapters/10-cancellation/main.ts

import { zodResponseFormat } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources";
import { Piscina } from "piscina";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { withLimit } from "../../shared/limit.ts";
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

const MAX_CONCURRENT = 4;
const MAX_THREADS = 4;
const CALL_MS = 2_000;
const BATCH_MS = 4_000;
const GRACE_MS = 50;

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
  result_too_large: "resource_limit",
  out_of_memory: "resource_limit",
  thread_ended: "internal",
} as const;

type Failure = { readonly class: string; readonly code: string; readonly message: string };
type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "cancelled"; readonly id: string; readonly cancelled: string }
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

async function runCall(call: FunctionCall, signal: AbortSignal): Promise<Outcome> {
  const tool = tools.get(call.name);
  const known = [...tools.keys()].join(", ");
  // The model reads what went wrong, and the program goes on.
  if (!tool) return fail(call, "tool_unavailable", `unknown tool ${call.name}; there are ${known}`);
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) return fail(call, "invalid_tool_args", `invalid arguments: ${args.error}`);
  if (signal.aborted) return { type: "cancelled", id: call.id, cancelled: "it never started" };
  // A thread that computes receives no events, so it gets a flag in shared memory. If its tool does
  // not look at the flag, the thread is ended after a grace.
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const end = new AbortController();
  const stop = () => {
    Atomics.store(cancelled, 0, 1);
    // A result may arrive during the grace. It counts, so it is read first.
    setTimeout(() => setImmediate(() => end.abort()), GRACE_MS);
  };
  withLimit(CALL_MS, signal).addEventListener("abort", stop, { signal: end.signal });
  const task = { name: call.name, args: args.value, context: { cancelled } };
  try {
    return { type: "success", id: call.id, result: await pool.run(task, { signal: end.signal }) };
  } catch (error) {
    if (!end.signal.aborted) return explain(call, error);
    return { type: "cancelled", id: call.id, cancelled: "its thread was ended" };
  } finally {
    // The call has ended, so this ends no thread. It takes the listener off the signal.
    end.abort();
  }
}

type RunBatch = (calls: readonly FunctionCall[], signal: AbortSignal) => Promise<Outcome[]>;

// Called when a call starts. It returns a function that is called when the call ends.
type OnStart = (call: FunctionCall, index: number) => (outcome: Outcome) => void;
const watchNothing: OnStart = () => () => undefined;

export function parallelRunner(limit = MAX_CONCURRENT, onStart = watchNothing): RunBatch {
  const valid = Number.isInteger(limit) && limit > 0;
  if (!valid) throw new RangeError(`expected a whole number of calls from 1 up, got ${limit}`);
  return async (calls, signal) => {
    const outcomes: Outcome[] = [];
    const queue = calls.entries();
    // Lanes share the queue. Each puts an outcome at its call's place, so the order asked is kept.
    const lane = async () => {
      for (const [index, call] of queue) {
        const onEnd = onStart(call, index);
        const outcome = await runCall(call, signal);
        outcomes[index] = outcome;
        onEnd(outcome);
      }
    };
    await Promise.all(Array.from({ length: Math.min(limit, calls.length) }, lane));
    return outcomes;
  };
}

export const serialRunner = parallelRunner(1);

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

async function askModel(
  messages: ChatCompletionMessageParam[],
  signal: AbortSignal,
): Promise<string> {
  const request = { model, messages, response_format: replyFormat };
  const completion = await client.chat.completions.create(request, { signal });
  const message = completion?.choices?.[0]?.message;
  if (!message) throw new Error(`expected a chat completion, got ${JSON.stringify(completion)}`);
  if (message.refusal) throw new Error(`the model refuses: ${message.refusal}`);
  // An assistant message without content would be refused when it is sent back.
  const text = message.content || "(empty)";
  if (typeof text !== "string") throw new Error(`expected a text, got ${JSON.stringify(text)}`);
  return text;
}

export async function runAgent(
  question: string,
  runBatch = serialRunner,
  signal = new AbortController().signal,
): Promise<string> {
  const messages: ChatCompletionMessageParam[] = [
    { role: "system", content: PROMPT },
    { role: "user", content: question },
  ];
  for (let step = 1; step <= MAX_STEPS; step++) {
    const text = await askModel(messages, signal);
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
    const outcomes = await runBatch(calls, withLimit(BATCH_MS, signal));
    const results = outcomes.map(({ type: _, ...result }) => result);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
    printFeedback(feedback);
    messages.push({ role: "user", content: feedback });
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  const ask = (question: string, user: AbortSignal) => runAgent(question, serialRunner, user);
  await runQuestions(ask, [
    "How is the weather in LA, McMurdo, Vostok and Paris?",
    "How is the weather in Tokyo?",
  ]);
  await pool.close();
}
