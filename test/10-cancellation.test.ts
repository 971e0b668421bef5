import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run, start } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";
import { type ChatRequest, serveScript } from "../scripts/serve.ts";

const FILE = "chapters/10-cancellation/main.ts";
const NEVER_STARTED = { cancelled: "it never started" };
const ENDED = { cancelled: "its thread was ended" };

/** Stations that say when they are called; the place's first word says how they take a cancel. */
const STATIONS = `
const calls = new BroadcastChannel("calls");
calls.unref();
export async function forecast({ location }: { location: string }, context: { cancelled?: Int32Array } = {}) {
  calls.postMessage(location);
  const { cancelled = new Int32Array(1) } = context;
  const [nature] = location.split(" ");
  if (nature === "deaf") await new Promise<never>(() => {});
  if (nature === "busy") for (;;);
  if (nature === "aware" || nature === "sorry") {
    while (Atomics.load(cancelled, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    if (nature === "sorry") throw new Error("half a forecast is none");
  }
  return \`calm in \${location}\`;
}
`;

/**
 * A program with a user who cancels as soon as the given places have been called and the quick ones
 * of them have ended, and who then asks again. Its last line names the places called, and counts the
 * flags set, the graces begun and, of these, the ones begun in one go.
 */
function impatient(places: readonly string[], runner: string): string {
  return `
import { Piscina } from "piscina";
const channel = new BroadcastChannel("calls");
const called: string[] = [];
const user = new AbortController();
const wanted: string[] = ${JSON.stringify(places)};
const ended: string[] = [];
const look = () => {
  const ready = (place: string) => (place.startsWith("quick") ? ended : called).includes(place);
  if (wanted.every(ready)) user.abort();
};
channel.onmessage = ({ data }) => {
  called.push(data);
  look();
};
const { run } = Piscina.prototype;
Piscina.prototype.run = async function (task, options) {
  const result = await run.call(this, task, options);
  ended.push(task.args.location);
  setImmediate(look);
  return result;
};
if (wanted.length === 0) user.abort();
const counts = { flags: 0, graces: 0, moments: 0 };
const { store } = Atomics;
Object.assign(Atomics, {
  store: (...args: Parameters<typeof store>) => {
    counts.flags++;
    return store(...args);
  },
});
const { setTimeout: later } = globalThis;
Object.assign(globalThis, {
  setTimeout: (...args: Parameters<typeof later>) => {
    if (args[1] === 50 && counts.graces++ === 0) later(() => (counts.moments = counts.graces), 0);
    return later(...args);
  },
});
const { cancellable, parallelRunner, runAgent, serialRunner } = await import("./${FILE}");
await runAgent("first", cancellable(${runner}, user.signal));
const counted = { ...counts };
await runAgent("second", cancellable(${runner}));
process.stdout.write(JSON.stringify({ called, ...counted }), () => process.exit());
`;
}

const Report = z.object({
  called: z.array(z.string()),
  flags: z.number(),
  graces: z.number(),
  moments: z.number(),
});

type Call = ReturnType<typeof weather>;

/** Runs that program: the results of its first batch, of its second, and its last line. */
async function cancelAfter(
  places: readonly string[],
  batch: readonly Call[],
  runner = "parallelRunner()",
) {
  const folder = copyBook({
    "mock-tools/weather.ts": STATIONS,
    "user.ts": impatient(places, runner),
  });
  const next = [weather("next a"), weather("next b"), weather("next c")];
  const script = [outputs(...batch), outputs(), outputs(...next), outputs()];
  const { code, stdout, stderr, requests } = await runScript("user.ts", script, { folder });
  const results = (request: ChatRequest | undefined) => lastResults(request ? [request] : []);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(requests).toHaveLength(4);
  expect(results(requests[3])).toEqual([
    { id: "call_0", result: "calm in next a" },
    { id: "call_1", result: "calm in next b" },
    { id: "call_2", result: "calm in next c" },
  ]);
  const { called, ...counts } = Report.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  const first = called.filter((place) => !place.startsWith("next"));
  return { results: results(requests[1]), called: first.toSorted(), ...counts };
}

test("a tool that looks at the flag stops early, and what it has by then is its result", async () => {
  const { results } = await cancelAfter(["aware"], [weather("aware")]);
  expect(results).toEqual([{ id: "call_0", result: "calm in aware" }]);
});

test("a tool that fails inside the grace has failed, and is not called cancelled", async () => {
  const { results } = await cancelAfter(["sorry"], [weather("sorry")]);
  const message = "half a forecast is none";
  const error = { class: "execution", code: "tool_error", message };
  expect(results).toEqual([{ id: "call_0", error }]);
});

test.each(["deaf", "busy"])(
  "the thread of a %s tool is ended and its slot says so",
  async (place) => {
    const { results, called } = await cancelAfter([place], [weather(place)]);
    expect(results).toEqual([{ id: "call_0", ...ENDED }]);
    expect(called).toEqual([place]);
  },
);

test("calls in the queue are never entered, whatever they are", async () => {
  const batch = [
    weather("deaf a"),
    weather("aware b"),
    weather("c"),
    weather("deaf d"),
    { name: "send_email", arguments: '{"from":"a@b.c","to":"d@e.f","message":"hello"}' },
    weather("f"),
  ];
  const wanted = ["deaf a", "aware b"];
  const { results, called } = await cancelAfter(wanted, batch, "parallelRunner(2)");
  expect(called).toEqual(wanted.toSorted());
  expect(results).toEqual([
    { id: "call_0", ...ENDED },
    { id: "call_1", result: "calm in aware b" },
    { id: "call_2", ...NEVER_STARTED },
    { id: "call_3", ...NEVER_STARTED },
    { id: "call_4", ...NEVER_STARTED },
    { id: "call_5", ...NEVER_STARTED },
  ]);
});

test("every slot is filled in the order asked, and nobody loses a result to a sibling", async () => {
  const batch = [
    weather("deaf a", "same"),
    weather("quick b", "same"),
    { id: "__proto__", name: "teleport", arguments: "{}" },
    weather("aware c", ""),
    { id: "broken", name: "get_weather", arguments: "{broken" },
    weather("deaf d", "same"),
    weather("quick e", "last"),
  ];
  const wanted = ["deaf a", "quick b", "aware c", "deaf d", "quick e"];
  const { results } = await cancelAfter(wanted, batch);
  expect(results).toEqual([
    { id: "same", ...ENDED },
    { id: "same", result: "calm in quick b" },
    { id: "__proto__", error: expect.objectContaining({ code: "tool_unavailable" }) },
    { id: "", result: "calm in aware c" },
    { id: "broken", error: expect.objectContaining({ code: "invalid_tool_args" }) },
    { id: "same", ...ENDED },
    { id: "last", result: "calm in quick e" },
  ]);
});

test("all flags of a batch are raised at once, and all graces begin together", async () => {
  const batch = ["deaf a", "deaf b", "deaf c"];
  const calls = batch.map((place) => weather(place));
  const { results, flags, graces, moments } = await cancelAfter(batch, calls);
  expect(results).toEqual([0, 1, 2].map((index) => ({ id: `call_${index}`, ...ENDED })));
  expect({ flags, graces, moments }).toEqual({ flags: 3, graces: 3, moments: 3 });
});

test("a serial runner can be cancelled as well as a parallel one", async () => {
  const batch = [weather("a"), weather("deaf b"), weather("c")];
  const { results, called } = await cancelAfter(["deaf b"], batch, "serialRunner");
  expect(called).toEqual(["a", "deaf b"]);
  expect(results).toEqual([
    { id: "call_0", result: "calm in a" },
    { id: "call_1", ...ENDED },
    { id: "call_2", ...NEVER_STARTED },
  ]);
});

test("nothing is started for a user who has cancelled before", async () => {
  const batch = [weather("a"), weather("b"), weather("c")];
  const { results, called } = await cancelAfter([], batch);
  expect(called).toEqual([]);
  expect(results).toEqual([0, 1, 2].map((index) => ({ id: `call_${index}`, ...NEVER_STARTED })));
});

test("the deadline ends a batch that never ends, and the program ends by itself", async () => {
  const source = readFileSync(join(ROOT, FILE), "utf8");
  const main = source.replace("BATCH_MS = 3_000", "BATCH_MS = 1");
  expect(main).not.toBe(source);
  const folder = copyBook({ [FILE]: main, "mock-tools/weather.ts": STATIONS });
  const batch = [weather("busy a"), weather("deaf b"), weather("c")];
  const { code, stderr, requests } = await runScript(FILE, [outputs(...batch), outputs()], {
    folder,
  });
  expect(lastResults(requests)).toEqual([
    { id: "call_0", ...ENDED },
    { id: "call_1", ...NEVER_STARTED },
    { id: "call_2", ...NEVER_STARTED },
  ]);
  expect(stderr).not.toContain("error");
  expect(code).toBe(0);
});

test("a call over its own limit is cancelled alone, and the queue behind it goes on", async () => {
  const source = readFileSync(join(ROOT, FILE), "utf8");
  const main = source.replace("CALL_MS = 2_000", "CALL_MS = 800");
  expect(main).not.toBe(source);
  const folder = copyBook({ [FILE]: main, "mock-tools/weather.ts": STATIONS });
  const batch = [weather("busy a"), weather("b"), weather("aware c"), weather("d")];
  const { code, requests } = await runScript(FILE, [outputs(...batch), outputs()], { folder });
  expect(lastResults(requests)).toEqual([
    { id: "call_0", ...ENDED },
    { id: "call_1", result: "calm in b" },
    { id: "call_2", result: "calm in aware c" },
    { id: "call_3", result: "calm in d" },
  ]);
  expect(code).toBe(0);
});

test("the demo shows all four fates of a call, and that the next batch works", async () => {
  const { code, stdout, stderr } = await run(FILE);
  expect(stdout.match(/"(?:result|cancelled)": .*/g)).toEqual([
    '"result": "sunny, 20 degrees"',
    '"result": "an incomplete forecast"',
    '"cancelled": "its thread was ended"',
    '"cancelled": "it never started"',
    '"result": "rainy, 14 degrees"',
  ]);
  expect(stdout).toContain(
    "I couldn't get the weather in Vostok: its thread was ended. I couldn't get the weather in Paris: it never started.",
  );
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(code).toBe(0);
});

test.skipIf(process.platform === "win32")(
  "the first Ctrl-C cancels the batch, and the model answers with what there is",
  async () => {
    const server = await serveScript([outputs(weather("Vostok"), weather("LA")), outputs()]);
    const chapter = start(FILE, ["a question"], { env: { OPENAI_BASE_URL: server.url } });
    const ended = once(chapter, "exit");
    let printed = "";
    for await (const chunk of chapter.stdout) {
      printed += chunk;
      if (String(chunk).includes("Thinking...")) chapter.kill("SIGINT");
    }
    server.close();
    expect(lastResults(server.requests)).toEqual([
      { id: "call_0", cancelled: expect.any(String) },
      expect.objectContaining({ id: "call_1" }),
    ]);
    expect(printed.endsWith("\nA:\ndone\n")).toBe(true);
    expect(await ended).toEqual([0, null]);
  },
);
