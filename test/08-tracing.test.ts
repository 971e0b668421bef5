// What chapter 08 promises: each call has one span and each batch one event, even if they fail; watchers
// cannot break calls; the spans are exported to a file, to an endpoint and as a picture, also after
// Ctrl-C; and without a wish for a trace, nothing differs from the base.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { type ChatRequest, listen, type Reply, serveScript } from "../scripts/serve.ts";
import { serveBarrier } from "./support/barrier.ts";
import { startForUser } from "./support/interrupt.ts";
import { printed } from "./support/pages.ts";
import { outputs, runScript, weather } from "./support/script.ts";
import { worldOf } from "./support/worlds.ts";

const FILE = "chapters/08-tracing/main.ts";
const QUIET = { TRACE_FILE: "", OTEL_EXPORTER_OTLP_ENDPOINT: "" };

const temporary = mkdtempSync(join(tmpdir(), "traces-"));
afterAll(() => rmSync(temporary, { recursive: true }));

/** A call that succeeds, and one for each way to fail. */
const MIXED = [
  weather("works"),
  weather("throws a string"),
  { name: "teleport", arguments: "{}" },
  { name: "send_email", arguments: "{broken" },
  weather("ends its thread"),
];
const MIXED_TYPES = ["success", "failure", "failure", "failure", "failure"];
const ABC = [weather("a"), weather("b"), weather("c")];

const TWO_BATCHES = [MIXED, [weather("works")]];

/** The questions of test/programs/08-watched.ts in their order, and the batches of each. */
const TALKS: Readonly<Record<string, readonly (readonly ReturnType<typeof weather>[])[]>> = {
  "one watcher": TWO_BATCHES,
  "a watcher throws at a start": TWO_BATCHES,
  "a watcher throws at an end": TWO_BATCHES,
  "a watcher rejects": TWO_BATCHES,
  "equal ids": [[weather("throws a string", "same"), weather("works", "same")]],
  "one by one": [ABC],
  "at the same time": [ABC],
  "no model": [],
};
const BROKEN = ["a watcher throws at a start", "a watcher throws at an end", "a watcher rejects"];

// Each of these three runs serves several tests.
const watched = runWatched();
const traced = runTraced();
const parisFile = join(temporary, "paris.json");
const paris = run(FILE, ["How is the weather", "--trace", parisFile, "in Paris?"], {
  env: { ...QUIET, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" },
});

test("every call has one start and one end, however it ends [L16]", async () => {
  const notes = await notesOf("one watcher");
  for (const [index, call] of MIXED.entries()) {
    expect(notes.slice(0, 10).filter(([, position]) => position === index)).toEqual([
      ["start", index, `call_${index}`, call.name],
      ["end", index, `call_${index}`, MIXED_TYPES[index]],
    ]);
  }
  expect(notes.slice(10)).toEqual([
    ["start", 0, "call_0", "get_weather"],
    ["end", 0, "call_0", "success"],
  ]);
});

test.each(BROKEN)(
  "%s: a watcher that does so changes nothing but stderr [M13]",
  async (question) => {
    const transcript = await transcriptOf(question);
    expect(transcript).toContain("[Step 3] Agent: done");
    expect(transcript).toBe(await transcriptOf("one watcher"));
    // The watcher beside the broken one is called for everything.
    const notes = await notesOf("one watcher");
    expect((await notesOf(question)).toSorted()).toEqual(notes.toSorted());
    expect((await watched).errors.get(question)).toBe("watcher: broken\n".repeat(MIXED.length + 1));
  },
);

test("a batch has one event with its tools in the order asked and its counts [M14]", async () => {
  const batches = (await barsOf("one watcher")).filter(({ name }) => name === "tool_batch");
  expect(batches.map(({ args }) => args)).toMatchObject([
    {
      "tool_batch.tool_names": MIXED.map(({ name }) => name),
      "tool_batch.success_count": 1,
      "tool_batch.failure_count": 4,
    },
    {
      "tool_batch.tool_names": ["get_weather"],
      "tool_batch.success_count": 1,
      "tool_batch.failure_count": 0,
    },
  ]);
  expect(new Set(batches.map(({ args }) => args["span.id"])).size).toBe(2);
});

test("every failed call says in its span what kind of failure it was", async () => {
  const calls = ofCalls(await barsOf("one watcher")).slice(0, 5);
  expect(calls.map(({ args }) => [args["gen_ai.tool.call.id"], args["error.type"]])).toEqual([
    ["call_0", undefined],
    ["call_1", "tool_error"],
    ["call_2", "tool_unavailable"],
    ["call_3", "invalid_tool_args"],
    ["call_4", "thread_ended"],
  ]);
});

test("calls that run at the same time overlap in lanes of their own [L17]", async () => {
  const serial = ofCalls(await barsOf("one by one"));
  const parallel = ofCalls(await barsOf("at the same time"));
  expect(serial.map(({ tid }) => tid)).toEqual([1, 1, 1]);
  expect(countOverlaps(serial)).toBe(0);
  expect(parallel.map(({ tid }) => tid)).toEqual([1, 2, 3]);
  expect(countOverlaps(parallel)).toBe(3);
});

test("two calls with one id keep their own spans [G10]", async () => {
  const calls = ofCalls(await barsOf("equal ids"));
  expect(calls.map(({ args }) => [args["gen_ai.tool.call.id"], args["error.type"]])).toEqual([
    ["same", "tool_error"],
    ["same", undefined],
  ]);
  expect(new Set(calls.map(({ args }) => args["span.id"])).size).toBe(2);
});

test("a question that fails still leaves a trace, which says where", async () => {
  const bars = await barsOf("no model");
  expect(bars.map(({ name }) => name)).toEqual(["invoke_agent", "chat gpt-5.4-mini"]);
  expect(bars.map(({ args }) => args["error.type"])).toEqual([
    expect.stringMatching(/Error$/),
    expect.stringMatching(/Error$/),
  ]);
  expect((await watched).errors.get("no model")).toMatch(/^rejected: .*401/);
});

test("the demo prints what it prints without a trace, which is the transcript of its base", async () => {
  const { code, stdout } = await traced;
  expect(stdout).toBe(printed("08"));
  expect(stdout).toBe(printed("07"));
  expect(code).toBe(0);
});

test("bars of one lane never overlap, and the serial runner needs one lane", async () => {
  const { bars, stderr } = await traced;
  const calls = ofCalls(bars);
  expect(calls.filter(({ pid }) => pid === 1).map(({ tid }) => tid)).toEqual([1, 1, 1, 1, 1]);
  for (const lane of lanes(calls)) expect(countOverlaps(lane)).toBe(0);
  expect(Math.max(...calls.map(({ tid }) => tid))).toBe(4);
  for (const bar of bars) {
    const parent = bars.find(({ args }) => args["span.id"] === bar.args["parent.id"]);
    if (parent) expect(bar.ts + bar.dur).toBeLessThanOrEqual(parent.ts + parent.dur);
    if (parent) expect(bar.ts).toBeGreaterThanOrEqual(parent.ts);
  }
  expect(stderr.match(/^weather_tokyo +█+ +\d+ ms$/gm)).toHaveLength(2);
  expect(stderr.match(/^weather_atlantis +▒+ +\d+ ms$/gm)).toHaveLength(2);
  expect(stderr).toMatch(/^batch: 4 succeeded, 1 failed; \d+ ms of calls in \d+ ms; gain \d\.\d$/m);
});

test("no line of its timeline is wider than the terminal", async () => {
  const options = { env: { COLUMNS: "40" } };
  const { stderr } = await run(FILE, ["--timeline", "How is the weather in LA and Lima?"], options);
  const lines = stderr.slice(stderr.indexOf("run 1")).split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40);
  expect(lines).toContainEqual(expect.stringMatching(/^weather_lima +█+ +\d+ ms$/));
});

test("an OTLP endpoint receives the spans with names, parents and attributes", async () => {
  const { services, spans, stderr } = await traced;
  expect([...services]).toEqual(["POST /v1/traces the-agent-loop"]);
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === "");
  expect(roots.map(({ name }) => name)).toEqual(["invoke_agent", "invoke_agent"]);
  const [root] = roots;
  const own = spans.filter(({ traceId }) => traceId === root?.traceId);
  const parentOf = (child: z.infer<typeof Span>) =>
    own.find(({ spanId }) => spanId === child.parentSpanId)?.name;
  expect(own.map((span) => [span.name, parentOf(span)]).toSorted()).toEqual([
    ["chat offline", "invoke_agent"],
    ["chat offline", "invoke_agent"],
    ...Array(5).fill(["execute_tool get_weather", "tool_batch"]),
    ["invoke_agent", undefined],
    ["tool_batch", "invoke_agent"],
  ]);
  const chat = own.find(({ name }) => name === "chat offline");
  expect(chat).toMatchObject({
    kind: 3,
    status: { code: 0 },
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "offline",
    },
  });
  const calls = own.filter(({ name }) => name === "execute_tool get_weather");
  const operation = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "get_weather",
  };
  expect(calls.map(({ attributes, status }) => ({ ...attributes, code: status.code }))).toEqual(
    ["lima", "atlantis", "la", "paris", "tokyo"].map((place) => ({
      ...operation,
      "gen_ai.tool.call.id": `weather_${place}`,
      ...(place === "atlantis" ? { "error.type": "tool_error", code: 2 } : { code: 0 }),
    })),
  );
  expect(stderr).not.toMatch(/^trace: /m);
});

test("--trace takes the file off the command line, and the rest is the question", async () => {
  const { code, stdout } = await paris;
  expect(stdout.startsWith("Q: How is the weather in Paris?\n")).toBe(true);
  expect(ofCalls(readBars(parisFile))).toHaveLength(2);
  expect(code).toBe(0);
});

test("if the endpoint does not answer, only the trace is lost", async () => {
  const { code, stdout, stderr } = await paris;
  expect(stdout).toContain("\nA:\nHere's the weather: Paris is cloudy at 12 degrees.\n");
  expect(stderr.match(/^trace: .*/gm)).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
  expect(code).toBe(0);
});

test("--trace without a file is refused in one line, before anything is asked", async () => {
  expect(await run(FILE, ["a question", "--trace"], { env: QUIET })).toEqual({
    code: 1,
    stdout: "",
    stderr: "error: expected a file after --trace, got nothing\n",
  });
});

test("a file that cannot be written is reported, and the answer is still printed", async () => {
  const env = { ...QUIET, TRACE_FILE: join(temporary, "missing", "trace.json") };
  const { code, stdout, stderr } = await run(FILE, ["Who are you?"], { env });
  expect(stdout).toContain("\nA:\n");
  expect(stderr).toMatch(/\nerror: the trace is lost: Error: ENOENT.*\n$/);
  expect(code).toBe(1);
});

test("if no trace is asked for, nothing is recorded and nothing is written", async () => {
  const folder = copyBook();
  const before = readdirSync(folder);
  const { code, stderr } = await run(FILE, ["Who are you?"], { folder, env: QUIET });
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(readdirSync(folder)).toEqual(before);
  expect(code).toBe(0);
});

test.skipIf(process.platform === "win32")(
  "a run that Ctrl-C ends in the middle of a batch leaves its trace, which contains the open spans",
  async () => {
    const TRACE_FILE = join(temporary, "interrupted.json");
    const server = await serveScript([outputs(weather("a"), weather("b"), weather("c"))]);
    const barrier = await serveBarrier((waiting) => {
      if (waiting.includes("b")) user.pressCtrlC();
      return waiting.filter((name) => name === "a");
    });
    const env = { ...QUIET, TRACE_FILE, OPENAI_BASE_URL: server.url, BARRIER_URL: barrier.url };
    const user = startForUser(FILE, ["a question"], { folder: worldOf("waiting"), env });
    const { code, stderr } = await user.ended;
    server.close();
    barrier.close();
    expect(readBars(TRACE_FILE).map(({ name, args }) => [name, args["error.type"]])).toEqual([
      ["invoke_agent", "interrupted"],
      ["chat gpt-5.4-mini", undefined],
      ["tool_batch", "interrupted"],
      ["execute_tool get_weather", undefined],
      ["execute_tool get_weather", "interrupted"],
    ]);
    expect(stderr).toMatch(/^call_0 +█+ +\d+ ms\ncall_1 +▒+ +\d+ ms$/m);
    expect(code).toBe(130);
  },
);

// ── Runs that several tests share ────────────────────────────────────────────────────────────────

/** Runs the program with the watchers, on a model that knows the talks. */
async function runWatched() {
  const TRACE_FILE = join(temporary, "watched.json");
  const answer = ({ messages }: ChatRequest): Reply => {
    const question = messages[1]?.content ?? "";
    const step = messages.filter(({ role }) => role === "assistant").length;
    if (question === "no model") return (response) => response.writeHead(401).end();
    return outputs(...(TALKS[question]?.[step] ?? []));
  };
  let alone = ABC.length;
  const barrier = await serveBarrier((waiting) => {
    if (alone-- > 0) return waiting;
    return waiting.length === ABC.length ? waiting : [];
  });
  const env = { ...QUIET, TRACE_FILE, BARRIER_URL: barrier.url };
  const folder = worldOf("nasty-or-waiting");
  const { stdout, stderr } = await runScript("test/programs/08-watched.ts", answer, {
    folder,
    env,
  });
  barrier.close();
  return { prints: byQuestion(stdout), errors: byQuestion(stderr), bars: readBars(TRACE_FILE) };
}

/** Runs the demo, with its trace in a file and at an endpoint. */
async function runTraced() {
  const TRACE_FILE = join(temporary, "demo.json");
  const collector = await serveCollector();
  const env = { TRACE_FILE, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "" };
  const ended = await run(FILE, [], { env });
  collector.close();
  return { ...ended, ...collector, bars: readBars(TRACE_FILE) };
}

/** What was printed for each question, under the line "# question". */
function byQuestion(printed: string): Map<string, string> {
  const parts = printed.split(/^# /m).slice(1);
  return new Map(parts.map((part) => [part.split("\n")[0] ?? "", part.replace(/^.*\n/, "")]));
}

const NOTES = /^NOTES (.*)\n/m;

async function transcriptOf(question: string): Promise<string | undefined> {
  return (await watched).prints.get(question)?.replace(NOTES, "");
}

/** What the watcher of a question has noted: starts and ends of calls. */
async function notesOf(question: string): Promise<unknown[][]> {
  const [, notes = ""] = NOTES.exec((await watched).prints.get(question) ?? "") ?? [];
  return z.array(z.array(z.unknown())).parse(JSON.parse(notes));
}

/** The bars of a question, each of which is a run of the agent. */
async function barsOf(question: string): Promise<Bar[]> {
  const position = Object.keys(TALKS).indexOf(question) + 1;
  return (await watched).bars.filter(({ pid }) => pid === position);
}

// ── Reading a trace file ─────────────────────────────────────────────────────────────────────────

const Bar = z.object({
  ph: z.literal("X"),
  name: z.string(),
  pid: z.number(),
  tid: z.number(),
  ts: z.number(),
  dur: z.number().positive(),
  args: z.looseObject({ "span.id": z.string(), "parent.id": z.string().optional() }),
});
type Bar = z.infer<typeof Bar>;
const ChromeTrace = z.object({
  traceEvents: z.array(z.discriminatedUnion("ph", [Bar, z.looseObject({ ph: z.literal("M") })])),
});

function readBars(file: string): Bar[] {
  const { traceEvents } = ChromeTrace.parse(JSON.parse(readFileSync(file, "utf8")));
  return traceEvents.flatMap((event) => (event.ph === "X" ? Bar.parse(event) : []));
}

function ofCalls(bars: readonly Bar[]): Bar[] {
  return bars.filter(({ name }) => name.startsWith("execute_tool "));
}

function overlap(one: Bar, other: Bar): boolean {
  return one.ts < other.ts + other.dur && other.ts < one.ts + one.dur;
}

function countOverlaps(bars: readonly Bar[]): number {
  return bars.flatMap((one, index) => bars.slice(index + 1).filter((other) => overlap(one, other)))
    .length;
}

function lanes(bars: readonly Bar[]): Bar[][] {
  const names = new Set(bars.map(({ pid, tid }) => `${pid} ${tid}`));
  return [...names].map((name) => bars.filter(({ pid, tid }) => `${pid} ${tid}` === name));
}

// ── Receiving spans over OTLP ────────────────────────────────────────────────────────────────────

const Value = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.coerce.number().optional(),
});
const Attributes = z.array(z.object({ key: z.string(), value: Value })).transform((list) => {
  return Object.fromEntries(
    list.map(({ key, value }) => [key, value.stringValue ?? value.intValue]),
  );
});
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(""),
  name: z.string(),
  kind: z.number(),
  attributes: Attributes,
  status: z.looseObject({ code: z.number(), message: z.string().optional() }),
});
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.looseObject({ attributes: Attributes }),
      scopeSpans: z.array(z.looseObject({ spans: z.array(Span) })),
    }),
  ),
});

/** Serves an OTLP endpoint that keeps all spans. */
async function serveCollector() {
  const services = new Set<unknown>();
  const spans: z.infer<typeof Span>[] = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = Export.parse(JSON.parse(await text(request)));
    for (const { resource, scopeSpans } of resourceSpans) {
      services.add(`${request.method} ${request.url} ${resource.attributes["service.name"]}`);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    }
    response.setHeader("content-type", "application/json");
    response.end("{}");
  });
  return { ...(await listen(server)), services, spans };
}

test.each(["http://[", "nowhere", "ftp://127.0.0.1"])(
  "an endpoint that is not an http URL is refused: %s",
  async (endpoint) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
    const { stderr, code } = await run("chapters/08-tracing/main.ts", ["Who am I?"], { env });
    expect(stderr).toBe(
      `error: expected an http URL in OTEL_EXPORTER_OTLP_ENDPOINT, got ${endpoint}\n`,
    );
    expect(code).toBe(1);
  },
);
