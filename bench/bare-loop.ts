import type OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { getUserProfile, getWeather, sendEmail } from "../mock-tools/tools.ts";

type Call = { readonly type: string; readonly id: string; readonly arguments: string };
type Run = (args: { location: string }) => unknown;

/** Runs the calls of a reply one after another, on the thread that asks. */
export async function oneByOne(calls: readonly Call[], run: Run): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const call of calls) {
    results.push({ id: call.id, result: await run(JSON.parse(call.arguments)) });
  }
  return results;
}

/** Starts all calls of a reply at once, on the thread that asks. */
export async function allAtOnce(calls: readonly Call[], run: Run): Promise<unknown[]> {
  return Promise.all(
    calls.map(async (call) => ({ id: call.id, result: await run(JSON.parse(call.arguments)) })),
  );
}

const Message = z.object({ type: z.literal("message"), text: z.string() });
const FunctionCall = z.object({
  type: z.literal("function_call"),
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const Reply = z.object({ outputs: z.array(z.discriminatedUnion("type", [Message, FunctionCall])) });
const format = zodResponseFormat(Reply, "reply");
const tools = [getWeather, getUserProfile, sendEmail].map(({ name, description, parameters }) => {
  return JSON.stringify({ name, description, parameters: z.toJSONSchema(parameters) });
});
const PROMPT = `${JSON.stringify(format.json_schema.schema)}\n${tools.join("\n")}`;

/** The smallest possible loop: it asks as the chapter does, but checks nothing and prints nothing. */
export async function bareAgent(
  client: OpenAI,
  question: string,
  runCalls: (calls: readonly Call[]) => Promise<unknown[]>,
): Promise<string> {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "system", content: PROMPT },
    { role: "user", content: question },
  ];
  while (true) {
    const request = { model: "bench", messages, response_format: format };
    const completion = await client.chat.completions.create(request);
    const content = completion.choices[0]?.message.content ?? "";
    const { outputs } = JSON.parse(content);
    const calls = outputs.filter((output: Call) => output.type === "function_call");
    if (calls.length === 0) return outputs[0].text;
    const results = JSON.stringify(await runCalls(calls), null, 2);
    messages.push({ role: "assistant", content });
    messages.push({ role: "user", content: `Function call results: ${results}` });
  }
}
