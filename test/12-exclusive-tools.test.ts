import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";

const FILE = "chapters/12-exclusive-tools/main.ts";
const RETRYING = "chapters/12-exclusive-tools/retrying.ts";
const LIST = { name: "list_emails", arguments: "{}" };
const PROFILE = { name: "get_user_profile", arguments: "{}" };

function mail(message: string, id?: string) {
  const args = { from: "a@example.com", to: "bob@example.com", message };
  const call = { name: "send_email", arguments: JSON.stringify(args) };
  return id === undefined ? call : { id, ...call };
}

function unknown(name: string) {
  return { name, arguments: "{}" };
}

/** A file of the book as a reader would edit it. */
function edit(file: string, ...changes: readonly (readonly [old: string, text: string])[]): string {
  let source = readFileSync(join(ROOT, file), "utf8");
  for (const [old, text] of changes) {
    expect(source).toContain(old);
    source = source.replace(old, text);
  }
  return source;
}

type Call = ReturnType<typeof weather>;

/** Batches that are handed to one runner at once; the calls under way end one by one, and which. */
type Case = {
  readonly batches: readonly (readonly Call[])[];
  readonly ends?: "oldest" | "latest";
  readonly limit?: number;
  readonly file?: string;
};

const SCATTERED = [
  mail("one", "same"),
  weather("a", "same"),
  mail("two", ""),
  weather("b", "same"),
  weather("c", ""),
  mail("three", "same"),
];
const SIX = ["a", "b", "c", "d", "e", "f"].map((place) => weather(place));
const BROKEN = { name: "send_email", arguments: "{broken" };

const CASES = {
  "oldest first": { batches: [SCATTERED], ends: "oldest" },
  "latest first": { batches: [SCATTERED], ends: "latest" },
  "each tool": { batches: [[mail("one"), LIST, PROFILE, mail("two"), weather("a")]] },
  "unknown tools": {
    batches: [[mail("one"), unknown("teleport"), weather("a"), unknown("__proto__"), mail("two")]],
  },
  "unknown tools in a lane": {
    batches: [[weather("a"), unknown("constructor"), unknown("teleport"), weather("b")]],
    ends: "latest",
    limit: 2,
  },
  "limit 4": { batches: [[mail("one"), ...SIX, mail("two")]] },
  "limit 2": { batches: [[mail("one"), ...SIX, mail("two")]], limit: 2 },
  "serial only": { batches: [[mail("one"), mail("two"), mail("three")]], ends: "latest" },
  "parallel only": { batches: [[weather("a"), weather("b")]], ends: "latest" },
  empty: { batches: [[]] },
  failing: {
    batches: [
      [weather("a fails"), mail("one fails"), BROKEN, mail("two fails"), mail("three"), LIST],
    ],
  },
  retrying: {
    batches: [[mail("one fails twice"), mail("two"), weather("a fails twice"), weather("b")]],
    ends: "latest",
    file: RETRYING,
  },
  "two batches": { batches: [[mail("one"), mail("two")], [mail("three")]] },
} satisfies Record<string, Case>;

/**
 * A program that holds every call where it would enter the pool and, whenever nothing more can
 * happen, notes who is held and lets one go. Calls fail if their names say so.
 */
const WATCHER = `
import { setImmediate as quiet } from "node:timers/promises";
import { Piscina } from "piscina";
const held: { name: string; letGo: () => void }[] = [];
const tries = new Map<string, number>();
Piscina.prototype.run = ({ name, args }) => {
  const call = args.location ?? args.message ?? name;
  tries.set(call, (tries.get(call) ?? 0) + 1);
  const fails = call.endsWith(" fails") || (call.endsWith(" fails twice") && tries.get(call) < 3);
  return new Promise((resolve, reject) => {
    const letGo = () => (fails ? reject(new Error("no " + call)) : resolve("done " + call));
    held.push({ name: call, letGo });
  });
};
Object.assign(globalThis, {
  rest: (id: string) => new Promise((resolve) => held.push({ name: "rest of " + id, letGo: resolve })),
});
async function watch({ batches, ends, limit, file = "${FILE}" }) {
  const { exclusiveRunner, gauge } = await import("./" + file);
  const runBatch = exclusiveRunner(limit);
  const [states, trails] = [[], []];
  let outcomes: unknown[] = ["not ended"];
  gauge.trail = "";
  const named = batches.map((calls) => calls.map((call, index) => ({ id: "call_" + index, ...call })));
  void Promise.all(named.map(runBatch)).then((all) => (outcomes = all));
  for (await quiet(); held.length > 0; await quiet()) {
    states.push(held.map(({ name }) => name).join(", "));
    trails.push(gauge.trail);
    held.splice(ends === "latest" ? -1 : 0, 1)[0].letGo();
  }
  return { states, trails: [...trails, gauge.trail], outcomes };
}
const report = {};
for (const [name, one] of Object.entries(${JSON.stringify(CASES)})) report[name] = await watch(one);
const { exclusiveRunner } = await import("./${FILE}");
const refusals = [0, -1, 1.5, Number.NaN].map((limit) => {
  try {
    return String(exclusiveRunner(limit));
  } catch (error) {
    return String(error);
  }
});
process.stdout.write(JSON.stringify({ report, refusals }), () => process.exit());
`;

const Watched = z.object({
  report: z.record(
    z.string(),
    z.object({
      states: z.array(z.string()),
      trails: z.array(z.string()),
      outcomes: z.array(z.unknown()),
    }),
  ),
  refusals: z.array(z.string()),
});

async function watchCases() {
  const visible = [
    ["const gauge", "export const gauge"],
    ["minThreads: 2", "minThreads: 0"],
  ] as const;
  const retrying = `
async function runCall(call: FunctionCall): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryCall(call);
    if (outcome.type === "success" || attempt === 3) return outcome;
    await rest(call.id);
  }
}

type RunBatch =`;
  const folder = copyBook({
    "own.ts": WATCHER,
    [FILE]: edit(FILE, ...visible),
    [RETRYING]: edit(
      FILE,
      ...visible,
      ["async function runCall(", "async function tryCall("],
      ["\ntype RunBatch =", retrying],
    ),
  });
  const { stdout, stderr } = await run("own.ts", [], { folder });
  expect(stderr).toBe("");
  return Watched.parse(JSON.parse(stdout));
}

/** One program for all cases. */
const watched = watchCases();

async function watch(name: keyof typeof CASES) {
  const { report } = await watched;
  return report[name] ?? { states: [], trails: [], outcomes: [] };
}

const done = (id: string, name: string) => ({ type: "success", id, result: `done ${name}` });

test("parallel calls are all under way before any of them ends, and then the serial ones, each alone", async () => {
  expect((await watch("oldest first")).states).toEqual([
    "a, b, c",
    "b, c",
    "c",
    "one",
    "two",
    "three",
  ]);
  expect((await watch("latest first")).states).toEqual([
    "a, b, c",
    "a, b",
    "a",
    "one",
    "two",
    "three",
  ]);
});

test("outcomes stand in the order asked, whatever the order of the ends, though ids repeat", async () => {
  const outcomes = [
    done("same", "one"),
    done("same", "a"),
    done("", "two"),
    done("same", "b"),
    done("", "c"),
    done("same", "three"),
  ];
  expect((await watch("oldest first")).outcomes).toEqual([outcomes]);
  expect((await watch("latest first")).outcomes).toEqual([outcomes]);
});

test("of the chapter's tools, sending an e-mail is serial and all others are parallel", async () => {
  const { states } = await watch("each tool");
  expect(states.slice(0, 1)).toEqual(["list_emails, get_user_profile, a"]);
  expect(states.slice(3)).toEqual(["one", "two"]);
});

test("calls of unknown tools wait for nobody and hold up nobody", async () => {
  const { states, trails, outcomes } = await watch("unknown tools");
  expect(states).toEqual(["a", "one", "two"]);
  expect(trails).toEqual(["((())", "((()))(", "((()))()(", "((()))()()"]);
  const lost = { class: "unavailable", code: "tool_unavailable", message: expect.any(String) };
  expect(outcomes).toEqual([
    [
      done("call_0", "one"),
      { type: "failure", id: "call_1", error: lost },
      done("call_2", "a"),
      { type: "failure", id: "call_3", error: lost },
      done("call_4", "two"),
    ],
  ]);
  expect((await watch("unknown tools in a lane")).states).toEqual(["a, b", "a"]);
});

test("the parallel part reaches its limit and never passes it", async () => {
  expect((await watch("limit 4")).states).toEqual([
    "a, b, c, d",
    "b, c, d, e",
    "c, d, e, f",
    "d, e, f",
    "e, f",
    "f",
    "one",
    "two",
  ]);
  expect((await watch("limit 2")).states).toEqual([
    "a, b",
    "b, c",
    "c, d",
    "d, e",
    "e, f",
    "f",
    "one",
    "two",
  ]);
});

test("a limit that is no limit is refused when the runner is made", async () => {
  const words = "RangeError: expected a whole number of calls from 1 up, got";
  const { refusals } = await watched;
  expect(refusals).toEqual(["0", "-1", "1.5", "NaN"].map((limit) => `${words} ${limit}`));
});

test("a batch may be all serial, all parallel, or empty", async () => {
  const serial = await watch("serial only");
  expect(serial.states).toEqual(["one", "two", "three"]);
  expect(serial.outcomes).toEqual([
    [done("call_0", "one"), done("call_1", "two"), done("call_2", "three")],
  ]);
  const parallel = await watch("parallel only");
  expect(parallel.states).toEqual(["a, b", "a"]);
  expect(parallel.outcomes).toEqual([[done("call_0", "a"), done("call_1", "b")]]);
  expect(await watch("empty")).toEqual({ states: [], trails: [""], outcomes: [[]] });
});

test("a call that fails stops neither the serial part nor the next serial call", async () => {
  const { states, outcomes } = await watch("failing");
  expect(states).toEqual([
    "a fails, list_emails",
    "list_emails",
    "one fails",
    "two fails",
    "three",
  ]);
  const failed = (id: string, name: string) => {
    const error = { class: "execution", code: "tool_error", message: `no ${name}` };
    return { type: "failure", id, error };
  };
  expect(outcomes).toEqual([
    [
      failed("call_0", "a fails"),
      failed("call_1", "one fails"),
      {
        type: "failure",
        id: "call_2",
        error: expect.objectContaining({ code: "invalid_tool_args" }),
      },
      failed("call_3", "two fails"),
      done("call_4", "three"),
      done("call_5", "list_emails"),
    ],
  ]);
});

test("a serial call that is tried again excludes the others between its attempts, too", async () => {
  const { states, outcomes } = await watch("retrying");
  expect(states).toEqual([
    "a fails twice, b",
    "a fails twice",
    "rest of call_2",
    "a fails twice",
    "rest of call_2",
    "a fails twice",
    "one fails twice",
    "rest of call_0",
    "one fails twice",
    "rest of call_0",
    "one fails twice",
    "two",
  ]);
  expect(outcomes).toEqual([
    [
      done("call_0", "one fails twice"),
      done("call_1", "two"),
      done("call_2", "a fails twice"),
      done("call_3", "b"),
    ],
  ]);
});

test("a serial call excludes those of its own batch, and not those of another", async () => {
  const { states, outcomes } = await watch("two batches");
  expect(states).toEqual(["one, three", "three, two", "two"]);
  expect(outcomes).toEqual([
    [done("call_0", "one"), done("call_1", "two")],
    [done("call_0", "three")],
  ]);
});

/** Stations that wait at the barrier if their names say so, and are nasty otherwise. */
const WEATHER = `
import { forecast as nasty } from "./nasty.ts";
import { forecast as waiting } from "./waiting.ts";
export function forecast(args: { location: string }): unknown {
  return args.location.startsWith("waiting") ? waiting(args) : nasty(args);
}
`;

/** Runs the chapter with real threads through batches of all kinds: the results of each. */
async function runBatches() {
  const trouble = `if (message.startsWith("waiting")) return waiting({ location: message });
  if (message === "throws a string") throw "a string";
  if (message === "ends its thread") process.exit(3);
  if (key !== undefined`;
  const folder = copyBook({
    "mock-tools/weather.ts": WEATHER,
    "mock-tools/nasty.ts": NASTY_WEATHER,
    "mock-tools/waiting.ts": WAITING_WEATHER,
    "mock-tools/mailbox.ts": edit(
      "mock-tools/mailbox.ts",
      ["import ", 'import { forecast as waiting } from "./waiting.ts";\nimport '],
      ["if (key !== undefined", trouble],
    ),
  });
  const barrier = await serveBarrier((waiting) => {
    const mails = waiting.filter((name) => name.startsWith("waiting mail"));
    return waiting.length === 3 ? waiting.toReversed() : mails;
  });
  const { code, stdout, requests } = await runScript(
    FILE,
    [
      NASTY_REPLY,
      outputs(
        mail("waiting mail 1"),
        weather("waiting a"),
        mail("waiting mail 2"),
        weather("waiting b"),
        weather("waiting c"),
      ),
      outputs(mail("hello"), LIST),
      outputs(LIST),
      outputs(mail("throws a string"), mail("ends its thread"), mail("last")),
      outputs(),
    ],
    { folder, env: { BARRIER_URL: barrier.url } },
  );
  barrier.close();
  const results = requests.slice(1).map((request) => lastResults([request]));
  return { code, stdout, requests, results, log: barrier.log };
}

const batches = runBatches();

test("in real threads, the waits of parallel calls overlap and a serial call is alone", async () => {
  const { stdout, log, results } = await batches;
  // After the 26 calls of the nasty batch, which end as they like.
  const [trail = ""] = stdout.match(/(?<=^The calls: [()]{52})[()]+$/m) ?? [];
  expect(trail).toBe("((()))()()" + "()()" + "()" + "()()()");
  const names = ["waiting a", "waiting b", "waiting c"];
  expect(log.slice(0, 3).toSorted()).toEqual(names.map((name) => `start ${name}`));
  expect(log.slice(3, 6).toSorted()).toEqual(names.map((name) => `end ${name}`));
  expect(log.slice(6)).toEqual([
    "start waiting mail 1",
    "end waiting mail 1",
    "start waiting mail 2",
    "end waiting mail 2",
  ]);
  expect(results[1]).toEqual([
    { id: "call_0", result: "calm in waiting mail 1" },
    { id: "call_1", result: "calm in waiting a" },
    { id: "call_2", result: "calm in waiting mail 2" },
    { id: "call_3", result: "calm in waiting b" },
    { id: "call_4", result: "calm in waiting c" },
  ]);
});

test("the nasty batch gets one outcome per call, in the order asked", async () => {
  const { code, results } = await batches;
  expect(results[0]).toEqual(NASTY_RESULTS);
  expect(code).toBe(0);
});

test("a serial call that ends its thread does not stop the next one", async () => {
  const { results } = await batches;
  const ended = { class: "internal", code: "thread_ended", message: "worker exited with code: 3" };
  expect(results[4]).toEqual([
    { id: "call_0", error: { class: "execution", code: "tool_error", message: "a string" } },
    { id: "call_1", error: ended },
    { id: "call_2", result: "message sent" },
  ]);
});

const HELLO = { from: "a@example.com", to: "bob@example.com", message: "hello" };

test("a read that is asked for after a write runs before it, and misses it", async () => {
  const { results } = await batches;
  expect(results[2]).toEqual([
    { id: "call_0", result: "message sent" },
    { id: "call_1", result: [] },
  ]);
  expect(results[3]).toEqual([{ id: "call_0", result: [HELLO] }]);
});

test("the model is told of every tool, but not which of them are serial", async () => {
  const { requests } = await batches;
  const prompt = requests[0]?.messages[0]?.content ?? "";
  expect(prompt.match(/(?<=^\{"name":")\w+/gm)).toEqual([
    "get_weather",
    "get_user_profile",
    "list_emails",
    "send_email",
  ]);
  expect(prompt).not.toMatch(/parallel|serial|execution/);
});

test("where the read is declared serial, too, it sees each write that was asked for before it", async () => {
  const serial = edit(FILE, [
    '{ ...listEmails, execution: "parallel" }',
    '{ ...listEmails, execution: "serial" }',
  ]);
  const reply = outputs(LIST, mail("hello"), LIST, mail("bye"), LIST);
  const { requests } = await runScript(FILE, [reply, outputs()], {
    folder: copyBook({ [FILE]: serial }),
  });
  expect(lastResults(requests)).toEqual([
    { id: "call_0", result: [] },
    { id: "call_1", result: "message sent" },
    { id: "call_2", result: [HELLO] },
    { id: "call_3", result: "message sent" },
    { id: "call_4", result: [HELLO, { ...HELLO, message: "bye" }] },
  ]);
});

test("the demo's reads overlap, and its e-mail goes alone", async () => {
  const { code, stdout, stderr } = await run(FILE);
  expect(stdout.match(/^The calls: .*$/gm)).toEqual(["The calls: ((()))()"]);
  const [, mailbox = ""] = stdout.split("\nMail box:\n");
  expect(JSON.parse(mailbox)).toEqual([{ ...HELLO, from: "weather-bot@example.com" }]);
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(code).toBe(0);
});
