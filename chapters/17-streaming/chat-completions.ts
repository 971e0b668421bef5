// 17 · Streaming, for servers that speak Chat Completions
// The same loop over the older protocol, where a call is complete when the next one begins.
//
// npx tsx chapters/17-streaming/chat-completions.ts

import { zodFunction } from "openai/helpers/zod";
import type {
  ChatCompletionCreateParamsNonStreaming as ModelRequest,
  ChatCompletionMessageParam,
} from "openai/resources";
import pLimit from "p-limit";
import { Piscina } from "piscina";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { client, model } from "../../shared/model.ts";
import { printDelta, printFeedback, printOutputs } from "../../shared/print.ts";
import { execArgv } from "../../shared/threads.ts";
import { getUserProfile, getWeather, sendEmail, type Tool } from "../../mock-tools/tools.ts";
import { type ReplyMessage, readChat } from "./chat.ts";
import type { Complete, ReplyEvent } from "./pieces.ts";

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

function readMessage({ content, tool_calls = [] }: ReplyMessage): Output[] {
  const texts: Output[] = content ? [{ type: "message", text: content }] : [];
  const calls = tool_calls.map(({ id, function: call }) => {
    return { type: "function_call", id, ...call } as const;
  });
  return [...texts, ...calls];
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

// Calls of these start early. Others may have effects, and a broken reply is asked for again.
const EARLY = new Set<string>([getWeather.name, getUserProfile.name]);
const slot = pLimit(MAX_CONCURRENT);

type OnText = (text: string) => void;

async function runStream(stream: AsyncIterable<ReplyEvent>, runBatch: RunBatch, onText: OnText) {
  const events: string[] = [];
  const heard: Complete[] = [];
  const outcomes: Outcome[] = [];
  const early: Promise<void>[] = [];
  let error: unknown;
  const startEarly = async ({ index, call }: Complete) => {
    outcomes[index] = await runCall(call);
  };
  try {
    for await (const event of stream) {
      if (event.type === "text") onText(event.text);
      else events.push(`${event.index}${event.type[0]}`);
      if (event.type !== "complete") continue;
      heard.push(event);
      if (EARLY.has(event.call.name)) early.push(slot(startEarly, event));
    }
  } catch (thrown) {
    error = thrown;
  }
  const ended = Object.values(outcomes).length;
  heard.sort((one, other) => one.index - other.index);
  const held = error ? [] : heard.filter(({ call }) => !EARLY.has(call.name));
  const late = (await runBatch(held.map(({ call }) => call))).values();
  await Promise.all(early);
  const all = heard.flatMap(({ index }) => outcomes[index] ?? late.next().value ?? []);
  return { events, ended, outcomes: all, error };
}

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

const MAX_STEPS = 10;

const PROMPT = `You are a helpful agent. The calls of a reply run at the same time, so a call that
needs the result of another belongs in a later reply.`;

const offers = [...tools.values()].map(({ name, description, parameters }) =>
  zodFunction({ name, description, parameters }),
);

function makeRequest(messages: ChatCompletionMessageParam[]): ModelRequest {
  return { model, messages, tools: offers };
}

async function askModel(
  request: ModelRequest,
  kept: ReplyMessage[],
): Promise<AsyncGenerator<ReplyEvent>> {
  return readChat(await client.chat.completions.create({ ...request, stream: true }), kept);
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
    const kept: ReplyMessage[] = [];
    const stream = await askModel(makeRequest(messages), kept);
    const reply = await runStream(stream, runBatch, (text) => printDelta(step, text));
    const { events, ended, outcomes, error } = reply;
    if (error && outcomes.length === 0) throw error;
    messages.push(...kept);
    const outputs = kept.flatMap(readMessage);
    printOutputs(step, outputs);
    const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
    const calls = outputs.filter((output) => output.type === "function_call");
    if (calls.length === 0) return texts.join("\n");
    // Only on a terminal, since it depends on the machine.
    const early = process.stdout.isTTY ? ` (calls that ended before the reply: ${ended})` : "";
    console.log(`Events: ${events.join(" ")}${early}`);
    const results = outcomes.map(({ type: _, ...result }) => result);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
    printFeedback(feedback);
    if (error) throw error;
    messages.push(...outcomes.map(writeOutcome));
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  await runQuestions(
    (question) => runAgent(question),
    ["How is the weather in Lima, LA, Paris and Tokyo?"],
  );
  await pool.close();
}
