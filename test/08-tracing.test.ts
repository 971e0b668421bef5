import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { listen } from "../scripts/serve.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";
import type { ChatRequest } from "../scripts/serve.ts";

const FILE = "chapters/08-tracing/main.ts";
const QUIET = { TRACE_FILE: "", OTEL_EXPORTER_OTLP_ENDPOINT: "" };

const MIXED = [
  weather("LA"),
  weather("Atlantis"),
  { name: "teleport", arguments: "{}" },
  { name: "send_email", arguments: "{broken" },
  weather("Pompeii"),
];
const MIXED_TYPES = ["success", "failure", "failure", "failure", "failure"];

const temporary = mkdtempSync(join(tmpdir(), "traces-"));
afterAll(() => rmSync(temporary, { recursive: true }));

let files = 0;
function traceFile(): string {
  files++;
  return join(temporary, `trace-${files}.json`);
}

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

/** A model that gives the calls to both runs of the demo, and then ends each. */
function twice(calls: readonly ReturnType<typeof weather>[]) {
  return ({ messages }: ChatRequest) => (messages.length === 2 ? outputs(...calls) : outputs());
}

/** Runs the scripted model's calls with hooks, and returns what the hooks saw. */
async function runHooked(hooks: string, calls = MIXED) {
  const source = `
    import { parallelRunner, runAgent } from "./chapters/08-tracing/main.ts";
    const log: unknown[] = [];
    await runAgent("a question", parallelRunner(4, ${hooks}));
    console.log("LOG" + JSON.stringify(log));
    process.exit();
  `;
  const folder = copyBook({ "hooked.ts": source });
  const ended = await runScript("hooked.ts", [outputs(...calls), outputs()], { folder });
  const [, log = "[]"] = /^LOG(.*)$/m.exec(ended.stdout) ?? [];
  return { ...ended, log: z.array(z.array(z.unknown())).parse(JSON.parse(log)) };
}

test("every call has one start and one end, however it ends", async () => {
  const { log } = await runHooked(`(call, index) => {
    log.push(["start", index, call.id, call.name]);
    return (outcome) => log.push(["complete", index, call.id, outcome.type]);
  }`);
  for (const [index, call] of MIXED.entries()) {
    const own = log.filter(([, position]) => position === index);
    expect(own).toEqual([
      ["start", index, `call_${index}`, call.name],
      ["complete", index, `call_${index}`, MIXED_TYPES[index]],
    ]);
  }
  expect(log).toHaveLength(2 * MIXED.length);
});

const silent = runHooked("() => () => undefined");

test.each([
  ["throws at a start", '() => { throw new Error("broken"); }'],
  ["throws at an end", '() => () => { throw new Error("broken"); }'],
  ["rejects", '() => async () => { throw new Error("broken"); }'],
])("a hook that %s changes nothing but stderr", async (_, hook) => {
  const { stdout, requests } = await silent;
  const broken = await runHooked(hook);
  expect(broken.stdout).toBe(stdout);
  expect(lastResults(broken.requests)).toEqual(lastResults(requests));
  expect(broken.stderr.match(/^hook: Error: broken$/gm)).toHaveLength(MIXED.length);
  expect(broken.code).toBe(0);
});

test("a batch has one event with its tools in the order asked and its counts", async () => {
  const TRACE_FILE = traceFile();
  const script = [outputs(...MIXED), outputs(weather("Lima")), outputs()];
  const { code } = await runScript(FILE, script, { env: { ...QUIET, TRACE_FILE } });
  const batches = readBars(TRACE_FILE).filter(({ name }) => name === "tool_batch");
  const serial = batches.filter(({ pid }) => pid === 1);
  expect(serial.map(({ args }) => args)).toMatchObject([
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
  expect(new Set(batches.map(({ args }) => args["span.id"])).size).toBe(batches.length);
  expect(code).toBe(0);
});

test("every failed call says in its span what kind of failure it was", async () => {
  const TRACE_FILE = traceFile();
  await runScript(FILE, [outputs(...MIXED), outputs()], { env: { ...QUIET, TRACE_FILE } });
  const serial = ofCalls(readBars(TRACE_FILE)).filter(({ pid }) => pid === 1);
  expect(serial.map(({ args }) => args["error.type"])).toEqual([
    undefined,
    "tool_error",
    "tool_unavailable",
    "invalid_tool_args",
    "thread_ended",
  ]);
});

test("calls that run at the same time overlap in lanes of their own", async () => {
  const TRACE_FILE = traceFile();
  const folder = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  const calls = [weather("a"), weather("b"), weather("c")];
  let started = 0;
  const barrier = await serveBarrier((waiting) => {
    started++;
    // The serial runner's calls come first, each alone.
    if (started <= calls.length) return waiting;
    return waiting.length === calls.length ? ["c", "a", "b"] : [];
  });
  const env = { ...QUIET, TRACE_FILE, BARRIER_URL: barrier.url };
  await runScript(FILE, twice(calls), { folder, env });
  barrier.close();
  const bars = ofCalls(readBars(TRACE_FILE));
  expect(bars.map(({ pid, tid }) => [pid, tid])).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
    [2, 1],
    [2, 2],
    [2, 3],
  ]);
  expect(countOverlaps(bars.slice(0, 3))).toBe(0);
  expect(countOverlaps(bars.slice(3))).toBe(3);
});

test("bars of one lane never overlap, and the serial runner needs one lane", async () => {
  const TRACE_FILE = traceFile();
  const { stdout, stderr } = await run(FILE, [], { env: { ...QUIET, TRACE_FILE } });
  const bars = readBars(TRACE_FILE);
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
  const { stdout: untraced } = await run("chapters/07-tool-runners/main.ts");
  expect(stdout).toBe(untraced);
});

test("two calls with one id keep their own spans", async () => {
  const TRACE_FILE = traceFile();
  const script = twice([weather("Atlantis", "same"), weather("LA", "same")]);
  await runScript(FILE, script, { env: { ...QUIET, TRACE_FILE } });
  const calls = ofCalls(readBars(TRACE_FILE));
  expect(calls.map(({ args }) => [args["gen_ai.tool.call.id"], args["error.type"]])).toEqual([
    ["same", "tool_error"],
    ["same", undefined],
    ["same", "tool_error"],
    ["same", undefined],
  ]);
  expect(new Set(calls.map(({ args }) => args["span.id"])).size).toBe(4);
});

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

test("an OTLP endpoint receives the spans with names, parents and attributes", async () => {
  const collector = await serveCollector();
  const env = { ...QUIET, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "" };
  const ended = await run(FILE, ["Compare the weather in LA and Atlantis."], { env });
  collector.close();
  expect([...collector.services]).toEqual(["POST /v1/traces the-agent-loop"]);
  const roots = collector.spans.filter(({ parentSpanId }) => parentSpanId === "");
  expect(roots.map(({ name }) => name)).toEqual(["invoke_agent", "invoke_agent"]);
  const [root] = roots;
  const own = collector.spans.filter(({ traceId }) => traceId === root?.traceId);
  const parentOf = (child: z.infer<typeof Span>) =>
    own.find(({ spanId }) => spanId === child.parentSpanId)?.name;
  expect(own.map((span) => [span.name, parentOf(span)]).toSorted()).toEqual([
    ["chat offline", "invoke_agent"],
    ["chat offline", "invoke_agent"],
    ["execute_tool get_weather", "tool_batch"],
    ["execute_tool get_weather", "tool_batch"],
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
  expect(calls.map(({ attributes, status }) => ({ ...attributes, code: status.code }))).toEqual([
    {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "weather_la",
      code: 0,
    },
    {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "weather_atlantis",
      "error.type": "tool_error",
      code: 2,
    },
  ]);
  expect(ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining("trace") });
});

test("an endpoint that is not there costs the trace, and nothing else", async () => {
  const env = { ...QUIET, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  const { code, stdout, stderr } = await run(FILE, ["How is the weather in Paris?"], { env });
  expect(stdout).toContain("\nA:\nHere's the weather: Paris is cloudy at 12 degrees.\n");
  expect(stderr.split("\n").slice(1)).toEqual([
    expect.stringMatching(/^trace: .*ECONNREFUSED/),
    "",
  ]);
  expect(code).toBe(0);
});

test("--trace takes the file off the command line, and the rest is the question", async () => {
  const file = traceFile();
  const args = ["How is the weather", "--trace", file, "in Paris?"];
  const { code, stdout } = await run(FILE, args, { env: QUIET });
  expect(stdout.startsWith("Q: How is the weather in Paris?\n")).toBe(true);
  expect(ofCalls(readBars(file))).toHaveLength(2);
  expect(code).toBe(0);
});

test("--trace without a file is refused, and a file that cannot be written is reported", async () => {
  const nameless = await run(FILE, ["--trace"], { env: QUIET });
  expect(nameless).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: .* trace\n$/) });
  const file = join(temporary, "missing", "trace.json");
  const { code, stdout, stderr } = await run(FILE, ["Who are you?", "--trace", file], {
    env: QUIET,
  });
  expect(stdout).toContain("\nA:\n");
  expect(stderr).toMatch(/\nerror: the trace is lost: Error: ENOENT.*\n$/);
  expect(code).toBe(1);
});

test("a question that fails still leaves a trace, which says where", async () => {
  const TRACE_FILE = traceFile();
  const { code, stderr } = await runScript(
    FILE,
    [
      (response) => {
        response.statusCode = 401;
        response.end();
      },
    ],
    { env: { ...QUIET, TRACE_FILE } },
  );
  const bars = readBars(TRACE_FILE);
  expect(bars.map(({ name }) => name)).toEqual(["invoke_agent", "chat gpt-5.4-mini"]);
  expect(bars.map(({ args }) => args["error.type"])).toEqual([
    expect.stringMatching(/Error$/),
    expect.stringMatching(/Error$/),
  ]);
  expect(stderr).toContain("error: 401");
  expect(code).toBe(1);
});

test("without a wish for a trace nothing is recorded and nothing is written", async () => {
  const folder = copyBook();
  const before = readdirSync(folder);
  const { code, stderr } = await run(FILE, ["How is the weather in Paris?"], {
    folder,
    env: QUIET,
  });
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(readdirSync(folder)).toEqual(before);
  expect(existsSync(join(folder, "trace.json"))).toBe(false);
  expect(code).toBe(0);
});
