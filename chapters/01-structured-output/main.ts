// 01 · Structured output
// Ask for JSON, check it against a schema, and tell the model what is wrong with its reply.
//
// npx tsx chapters/01-structured-output/main.ts

import { zodResponseFormat } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources";
import { z } from "zod";
import { isEntry, runQuestions } from "../../shared/cli.ts";
import { client, model } from "../../shared/model.ts";
import { printFeedback, printOutputs } from "../../shared/print.ts";

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

const Reply = z.object({ response: Message });

const replyFormat = zodResponseFormat(Reply, "reply");

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

const MAX_STEPS = 3;

const PROMPT = `You are a helpful agent.
Reply with one JSON object that fits this schema, and with nothing else:
${JSON.stringify(replyFormat.json_schema.schema)}`;

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
    return response.text;
  }
  throw new Error(`Max step reached: no answer after ${MAX_STEPS} steps`);
}

// ── Run it ───────────────────────────────────────────────────────────────────────────────────────

if (isEntry(import.meta.url)) {
  await runQuestions(runAgent, [
    "How is the weather in Beijing and LA?",
    "Slip once, then say who you are.",
  ]);
}
