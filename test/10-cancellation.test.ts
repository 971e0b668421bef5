// What chapter 10 promises: a cancel asks all running calls at once, ends those that do not stop within
// the grace, and starts nothing more; every call has its outcome, and the pool works afterwards. After a
// limit, the model answers with the results so far; Ctrl-C ends the run while the model thinks or calls run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { serveScript } from "../scripts/serve.ts";
import { serveBarrier } from "./support/barrier.ts";
import { startForUser } from "./support/interrupt.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";
import { like, worldOf } from "./support/worlds.ts";

const FILE = "chapters/10-cancellation/main.ts";
const NEVER_STARTED = { type: "cancelled", cancelled: "it never started" };
const ENDED = { type: "cancelled", cancelled: "its thread was ended" };
const MAIL = { from: "a@example.com", to: "b@example.com", message: "hello" };
const GRACE_MS = 500;
const SEND = { name: "send_email", arguments: JSON.stringify(MAIL) };

type Call = ReturnType<typeof weather>;

/** Batches that a user cancels: how many of the calls may run at once, and what the user waits for. */
const BATCHES = {
  aware: batch(["aware"], [weather("aware")]),
  sorry: batch(["sorry"], [weather("sorry")]),
  deaf: batch(["deaf"], [weather("deaf")]),
  busy: batch(["busy"], [weather("busy")]),
  queue: batch(
    ["deaf a", "aware b"],
    [weather("deaf a"), weather("aware b"), weather("c"), weather("deaf d"), SEND, weather("f")],
    2,
  ),
  slots: batch(
    ["deaf a", "calm in quick b", "aware c", "deaf d", "calm in quick e"],
    [
      weather("deaf a", "same"),
      weather("quick b", "same"),
      { id: "__proto__", name: "teleport", arguments: "{}" },
      weather("aware c", ""),
      { id: "broken", name: "get_weather", arguments: "{broken" },
      weather("deaf d", "same"),
      weather("quick e", "last"),
    ],
  ),
  deafs: batch(
    ["deaf a", "deaf b", "deaf c"],
    [weather("deaf a"), weather("deaf b"), weather("deaf c")],
  ),
  serial: batch(["deaf b"], [weather("a"), weather("deaf b"), weather("c")], 1),
  early: batch([], [weather("a"), weather("b"), SEND]),
  nasty: { ...batch(["nothing that there is"], []), calls: JSON.parse(NASTY_REPLY).outputs },
};
const ran = runBatches();

/** The chapter itself, one call after the other; the first comes to its own limit, the third to the batch's. */
const limited = runScript(
  FILE,
  [outputs(weather("deaf a"), weather("b"), weather("deaf c"), SEND), outputs()],
  { folder: worldOf("stations") },
);

test("a tool that looks at the flag stops early, and what it has by then is its result [M9 M12]", async () => {
  const { outcomes } = await endOf("aware");
  expect(outcomes).toEqual([{ type: "success", id: "call_0", result: "calm in aware" }]);
});

test("a tool that fails inside the grace has failed, and is not called cancelled [L11]", async () => {
  const { outcomes } = await endOf("sorry");
  const message = "half a forecast is none";
  const error = { class: "execution", code: "tool_error", message };
  expect(outcomes).toEqual([{ type: "failure", id: "call_0", error }]);
});

test.each(["deaf", "busy"] as const)(
  "the thread of a %s tool is ended and its slot says so",
  async (place) => {
    const { outcomes, called } = await endOf(place);
    expect(outcomes).toEqual([{ id: "call_0", ...ENDED }]);
    expect(called).toEqual([place]);
  },
);

test("calls in the queue are never entered, whatever they are [L13]", async () => {
  const { outcomes, called, mails } = await endOf("queue");
  expect(called).toEqual(["aware b", "deaf a"]);
  expect(mails).toBe(0);
  expect(outcomes).toEqual([
    { id: "call_0", ...ENDED },
    { id: "call_1", type: "success", result: "calm in aware b" },
    { id: "call_2", ...NEVER_STARTED },
    { id: "call_3", ...NEVER_STARTED },
    { id: "call_4", ...NEVER_STARTED },
    { id: "call_5", ...NEVER_STARTED },
  ]);
});

test("every slot is filled in the order asked, and no call loses its result because of a sibling [L12 M10]", async () => {
  const { outcomes } = await endOf("slots");
  const failed = (code: string) => ({ type: "failure", error: expect.objectContaining({ code }) });
  expect(outcomes).toEqual([
    { id: "same", ...ENDED },
    { id: "same", type: "success", result: "calm in quick b" },
    { id: "__proto__", ...failed("tool_unavailable") },
    { id: "", type: "success", result: "calm in aware c" },
    { id: "broken", ...failed("invalid_tool_args") },
    { id: "same", ...ENDED },
    { id: "last", type: "success", result: "calm in quick e" },
  ]);
});

test("all flags of a batch are raised at once, and all graces begin together [L10]", async () => {
  const { outcomes, atOnce } = await endOf("deafs");
  expect(outcomes).toEqual([0, 1, 2].map((index) => ({ id: `call_${index}`, ...ENDED })));
  expect(atOnce).toEqual({ flags: 3, graces: Array(3).fill(GRACE_MS) });
});

test("a serial runner can be cancelled as well as a parallel one", async () => {
  const { outcomes, called } = await endOf("serial");
  expect(called).toEqual(["a", "deaf b"]);
  expect(outcomes).toEqual([
    { id: "call_0", type: "success", result: "calm in a" },
    { id: "call_1", ...ENDED },
    { id: "call_2", ...NEVER_STARTED },
  ]);
});

test("nothing is started for a user who has cancelled before [M11]", async () => {
  const { outcomes, called, mails } = await endOf("early");
  expect(called).toEqual([]);
  expect(mails).toBe(0);
  expect(outcomes).toEqual([0, 1, 2].map((index) => ({ id: `call_${index}`, ...NEVER_STARTED })));
});

test("a batch that is not cancelled gets the outcomes that it gets without signals, even the nasty one", async () => {
  const { outcomes } = await endOf("nasty");
  const results = z.array(z.looseObject({ type: z.string() })).parse(outcomes);
  expect(results.map(({ type: _, ...result }) => result)).toEqual(NASTY_RESULTS);
});

test("after each of these cancels the pool works as before", async () => {
  const places = ["a", "b", "c"];
  for (const { next } of (await ran).ends.values()) {
    expect(next).toEqual(
      places.map((place, index) => {
        return { type: "success", id: `next_${index}`, result: `calm in next ${place}` };
      }),
    );
  }
});

test("nothing is said on stderr, however many calls one signal is for", async () => {
  const { code, stderr } = await ran;
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("a call over its own limit is cancelled alone, and the queue behind it goes on [M19]", async () => {
  const [first, second] = await resultsOfLimited();
  expect(first).toEqual({ id: "call_0", cancelled: ENDED.cancelled });
  expect(second).toEqual({ id: "call_1", result: "calm in b" });
});

test("the deadline ends a batch that never ends, and the model answers with the results so far", async () => {
  const { code, stdout, stderr, requests } = await limited;
  expect((await resultsOfLimited()).slice(2)).toEqual([
    { id: "call_2", cancelled: ENDED.cancelled },
    { id: "call_3", cancelled: NEVER_STARTED.cancelled },
  ]);
  expect(requests).toHaveLength(2);
  expect(stdout.endsWith("\n[Step 2] Agent: done\n\nA:\ndone\n")).toBe(true);
  expect(stderr).toMatch(/^model: .*\n$/);
  expect(code).toBe(0);
});

test("the demo shows all four fates of a call, and that the next batch works", () => {
  expect(printed("10").match(/"(?:result|cancelled)": .*/g)).toEqual([
    '"result": "sunny, 20 degrees"',
    '"result": "an incomplete forecast"',
    '"cancelled": "its thread was ended"',
    '"cancelled": "it never started"',
    '"result": "rainy, 14 degrees"',
  ]);
  expect(printed("10")).toContain(
    "I couldn't get the weather in Vostok: its thread was ended. I couldn't get the weather in Paris: it never started.",
  );
});

const hasCtrlC = process.platform !== "win32";

test.runIf(hasCtrlC)(
  "Ctrl-C while the model thinks ends the program at once, and nothing more is asked",
  async () => {
    // The model never answers, so only Ctrl-C can end this; the demo's second question is not asked.
    const server = await serveScript([() => user.pressCtrlC()]);
    const user = startForUser(FILE, [], { env: { OPENAI_BASE_URL: server.url } });
    expect(await user.ended).toEqual({
      code: 130,
      stdout: "Q: How is the weather in LA, McMurdo, Vostok and Paris?\n\n",
      stderr: `model: gpt-5.4-mini (${server.url})\ncancelled\n`,
    });
    expect(server.requests).toHaveLength(1);
    server.close();
  },
);

test.runIf(hasCtrlC)(
  "Ctrl-C during a batch prints what became of all calls and the e-mails sent, and asks no more",
  async () => {
    const server = await serveScript([outputs(SEND, weather("a"), weather("b"))]);
    const barrier = await serveBarrier(() => {
      user.pressCtrlC();
      return [];
    });
    const env = { OPENAI_BASE_URL: server.url, BARRIER_URL: barrier.url };
    const user = startForUser(FILE, [], { folder: worldOf("waiting"), env });
    const { code, stdout, stderr } = await user.ended;
    const [, printedResults, rest] = stdout.split("----------\n");
    expect(JSON.parse(printedResults?.replace("Function call results: ", "") ?? "")).toEqual([
      { id: "call_0", result: "message sent" },
      { id: "call_1", cancelled: ENDED.cancelled },
      { id: "call_2", cancelled: NEVER_STARTED.cancelled },
    ]);
    expect(rest).toBe(`\n\nMail box:\n${JSON.stringify([MAIL], null, 2)}\n`);
    expect(barrier.log).toEqual(["start a"]);
    expect(stderr).toBe(`model: gpt-5.4-mini (${server.url})\ncancelled\n`);
    expect(code).toBe(130);
    expect(server.requests).toHaveLength(1);
    server.close();
    barrier.close();
  },
);

/** A batch for test/programs/10-user.ts. Its user cancels when all places and results were seen. */
function batch(until: readonly string[], calls: readonly Call[], limit = 4) {
  return { calls: JSON.parse(outputs(...calls)).outputs, limit, until };
}

const End = z.object({
  outcomes: z.unknown(),
  called: z.array(z.string()),
  atOnce: z.unknown(),
  mails: z.number(),
  next: z.unknown(),
});
type End = z.infer<typeof End>;

/** The chapter with a grace that is long enough for a tool that looks at its flag, even on a busy machine. */
function bookWithLongGrace(): string {
  const source = readFileSync(join(ROOT, FILE), "utf8");
  const patient = source.replace("GRACE_MS = 50;", `GRACE_MS = ${GRACE_MS};`);
  expect(patient).not.toBe(source);
  return copyBook({ [FILE]: patient, "mock-tools/weather.ts": like("test/worlds/stations.ts") });
}

async function runBatches() {
  const settings = { folder: bookWithLongGrace() };
  const program = "test/programs/10-user.ts";
  const { code, stdout, stderr } = await run(program, [JSON.stringify(BATCHES)], settings);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { code, stderr, ends: new Map(z.array(z.tuple([z.string(), End])).parse(lines)) };
}

async function endOf(name: keyof typeof BATCHES): Promise<End> {
  return End.parse((await ran).ends.get(name));
}

async function resultsOfLimited(): Promise<unknown[]> {
  return z.array(z.unknown()).parse(lastResults((await limited).requests));
}
