import { type ChatRequest, type Reply, serveScript } from "../../scripts/serve.ts";
import { type Ended, run } from "../../scripts/run.ts";

type Call = { readonly id?: string; readonly name: string; readonly arguments: string };

/** A reply in chapter 04's shape: calls, and a message if there are none. */
export function outputs(...calls: Call[]): string {
  const items = calls.map((call, index) => ({
    type: "function_call",
    id: `call_${index}`,
    ...call,
  }));
  const message = { type: "message", text: "done" };
  return JSON.stringify({ outputs: items.length > 0 ? items : [message] });
}

/** A call of the weather tool in chapter 04's shape. */
export function weather(location: string, id?: string): Call {
  const call = { name: "get_weather", arguments: JSON.stringify({ location }) };
  return id === undefined ? call : { id, ...call };
}

/** Runs a chapter against a scripted model: how it ended, and what it asked. */
export async function runScript(
  file: string,
  script: readonly Reply[] | ((request: ChatRequest, index: number) => Reply),
  options: { readonly env?: Record<string, string | undefined>; readonly folder?: string } = {},
): Promise<Ended & { requests: ChatRequest[] }> {
  const server = await serveScript(script);
  const env = { OPENAI_BASE_URL: server.url, ...options.env };
  const ended = await run(file, ["a question"], { ...options, env });
  server.close();
  return { ...ended, requests: server.requests };
}

/** The results that the program sent back with its last request. */
export function lastResults(requests: readonly ChatRequest[]): unknown {
  const content = requests.at(-1)?.messages.at(-1)?.content ?? "";
  return JSON.parse(content.replace(/^Function call results?: /, ""));
}
