// 14 · Native tools, for servers that speak Chat Completions
// The same loop over the older protocol: one assistant message has the calls, each result is another.
//
// npx tsx chapters/14-native-tools/chat-completions.ts

import { zodFunction } from "openai/helpers/zod";
import type { ChatCompletionMessage, ChatCompletionMessageParam } from "openai/resources";
import { Piscina } from "piscina";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { client, model } from "../../shared/model.ts";
import { printFeedback, printOutputs } from "../../shared/print.ts";
import { execArgv } from "../../shared/threads.ts";
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

type Output = z.infer<typeof Message> | FunctionCall;

function callsIn(message: ChatCompletionMessage): FunctionCall[] {
  // Some servers send null where there are no calls.
  return (message.tool_calls ?? []).flatMap((call) =>
    call.type === "function" ? [{ type: "function_call", id: call.id, ...call.function }] : [],
  );
}

function readMessage(message: ChatCompletionMessage): Output[] {
  if (message.refusal) throw new Error(`the model refuses: ${message.refusal}`);
  const texts: Output[] = message.content ? [{ type: "message", text: message.content }] : [];
  return [...texts, ...callsIn(message)];
}

// ── What it may do ───────────────────────────────────────────────────────────────────────────────

const tools = new Map<string, Tool>([
  [getWeather.name, getWeather],
  [getUserProfile.name, getUserProfile],
  [sendEmail.name, sendEmail],
]);

// ── Running the calls ────────────────────────────────────────────────────────────────────────────

const MAX_CONCURRENT = 4;
const MAX_THREADS = 4;

// Built before the first question, so that the threads start up while the model thinks.
const pool = new Piscina({
  filename: `${import.meta.dirname}/../../mock-tools/worker.ts`,
  name: "runTool",
  execArgv,
  minThreads: 2,
  maxThreads: MAX_THREADS,
  idleTimeout: 60_000,
  recordTiming: false,
  resourceLimits: { maxOldGenerationSizeMb: 64 },
});

async function callTool(call: FunctionCall): Promise<unknown> {
  const tool = tools.get(call.name);
  const known = [...tools.keys()].join(", ");
  if (!tool) throw new Error(`unknown tool ${call.name}; there are ${known}`);
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) throw new Error(`invalid arguments: ${args.error}`);
  return await pool.run({ name: call.name, args: args.value });
}

type Failure = {
  readonly class: "invalid_request" | "unavailable" | "execution" | "resource_limit" | "internal";
  readonly code: string;
  readonly message: string;
};

type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "failure"; readonly id: string; readonly error: Failure };

function explain(call: FunctionCall, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const say = (type: Failure["class"], code: string) => ({ class: type, code, message });
  const tool = tools.get(call.name);
  if (!tool) return say("unavailable", "tool_unavailable");
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) return say("invalid_request", "invalid_tool_args");
  // A thread that dies says so in the pool's words; all other errors are the tool's own.
  if (message.includes("reaching memory limit")) return say("resource_limit", "out_of_memory");
  if (message.startsWith("worker exited with code")) return say("internal", "thread_ended");
  return say("execution", "tool_error");
}

async function runCall(call: FunctionCall): Promise<Outcome> {
  try {
    const result = (await callTool(call)) ?? null;
    return { type: "success", id: call.id, result };
  } catch (error) {
    return { type: "failure", id: call.id, error: explain(call, error) };
  }
}

type RunBatch = (calls: readonly FunctionCall[]) => Promise<Outcome[]>;
const gauge = { running: 0, peak: 0, trail: "" }; // "(" is the start of a call, ")" the end of one

export function parallelRunner(limit = MAX_CONCURRENT): RunBatch {
  const valid = Number.isInteger(limit) && limit > 0;
  if (!valid) throw new RangeError(`expected a whole number of calls from 1 up, got ${limit}`);
  return async (calls) => {
    const outcomes: Outcome[] = [];
    const queue = calls.entries();
    // Lanes share the queue; each puts an outcome where its call was, whenever that ends.
    const lane = async () => {
      for (const [index, call] of queue) {
        gauge.peak = Math.max(gauge.peak, ++gauge.running);
        gauge.trail += "(";
        outcomes[index] = await runCall(call);
        gauge.trail += ")";
        gauge.running--;
      }
    };
    await Promise.all(Array.from({ length: Math.min(limit, calls.length) }, lane));
    return outcomes;
  };
}

export const serialRunner = parallelRunner(1);

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

const MAX_STEPS = 10;

const PROMPT = `You are a helpful agent. The calls of a reply run at the same time, so a call that
needs the result of another belongs in a later reply.`;

const offers = [...tools.values()].map(({ name, description, parameters }) =>
  zodFunction({ name, description, parameters }),
);

async function askModel(messages: ChatCompletionMessageParam[]): Promise<ChatCompletionMessage> {
  const request = { model, messages, tools: offers };
  const completion = await client.chat.completions.create(request);
  const { message, finish_reason: end } = completion.choices?.[0] ?? {};
  if (!message) throw new Error(`expected a chat completion, got ${JSON.stringify(completion)}`);
  // A text that was cut off would pass for the answer.
  const cut = end === "length" || end === "content_filter";
  if (cut) throw new Error(`the reply is incomplete: ${end}`);
  return message;
}

function writeMessage(message: ChatCompletionMessage): ChatCompletionMessageParam {
  // Made anew, since a server may refuse what it or another one has added to its own message.
  const tool_calls = callsIn(message).map(({ id, name, arguments: args }) => {
    return { type: "function", id, function: { name, arguments: args } } as const;
  });
  return { role: "assistant", content: message.content, tool_calls };
}

function writeOutcome(outcome: Outcome): ChatCompletionMessageParam {
  const body = outcome.type === "success" ? outcome.result : { error: outcome.error };
  return { role: "tool", tool_call_id: outcome.id, content: JSON.stringify(body) };
}

export async function runAgent(question: string, runBatch = serialRunner): Promise<string> {
  const messages: ChatCompletionMessageParam[] = [
    { role: "system", content: PROMPT },
    { role: "user", content: question },
  ];
  for (let step = 1; step <= MAX_STEPS; step++) {
    const message = await askModel(messages);
    const outputs = readMessage(message);
    printOutputs(step, outputs);
    const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
    const calls = outputs.filter((output) => output.type === "function_call");
    if (calls.length === 0) return texts.join("\n");
    const outcomes = await runBatch(calls);
    const results = outcomes.map(({ type: _, ...result }) => result);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
    printFeedback(feedback);
    messages.push(writeMessage(message), ...outcomes.map(writeOutcome));
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  const compareRunners = async (question: string) => {
    await runAgent(question);
    console.log(`\nPeak of the serial runner: ${gauge.peak} ${gauge.trail}\n`);
    gauge.trail = "";
    const answer = await runAgent(question, parallelRunner());
    console.log(`\nPeak of the parallel runner: ${gauge.peak} ${gauge.trail}`);
    return answer;
  };
  await runQuestions(compareRunners, [
    "Compare the weather in Lima, Atlantis, LA, Paris and Tokyo.",
  ]);
  await pool.close();
}
