// The offline model without a server gives the replies of the served one: to every request of the recorded
// demos, to requests that are refused, and to streams.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fetchOffline, OFFLINE_URL } from "../shared/offline/wire/here.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import { ROOT } from "../scripts/chapters.ts";
import { Recording, unpack } from "../scripts/recording.ts";

process.env.OFFLINE_TOKENS_PER_SECOND = "1000000";
const served = await serveOfflineModel(0, false);
afterAll(() => {
  delete process.env.OFFLINE_TOKENS_PER_SECOND;
  delete process.env.OFFLINE_LATENCY_MS;
});

/** What differs between two replies to one request: the ids that aimock makes, and the time. */
const CHANCE =
  /\b(?:chatcmpl|resp|msg|fc|rs)[-_][\w-]{16}|(?<="(?:created|created_at|completed_at)":)\d+/g;

type Reply = { readonly status: number; readonly type: string | null; readonly text: string };

async function readReply(response: Response): Promise<Reply> {
  const type = response.headers.get("content-type");
  const text = (await response.text()).replace(CHANCE, "…");
  return { status: response.status, type, text };
}

function ask(fetch: typeof fetchOffline, base: string, path: string, body: string) {
  const headers = { "content-type": "application/json" };
  return fetch(`${base}${path}`, { method: "POST", headers, body }).then(readReply);
}

/** Asks both models, and expects one reply. */
async function expectSame(path: string, body: string): Promise<Reply> {
  const here = await ask(fetchOffline, `${OFFLINE_URL}/v1`, path, body);
  expect(here).toEqual(await ask(fetch, served, path, body));
  return here;
}

/** The requests of a recorded demo that speak one of OpenAI's protocols. */
function requestsOf(file: string): { readonly path: string; readonly body: object }[] {
  const text = readFileSync(join(ROOT, "bench/runs", file), "utf8");
  const exchanges = Recording.parse(JSON.parse(text)).sections.flatMap((one) => one.exchanges);
  const bodies = unpack(exchanges.map(({ request }) => request));
  return exchanges.flatMap(({ path }, index) => {
    const isKnown = /^\/v1\/(?:chat\/completions|responses)$/.test(path);
    return isKnown ? [{ path: path.replace("/v1", ""), body: bodies[index] ?? {} }] : [];
  });
}

const DEMOS = readdirSync(join(ROOT, "bench/runs")).map((file) => {
  return { number: file.replace(".json", ""), requests: requestsOf(file) };
});

test.each(DEMOS.filter(({ requests }) => requests.length > 0))(
  "each request of the demo of $number gets the reply of the served model",
  async ({ requests }) => {
    for (const { path, body } of requests) {
      const { status } = await expectSame(path, JSON.stringify(body));
      expect(status).toBe(200);
    }
  },
);

test("the recorded demos speak both protocols", () => {
  const paths = DEMOS.flatMap(({ requests }) => requests.map(({ path }) => path));
  expect(new Set(paths)).toEqual(new Set(["/chat/completions", "/responses"]));
});

test("a stream has the pieces of the served one, in both protocols, with and without calls", async () => {
  const tool = { name: "get_weather", description: "Weather", parameters: { type: "object" } };
  const question = "How is the weather in Lima and LA?";
  const messages = [{ role: "user", content: question }];
  const chat = { model: "offline", stream: true, messages };
  const items = { model: "offline", stream: true, input: question };
  const tools = [{ type: "function", function: tool }];
  for (const body of [chat, { ...chat, tools }]) {
    const { type, text } = await expectSame("/chat/completions", JSON.stringify(body));
    expect(type).toBe("text/event-stream");
    expect(text).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s);
  }
  for (const body of [items, { ...items, tools: [{ type: "function", ...tool }] }]) {
    const { text } = await expectSame("/responses", JSON.stringify(body));
    expect(text).toMatch(/^event: response.created\n.*event: response.completed\n/s);
  }
});

test.each([
  ["/chat/completions", "no JSON"],
  ["/chat/completions", "{}"],
  ["/chat/completions", '{ "model": "offline", "messages": [] }'],
  ["/chat/completions", '{ "model": "offline", "messages": [{ "role": "user", "content": 5 }] }'],
  ["/responses", '{ "model": "offline", "input": "Hi", "previous_response_id": "resp_1" }'],
  ["/responses", '{ "model": "offline", "input": [{ "type": "item_reference", "id": "fc_1" }] }'],
  ["/chat/completions/more", "{}"],
])("a request to %s is refused in the same words: %s", async (path, body) => {
  expect((await expectSame(path, body)).status).toBeGreaterThanOrEqual(400);
});

test("a call without a result is refused in the same words", async () => {
  const call = { id: "a", type: "function", function: { name: "get_weather", arguments: "{}" } };
  const messages = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: null, tool_calls: [call] },
  ];
  const reply = await expectSame("/chat/completions", JSON.stringify({ model: "m", messages }));
  expect(reply.status).toBe(400);
});

test("an abort ends the wait for a reply, and a stream that has begun", async () => {
  const body = JSON.stringify({ model: "offline", stream: true, input: "Hi" });
  const post = (signal: AbortSignal) =>
    fetchOffline(`${OFFLINE_URL}/v1/responses`, { method: "POST", body, signal });
  const abort = new AbortController();
  process.env.OFFLINE_LATENCY_MS = "60000";
  const waiting = post(abort.signal);
  abort.abort();
  await expect(waiting).rejects.toThrow(/abort/);
  process.env.OFFLINE_LATENCY_MS = "";
  process.env.OFFLINE_TOKENS_PER_SECOND = "1";
  const late = new AbortController();
  const stream = (await post(late.signal)).text();
  late.abort();
  await expect(stream).rejects.toThrow(/abort/);
});
