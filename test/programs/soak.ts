// Holds many conversations with a chapter while tools, server and clock fail at random, and reports what is
// left of them: soak.ts 06-retries outputs 500 60 SEED (conversations, seconds at most)
import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { listen } from "../../scripts/serve.ts";
import { anyBatch } from "../support/odd-calls.ts";
import { type Call, talks } from "../support/talks.ts";
import { report } from "./report.ts";

/** The longest that a conversation may take: every wait in it has a shorter limit. */
const PATIENCE_MS = 60_000;
const WIDTH = 8;

const [folder = "", name = "", most = "", seconds = "", seed = ""] = process.argv.slice(2);
const talk = talks.get(name);
if (!talk) throw new Error(`expected ${[...talks.keys()].join(", ")}, got ${name}`);

const batches = fc.sample(anyBatch, { numRuns: 500, seed: Number(seed) });
const pick = <Value>(values: readonly Value[]): Value | undefined => {
  return values[Math.floor(Math.random() * values.length)];
};

// ── A server that fails at random ────────────────────────────────────────────────────────────────

const counts = { conversations: 0, answers: 0, errors: 0, calls: 0, faults: 0, batches: 0 };
const complaints: string[] = [];

const FAULTS: readonly ((response: ServerResponse) => void)[] = [
  (response) => response.writeHead(500, { "retry-after-ms": "1" }).end("{}"),
  (response) => response.writeHead(429, { "retry-after-ms": "1" }).end("{}"),
  (response) => response.writeHead(400).end("no"),
  (response) => response.destroy(),
  (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"choices": [');
    setTimeout(() => response.destroy(), 5);
  },
  (response) => response.writeHead(200, { "content-type": "application/json" }).end("null"),
  (response) => response.writeHead(204).end(),
  (response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).end("data: {}\n\n"),
];

/** The ids of the last calls of a request must have one answer each, in their order. */
function check(body: unknown): void {
  const { ids, answers } = talk?.read(body) ?? { ids: [], answers: [] };
  const answered = answers.slice(-ids.length).map(({ id }) => id);
  if (ids.join("\n") !== answered.join("\n")) complaints.push(`asked ${ids}, answered ${answered}`);
  counts.batches++;
  counts.calls += answers.length;
}

function reply(body: unknown, response: ServerResponse): void {
  const hasResults = /"role":"tool"|function_call_output|"Function call results/.test(
    JSON.stringify(body),
  );
  if (hasResults) check(body);
  if (Math.random() < 0.1) {
    counts.faults++;
    pick(FAULTS)?.(response);
    return;
  }
  const calls: readonly Call[] = hasResults ? [] : (pick(batches) ?? []).map(({ call }) => call);
  talk?.send(calls, response);
}

const server = createServer(async (request, response) => {
  const body: unknown = JSON.parse(await text(request));
  // A clock that is sometimes fast and sometimes slow.
  setTimeout(reply, pick([0, 0, 1, 5, 30]), body, response);
});
const { url, close } = await listen(server);
process.env.OPENAI_BASE_URL = `${url}/v1`;
process.env.OPENAI_PROTOCOL = name.includes("chat") ? "chat" : "responses";

// ── Conversations ────────────────────────────────────────────────────────────────────────────────

type Chapter = { runAgent(question: string, ...rest: unknown[]): Promise<string> };
const { runAgent, ...rest }: Chapter & { parallelRunner?: () => unknown } = await import(
  `../../chapters/${folder}/main.ts`
);

/** A user who sometimes gives up in the middle. Only chapter 10 takes that signal. */
function impatience(): AbortSignal {
  return Math.random() < 0.2
    ? AbortSignal.timeout(Math.ceil(Math.random() * 50))
    : new AbortController().signal;
}

function ask(): Promise<string> {
  if (folder.startsWith("10")) return runAgent("a question", undefined, impatience());
  return rest.parallelRunner
    ? runAgent("a question", rest.parallelRunner())
    : runAgent("a question");
}

async function converse(): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, PATIENCE_MS, "it never ended");
  });
  counts.conversations++;
  try {
    await Promise.race([ask(), late]);
    counts.answers++;
  } catch (thrown) {
    counts.errors++;
    if (thrown === "it never ended") complaints.push(thrown);
  } finally {
    clearTimeout(timer);
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function measure(): { heap: number; resources: number } {
  collectGarbage();
  return {
    heap: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().length,
  };
}

const print = console.log;
console.log = () => undefined;
console.error = () => undefined;
const end = Date.now() + Number(seconds) * 1_000;
const samples: ReturnType<typeof measure>[] = [];

/** Holds some conversations at once, until there were enough or the time is over. */
async function converseUntil(limit: number): Promise<void> {
  const lane = async () => {
    while (counts.conversations < limit && Date.now() < end) await converse();
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
}

const PARTS = 10;
for (let part = 1; part <= PARTS; part++) {
  await converseUntil((Number(most) * part) / PARTS);
  samples.push(measure());
}
close();
console.log = print;
report("soak", { ...counts, complaints: complaints.slice(0, 5), samples });
// The threads of the chapter's pool would keep the process.
process.exit();
