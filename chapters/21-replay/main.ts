// 21 · Replay
// Every effect goes through a boundary with a journal; a rerun runs only what the journal lacks.
//
// npx tsx chapters/21-replay/main.ts

import { zodResponsesFunction } from "openai/helpers/zod";
import { toResponseInputItems } from "openai/lib/responses/ResponseInputItems";
import type { ResponseInputItem, ResponseOutputItem } from "openai/resources/responses/responses";
import { Piscina } from "piscina";
import { z } from "zod";
import { talkOverChat } from "../../shared/chat-completions.ts";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { type Execute, inline } from "../../shared/effects.ts";
import { killAtEndOfCall } from "../../shared/kill.ts";
import { client, model, protocol } from "../../shared/model.ts";
import { readOutcome } from "../../shared/outcomes.ts";
import { printFeedback, printOutputs } from "../../shared/print.ts";
import { fetchBody, parseBody, withCallIds } from "../../shared/responses.ts";
import { execArgv, reportDeadThreads } from "../../shared/threads.ts";
import { getUserProfile, getWeather, sendEmail, type Tool } from "../../mock-tools/tools.ts";
import { isDemo, QUESTION, runDemo } from "./demo.ts";
import { openEffects, printCounts, withGrain } from "./settings.ts";

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

function readItem(item: ResponseOutputItem): Output[] {
  if (item.type === "function_call") return [{ ...item, id: item.call_id }];
  // Other items, such as reasoning, only go back to the model in the next request.
  if (item.type !== "message") return [];
  return item.content.map((part) => {
    if (part.type === "refusal") throw new Error(`the model refuses: ${part.refusal}`);
    return { type: "message", text: part.text };
  });
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

async function runCall(call: FunctionCall, key: string): Promise<Outcome> {
  const tool = tools.get(call.name);
  const known = [...tools.keys()].join(", ");
  // The model reads what went wrong, and the program goes on.
  if (!tool) return fail(call, "tool_unavailable", `unknown tool ${call.name}; there are ${known}`);
  const args = parseJson(tool.parameters, call.arguments);
  if (!args.ok) return fail(call, "invalid_tool_args", `invalid arguments: ${args.error}`);
  // All runs of the call share one key. Otherwise the tool would take a rerun for another call.
  const task = { name: call.name, args: args.value, context: { key } };
  try {
    return { type: "success", id: call.id, result: await pool.run(task) };
  } catch (error) {
    return explain(call, error);
  }
}

type RunBatch = (calls: readonly FunctionCall[], execute: Execute) => Promise<Outcome[]>;

// Called when a call starts. It returns a function that is called when the call ends.
type OnStart = (call: FunctionCall, index: number) => (outcome: Outcome) => void;
const watchNothing: OnStart = () => () => undefined;

export function parallelRunner(limit = MAX_CONCURRENT, onStart = watchNothing): RunBatch {
  const valid = Number.isInteger(limit) && limit > 0;
  if (!valid) throw new RangeError(`expected a whole number of calls from 1 up, got ${limit}`);
  return async (calls, execute) => {
    const outcomes: Outcome[] = [];
    const queue = calls.entries();
    // Lanes share the queue. Each puts an outcome at its call's place, so the order asked is kept.
    const lane = async () => {
      for (const [index, call] of queue) {
        const onEnd = onStart(call, index);
        const value = await execute(`call ${index}`, call, (key) => runCall(call, key));
        const outcome = readOutcome(value);
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

const PROMPT = `You are a helpful agent. The calls of a reply run at the same time, so a call that
needs the result of another belongs in a later reply.`;

const offers = [...tools.values()].map(({ name, description, parameters }) =>
  zodResponsesFunction({ name, description, parameters }),
);

async function askModel(
  input: ResponseInputItem[],
  execute: Execute,
): Promise<ResponseOutputItem[]> {
  const request = { model, instructions: PROMPT, input, tools: offers };
  const send = () => fetchBody(client.responses.create(request).asResponse());
  const response = parseBody(await execute("request", request, send));
  if (response.error) throw new Error(`the model fails: ${response.error.message}`);
  // Otherwise a text that was cut off would count as the answer.
  const cut = response.incomplete_details?.reason;
  if (cut) throw new Error(`the reply is incomplete: ${cut}`);
  return response.output;
}

function writeItem(outcome: Outcome): ResponseInputItem {
  const body = outcome.type === "success" ? outcome.result : { error: outcome.error };
  return { type: "function_call_output", call_id: outcome.id, output: JSON.stringify(body) };
}

type Conversation = {
  ask(execute: Execute): Promise<Output[]>;
  answer(outcomes: readonly Outcome[]): void;
};

type Setting = { readonly question: string };

function talkOverResponses({ question }: Setting): Conversation {
  const input: ResponseInputItem[] = [{ role: "user", content: question }];
  return {
    async ask(execute) {
      const items = withCallIds(await askModel(input, execute));
      input.push(...toResponseInputItems(items));
      return items.flatMap(readItem);
    },
    answer(outcomes) {
      input.push(...outcomes.map(writeItem));
    },
  };
}

export async function runAgent(
  question: string,
  runBatch = serialRunner,
  execute = inline,
): Promise<string> {
  const talk = protocol === "chat" ? talkOverChat : talkOverResponses;
  const conversation = talk({ question, prompt: PROMPT, tools: [...tools.values()] });
  for (let step = 1; step <= MAX_STEPS; step++) {
    // Two steps may ask for the same calls, so the keys of their effects begin with the step.
    const inStep: Execute = (key, input, run) => execute(`step ${step} ${key}`, input, run);
    const outputs = await conversation.ask(inStep);
    printOutputs(step, outputs);
    const texts = outputs.flatMap((output) => (output.type === "message" ? output.text : []));
    const calls = outputs.filter((output) => output.type === "function_call");
    if (calls.length === 0) return texts.join("\n");
    const outcomes = await runBatch(calls, inStep);
    const results = outcomes.map(({ type: _, ...result }) => result);
    const feedback = `Function call results: ${JSON.stringify(results, null, 2)}`;
    printFeedback(feedback);
    conversation.answer(outcomes);
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  const runBatch = parallelRunner(MAX_CONCURRENT, killAtEndOfCall);
  const ask = (question: string) => runAgent(question, withGrain(runBatch), openEffects(question));
  if (isDemo) await runDemo();
  else await runQuestions(ask, [QUESTION]);
  await pool.close();
  printCounts();
}
