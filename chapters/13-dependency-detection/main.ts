// 13 · Dependency detection
// The program finds out which calls wait for which, and starts each as soon as it can.
//
// npx tsx chapters/13-dependency-detection/main.ts

import { zodResponseFormat } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources";
import pLimit from "p-limit";
import { Piscina } from "piscina";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { client, model } from "../../shared/model.ts";
import { printFeedback, printOutputs } from "../../shared/print.ts";
import { execArgv } from "../../shared/threads.ts";
import {
  getUserProfile,
  getWeather,
  listEmails,
  sendEmail,
  type Tool,
} from "../../mock-tools/tools.ts";
import { conflict, type Effects, findSources, type Linked, resolve } from "./dependencies.ts";

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

const tools = new Map<string, Tool & Effects>([
  [getWeather.name, { ...getWeather, reads: [] }],
  [getUserProfile.name, { ...getUserProfile, reads: [] }],
  [listEmails.name, { ...listEmails, reads: ["mailbox"] }],
  [sendEmail.name, { ...sendEmail, writes: ["mailbox"] }],
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
  | { readonly type: "skipped"; readonly id: string; readonly skipped: string }
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

function rivalsOf(call: FunctionCall): Set<string> {
  // A call of an unknown tool fails before it could get in anybody's way.
  const tool = tools.get(call.name);
  const rivals = [...tools].filter(([, other]) => tool && conflict(tool, other));
  return new Set(rivals.map(([name]) => name));
}

function refuse({ id }: FunctionCall, { message }: Error): Outcome {
  const error = { class: "invalid_request", code: "invalid_reference", message } as const;
  return { type: "failure", id, error };
}

const graph: string[] = [];
let batches = 0;

export function dependencyRunner(limit = MAX_CONCURRENT): RunBatch {
  const slot = pLimit(limit);
  return async (calls) => {
    batches++;
    const ends: Promise<Outcome[]>[] = [];
    const run = async ({ call, sources, fault }: Linked<FunctionCall>): Promise<Outcome[]> => {
      if (fault) throw fault;
      // Only calls before this one are in ends so far, hence nobody can wait in a circle.
      const names = rivalsOf(call);
      const rivals = [...ends.keys()].filter((index) => names.has(calls[index]?.name ?? ""));
      graph.push(call.id, ...sources.map((index) => `${calls[index]?.id} --> ${call.id}`));
      graph.push(...rivals.map((index) => `${calls[index]?.id} -.-> ${call.id}`));
      const results = new Map<string, unknown>();
      for (const [outcome] of await Promise.all(sources.map((index) => ends[index] ?? []))) {
        if (outcome?.type !== "success") {
          return [{ type: "skipped", id: call.id, skipped: `${outcome?.id} has no result` }];
        }
        results.set(outcome.id, outcome.result);
      }
      await Promise.all(rivals.map((index) => ends[index]));
      return slot(() => serialRunner([resolve(call, results)]));
    };
    for (const linked of findSources(calls)) {
      ends.push(run(linked).catch((error) => [refuse(linked.call, error)]));
    }
    return (await Promise.all(ends)).flat();
  };
}

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

const MAX_STEPS = 10;

function describeTool({ name, description, parameters }: Tool): string {
  return JSON.stringify({ name, description, parameters: z.toJSONSchema(parameters) });
}

const PROMPT = `You are a helpful agent.
Reply with one JSON object that fits this schema, and with nothing else:
${JSON.stringify(replyFormat.json_schema.schema)}
You may also call tools. Arguments are a JSON string that fits a tool's parameters. In place of any
value, {"$from": ID, "path": PATH} stands for the result of an earlier call of the same reply, or
for what is at PATH in it, and {"$text": [PART, ...]} for its parts in one string. A call waits for
those that it refers to, so ask for all that you can in one reply:
${[...tools.values()].map(describeTool).join("\n")}`;

async function askModel(messages: ChatCompletionMessageParam[]): Promise<string> {
  const request = { model, messages, response_format: replyFormat };
  const completion = await client.chat.completions.create(request);
  const message = completion.choices?.[0]?.message;
  if (!message) throw new Error(`expected a chat completion, got ${JSON.stringify(completion)}`);
  if (message.refusal) throw new Error(`the model refuses: ${message.refusal}`);
  // An assistant message without content would be refused when it is sent back.
  return message.content || "(empty)";
}

export async function runAgent(question: string, runBatch = serialRunner): Promise<string> {
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
    const outcomes = await runBatch(calls);
    const results = outcomes.map(({ type: _, ...result }) => result);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
    printFeedback(feedback);
    messages.push({ role: "user", content: feedback });
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  const showTrail = (question: string) =>
    runAgent(question, dependencyRunner()).finally(() => {
      console.log(`\nReplies: ${batches + 1}\nThe calls: ${gauge.trail}`);
      console.log(`\ngraph LR\n${graph.join("\n")}`);
      gauge.trail = "";
    });
  await runQuestions(showTrail, [
    "Get the weather in Beijing and LA and send an summary email to me.",
  ]);
  await pool.close();
}
