// What the running chapter promises: a call starts as soon as the calls that it waits for have ended; a
// bad call is skipped or refused alone; and a whole plan takes one reply. Which calls
// wait for which is tested in 13-references.test.ts.
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import {
  type Effects,
  type Linked,
  link,
} from "../chapters/13-dependency-detection/dependencies.ts";
import { copyBook } from "../scripts/copy.ts";
import { start } from "../scripts/run.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { lastResults, outputs, runScript } from "./support/script.ts";
import type { Case } from "./programs/13-batches.ts";
import { like, worldOf } from "./support/worlds.ts";

// ── When a call starts ───────────────────────────────────────────────────────────────────────────

test("a call starts when its own sources have ended, not when all calls of an earlier wave have", async () => {
  const calls = [
    forecast("slow", "slow"),
    forecast("quick", "quick"),
    forecast("dependent", from("quick")),
    forecast("third", from("dependent")),
  ];
  const ends = ["quick", "done quick", "done done quick"];
  const { states, outcomes } = await drive({ calls, ends });
  expect(states).toEqual([
    ["quick", "slow"],
    ["done quick", "slow"],
    ["done done quick", "slow"],
    ["slow"],
  ]);
  expect(outcomes).toEqual([
    done("slow"),
    done("quick"),
    done("dependent", "done done quick"),
    done("third", "done done done quick"),
  ]);
});

test("a write waits for the reads before it, reads overlap one another, and other calls are free", async () => {
  const calls = [
    list("r1"),
    mail("w1", "w1"),
    list("r2"),
    list("r3"),
    forecast("free", "free"),
    mail("w2", "w2"),
    { id: "who", name: "get_user_profile", arguments: "{}" },
  ];
  const { states, outcomes } = await drive({ calls, ends: ["list_emails", "free"] });
  expect(states).toEqual([
    ["free", "get_user_profile", "list_emails"],
    ["free", "get_user_profile", "w1"],
    ["get_user_profile", "w1"],
    ["w1"],
    ["list_emails", "list_emails"],
    ["list_emails"],
    ["w2"],
  ]);
  expect(outcomes).toEqual([
    done("r1", "done list_emails"),
    done("w1"),
    done("r2", "done list_emails"),
    done("r3", "done list_emails"),
    done("free"),
    done("w2"),
    done("who", "done get_user_profile"),
  ]);
});

test("the limit is reached and never passed, and an invalid one is refused when the runner is made", async () => {
  const calls = [
    ...["a", "b", "c", "d"].map((place) => forecast(place, place)),
    ...["e", "f"].map((id) => forecast(id, from("a"))),
  ];
  const { states } = await drive({ calls, limit: 2 });
  expect(states).toEqual([
    ["a", "b"],
    ["b", "c"],
    ["c", "d"],
    ["d", "done a"],
    ["done a", "done a"],
    ["done a"],
  ]);
  const one = await drive({ calls, limit: 1 });
  expect(one.states.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1]);
  for (const limit of [0, -1, 1.5]) {
    const { error } = await drive({ calls, limit });
    expect(error).toBe("TypeError: Expected `concurrency` to be a number from 1 and up");
  }
});

test("an empty batch has no outcomes and starts nothing", async () => {
  expect(await drive({ calls: [] })).toEqual({ states: [], ended: [], received: [], outcomes: [] });
});

// ── What a call gets ─────────────────────────────────────────────────────────────────────────────

test("a call uses its source's result while a slow sibling is still under way [R12]", async () => {
  const calls = [
    forecast("slow", "slow"),
    forecast("quick", "quick"),
    mail("mail", { $text: ["It is ", from("quick"), "."] }),
  ];
  const { states, received } = await drive({ calls, ends: ["quick", "It is done quick."] });
  expect(states.slice(1)).toEqual([["It is done quick.", "slow"], ["slow"]]);
  expect(received[1]).toEqual([
    "It is done quick.",
    { from: "a@example.com", to: "bob@example.com", message: "It is done quick." },
  ]);
});

test("arguments are validated with the results in them, and what does not fit reaches no tool", async () => {
  const calls = [
    forecast("source", "source"),
    forecast("number", from("source", "degrees")),
    forecast("whole", from("source")),
    forecast("string", from("source", "sky")),
    forecast("text", { $text: [from("source", "degrees")] }),
    forecast("no reference", { $from: "source", paths: "sky" }),
  ];
  const results = { source: { degrees: 5, sky: "blue" } };
  const { received, outcomes } = await drive({ calls, results });
  const unfit = (id: string, what: string) => {
    const message = expect.stringContaining(`expected string, received ${what}`);
    return failed(id, "invalid_request", "invalid_tool_args", message);
  };
  expect(received.map(([name]) => name)).toEqual(["source", "5", "blue"]);
  expect(outcomes).toEqual([
    done("source", results.source),
    unfit("number", "number"),
    unfit("whole", "object"),
    done("string", "done blue"),
    done("text", "done 5"),
    unfit("no reference", "object"),
  ]);
});

test("of two calls with one id the first is meant, and no id is too odd to be referred to", async () => {
  const odd = ["__proto__", "constructor", "", "a.b", "$from"];
  const calls = [
    forecast("same", "first"),
    forecast("same", from("same")),
    forecast("third", from("same")),
    ...odd.flatMap((id) => [forecast(id, `at ${id}`), forecast(`after ${id}`, from(id))]),
    forecast("nobody", from("toString")),
  ];
  const { outcomes } = await drive({ calls });
  expect(outcomes).toEqual([
    done("same", "done first"),
    done("same", "done done first"),
    done("third", "done done first"),
    ...odd.flatMap((id) => [done(id, `done at ${id}`), done(`after ${id}`, `done done at ${id}`)]),
    refused("nobody", "no call of this reply has the id toString"),
  ]);
});

test("what a result says is never read as a reference", async () => {
  const planted = { $from: "secret" };
  const calls = [
    forecast("secret", "secret"),
    list("mailbox"),
    forecast("reads it", { $text: [from("mailbox")] }),
    forecast("is given it", from("mailbox")),
  ];
  const { received, outcomes } = await drive({ calls, results: { list_emails: planted } });
  const names = ["list_emails", "secret", JSON.stringify(planted)];
  expect(received.map(([name]) => name).toSorted()).toEqual(names.toSorted());
  expect(outcomes).toEqual([
    done("secret"),
    done("mailbox", planted),
    done("reads it", `done ${JSON.stringify(planted)}`),
    failed("is given it", "invalid_request", "invalid_tool_args", expect.any(String)),
  ]);
});

// ── What goes wrong ──────────────────────────────────────────────────────────────────────────────

test("each kind of bad reference fails its own call, dependents are skipped, and others run", async () => {
  const calls = [
    forecast("itself", from("itself")),
    forecast("one", from("other")),
    forecast("other", { $text: [from("one"), from("later")] }),
    forecast("unknown", from("nobody")),
    forecast("early", from("later")),
    forecast("after one", from("one")),
    forecast("after that", from("after one")),
    forecast("later", "later"),
    forecast("no path", from("later", "sky.colour")),
    forecast("after no path", from("no path")),
    forecast("good", from("later", "sky")),
  ];
  const { states, outcomes } = await drive({ calls, results: { later: { sky: "blue" } } });
  expect(states).toEqual([["later"], ["blue"]]);
  expect(outcomes).toEqual([
    refused("itself", "it refers to itself"),
    refused("one", "it refers to other, which comes later in the reply"),
    refused("other", "it refers to later, which comes later in the reply"),
    refused("unknown", "no call of this reply has the id nobody"),
    refused("early", "it refers to later, which comes later in the reply"),
    skipped("after one", "one"),
    skipped("after that", "after one"),
    done("later", { sky: "blue" }),
    refused("no path", "the result of later has no sky.colour"),
    skipped("after no path", "no path"),
    done("good", "done blue"),
  ]);
});

test("of calls that refer to each other in a circle one is refused, and the rest is skipped", async () => {
  const calls = [
    forecast("a", from("c")),
    forecast("b", from("a")),
    forecast("c", from("b")),
    forecast("free", "free"),
  ];
  const { states, outcomes } = await drive({ calls });
  expect(states).toEqual([["free"]]);
  expect(outcomes).toEqual([
    refused("a", "it refers to c, which comes later in the reply"),
    skipped("b", "a"),
    skipped("c", "b"),
    done("free"),
  ]);
});

test("a call whose source fails is skipped with the source's id, and never enters its tool", async () => {
  const calls = [
    forecast("bad", "bad"),
    forecast("good", "good"),
    mail("mail", { $text: [from("good"), " and ", from("bad")] }),
    forecast("next", from("mail")),
    { id: "lost", name: "teleport", arguments: JSON.stringify({ to: from("good") }) },
    forecast("after lost", from("lost")),
    { id: "broken", name: "get_weather", arguments: "{broken" },
    forecast("after broken", from("broken")),
  ];
  const { received, outcomes } = await drive({ calls, errors: { bad: "no bad" } });
  expect(received.map(([name]) => name)).toEqual(["bad", "good"]);
  expect(outcomes).toEqual([
    failed("bad", "execution", "tool_error", "no bad"),
    done("good"),
    skipped("mail", "bad"),
    skipped("next", "mail"),
    failed("lost", "unavailable", "tool_unavailable", expect.stringMatching(/^unknown tool tel/)),
    skipped("after lost", "lost"),
    failed("broken", "invalid_request", "invalid_tool_args", expect.any(String)),
    skipped("after broken", "broken"),
  ]);
});

test("an order is kept even if the earlier call has failed, was skipped or was refused", async () => {
  const calls = [
    mail("fails", "fails"),
    forecast("lost", "lost"),
    mail("skipped", from("lost")),
    mail("refused", from("nobody")),
    mail("last", "last"),
  ];
  const errors = { fails: "no mail", lost: "no weather" };
  const { states, outcomes } = await drive({ calls, errors });
  expect(states).toEqual([["fails", "lost"], ["lost"], ["last"]]);
  expect(outcomes).toEqual([
    failed("fails", "execution", "tool_error", "no mail"),
    failed("lost", "execution", "tool_error", "no weather"),
    skipped("skipped", "lost"),
    refused("refused", "no call of this reply has the id nobody"),
    done("last"),
  ]);
});

test("arguments that are nested without end fail only their own call", async () => {
  const depth = 100_000;
  const deep = `{"location":"deep","more":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  const calls = [{ id: "deep", name: "get_weather", arguments: deep }, forecast("good", "good")];
  const { outcomes, error } = await drive({ calls });
  expect(error).toBe(undefined);
  expect(outcomes).toEqual([expect.objectContaining({ id: "deep" }), done("good")]);
});

test("what a tool or a watcher throws is never called an invalid reference, whatever it says", async () => {
  const words = "it refers to itself";
  const calls = [forecast("a", "a"), forecast("b", from("a"))];
  const { outcomes } = await drive({ calls, errors: { a: words } });
  expect(outcomes).toEqual([failed("a", "execution", "tool_error", words), skipped("b", "a")]);
  const { error } = await drive({ calls, broken: words });
  expect(error).toBe(`Error: ${words}`);
});

// ── Whatever the graph ───────────────────────────────────────────────────────────────────────────

const TOOLS = new Map<string, Effects>([
  ["get_weather", { reads: [] }],
  ["get_user_profile", { reads: [] }],
  ["list_emails", { reads: ["mailbox"] }],
  ["send_email", { writes: ["mailbox"] }],
]);

/** Mostly one value, and sometimes another. */
function mostly<Value>(often: number, one: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>) {
  return fc.oneof({ weight: often, arbitrary: one }, { weight: 1, arbitrary: other });
}

const seldom = (often: number) => mostly(often, fc.constant(false), fc.constant(true));

const anyCall = fc.record({
  id: mostly(15, fc.constant(""), fc.constantFrom("c0", "c5", "__proto__")),
  tool: mostly(
    40,
    fc.constantFrom("get_weather", "get_weather", "send_email", "list_emails"),
    fc.constant("teleport"),
  ),
  references: fc.array(
    fc.record({
      /** A number for an earlier call or, if it is wild, for any call or none. */
      to: fc.nat(839),
      wild: seldom(20),
      path: mostly(30, fc.constant("of"), fc.constant("lost")),
    }),
    { maxLength: 2 },
  ),
  fails: seldom(20),
  rank: fc.nat(1_000),
});

const anyGraph = fc.record({
  calls: fc.array(anyCall, { maxLength: 20, size: "max" }),
  limit: fc.integer({ min: 1, max: 4 }),
});
type Graph = typeof anyGraph extends fc.Arbitrary<infer Value> ? Value : never;

/** The calls of a graph, each with a label and with its name in the driver. */
function toCalls({ calls }: Graph) {
  const ids = calls.map(({ id }, index) => id || `c${index}`);
  const labels = calls.map(({ tool }, index) => (tool === "list_emails" ? "list" : `k${index}`));
  return calls.map(({ tool, fails, rank, references: all }, index) => {
    const references = all.flatMap(({ to, wild, path }) => {
      const targets = wild ? [...ids, "nobody"] : ids.slice(0, index);
      const id = targets[to % targets.length];
      return id === undefined ? [] : { id, path };
    });
    const label = labels[index] ?? "";
    const text = { $text: [label, ...references.flatMap(({ id, path }) => [" ", from(id, path)])] };
    const sources = references.map(({ id }) => labels[ids.indexOf(id)]);
    return {
      ...call(ids[index] ?? "", tool, { ...ADDRESSES, location: text, message: text }),
      label,
      references,
      heldAs: tool === "list_emails" ? tool : [label, ...sources].join(" "),
      fails: fails && tool !== "list_emails",
      rank,
    };
  });
}
type Node = Linked<ReturnType<typeof toCalls>[number]>;

function toCase(nodes: readonly Node[], limit: number): Case {
  const calls = nodes.map((node) => node.call);
  const ranked = calls.toSorted((one, other) => one.rank - other.rank);
  return {
    calls,
    ends: ranked.map(({ heldAs }) => heldAs),
    results: Object.fromEntries(calls.map(({ heldAs, label }) => [heldAs, { of: label }])),
    errors: Object.fromEntries(
      calls.flatMap(({ heldAs, fails }) => (fails ? [[heldAs, "no"]] : [])),
    ),
    limit,
  };
}

type Fate = {
  readonly outcome: { readonly type: string; readonly id: string };
  readonly enters: boolean;
};

/** How a call ends and whether it enters its tool, given the outcomes of the earlier calls. */
function foretell({ call, sources, fault }: Node, fates: readonly Fate[]): Fate {
  const { id, name, label, references, fails } = call;
  const stays = (outcome: Fate["outcome"]) => ({ outcome, enters: false });
  if (fault) return stays(refused(id, fault));
  const ends = sources.flatMap((source) => fates[source]?.outcome ?? []);
  const lost = ends.find(({ type }) => type !== "success");
  if (lost) return stays(skipped(id, lost.id));
  const astray = references.find(({ path }) => path === "lost");
  if (astray) return stays(refused(id, `the result of ${astray.id} has no lost`));
  const message = expect.stringMatching(/^unknown tool teleport; there are get_weather, /);
  if (!TOOLS.has(name)) return stays(failed(id, "unavailable", "tool_unavailable", message));
  const outcome = fails ? failed(id, "execution", "tool_error", "no") : done(id, { of: label });
  return { outcome, enters: true };
}

/** The calls that may be under way when the calls at some positions have ended, without a limit. */
function readyAfter(
  nodes: readonly Node[],
  fates: readonly Fate[],
  ended: readonly number[],
): string[] {
  const over: boolean[] = [];
  const isOver = (position: number) => over[position] === true;
  const ready: string[] = [];
  for (const [index, { call, sources, rivals, fault }] of nodes.entries()) {
    const { outcome, enters } = fates[index] ?? {};
    const free = outcome?.type === "skipped" || rivals.every(isOver);
    const waits = !fault && !(sources.every(isOver) && free);
    over.push(!waits && (!enters || ended.includes(index)));
    if (!waits && enters && !ended.includes(index)) ready.push(call.heldAs);
  }
  return ready;
}

test("whatever the graph: each call ends once, after its sources and rivals, and none is held back [T13]", async () => {
  const property = fc.asyncProperty(anyGraph, async (graph) => {
    const nodes = link(toCalls(graph), TOOLS);
    const fates: Fate[] = [];
    for (const node of nodes) fates.push(foretell(node, fates));
    const { states, ended, received, outcomes } = await drive(toCase(nodes, graph.limit));
    expect(outcomes).toEqual(fates.map(({ outcome }) => outcome));
    const entered = nodes.filter((_, index) => fates[index]?.enters);
    const names = received.map(([name]) => name);
    expect(names.toSorted()).toEqual(entered.map(({ call }) => call.heldAs).toSorted());
    const order = ended.filter((index) => fates[index]?.enters);
    for (const [step, state] of states.entries()) {
      const ready = readyAfter(nodes, fates, order.slice(0, step));
      if (ready.length <= graph.limit) expect(state).toEqual(ready.toSorted());
      else expect(state).toHaveLength(graph.limit);
      expect(ready).toEqual(expect.arrayContaining(state));
    }
  });
  await fc.assert(property, { numRuns: 40 });
});

// ── The loop ─────────────────────────────────────────────────────────────────────────────────────

test("the nasty batch gets one outcome per call, in the order asked", async () => {
  const { results } = await talked;
  expect(results[0]).toEqual(NASTY_RESULTS);
});

test("a read that is asked for after a write sees it, and a later write may quote the read", async () => {
  const { results } = await talked;
  expect(results[1]).toEqual([
    { id: "one", result: "message sent" },
    { id: "list", result: [HELLO] },
    { id: "profile", result: { name: "Jack", email: "jack@example.com" } },
    { id: "two", result: "message sent" },
  ]);
});

test("if the thread of a source has died, the dependent call is skipped, and the calls on its resource go on", async () => {
  const { results } = await talked;
  const second = { ...HELLO, message: `${JSON.stringify([HELLO])}jack@example.com` };
  expect(results[2]).toEqual([
    { id: "dies", error: expect.objectContaining({ code: "thread_ended" }) },
    { id: "never", skipped: "dies has no result" },
    { id: "last", result: "message sent" },
    { id: "list", result: [HELLO, second, { ...HELLO, message: "last" }] },
  ]);
});

test("the demo counts every reply, a bad one too, and draws the calls of all batches", async () => {
  const { stdout } = await talked;
  const [, end = ""] = stdout.split("\nReplies: ");
  expect(end).toMatch(/^5\nThe calls: [()]+\n\ngraph LR\n/);
  expect(end).toContain(`
one
list
one -.-> list
profile
two
list --> two
profile --> two
one -.-> two
list -.-> two
dies
never
dies --> never
last
never -.-> last
list
never -.-> list
last -.-> list

A:
done
`);
});

test("the prompt explains both notations, and says nothing of the resources", async () => {
  const { requests } = await talked;
  const prompt = requests[0]?.messages[0]?.content ?? "";
  expect(prompt).toContain('{"$from": ID, "path": PATH} stands for the result of an earlier call');
  expect(prompt).toContain('{"$text": [PART, ...]} for its parts in one string');
  expect(prompt).not.toMatch(/mailbox|"reads"|"writes"/);
});

test("the demo needs two replies: one with four calls, and the answer", () => {
  const [steps = "", drawn = ""] = printed("13").split("\nReplies: 2\nThe calls: ((()))()\n\n");
  expect(steps.match(/^\[Step \d+\]/gm)).toEqual(["[Step 1]", "[Step 2]"]);
  const ids = ["weather_beijing", "weather_la", "user_profile", "send_email"];
  expect(steps.match(/(?<="id": ")\w+/g)).toEqual(ids);
  expect(drawn.split("\n\nA:")[0]).toBe(`graph LR
weather_beijing
weather_la
user_profile
send_email
user_profile --> send_email
weather_beijing --> send_email
weather_la --> send_email`);
  const [, mailbox = ""] = drawn.split("\nMail box:\n");
  const message = "Weather summary: Beijing: cloudy, 5 degrees, LA: sunny, 20 degrees.";
  expect(JSON.parse(mailbox)).toEqual([
    { from: "weather-bot@example.com", to: "jack@example.com", message },
  ]);
});

// ── Calls and outcomes ───────────────────────────────────────────────────────────────────────────

const ADDRESSES = { from: "a@example.com", to: "bob@example.com" };
const HELLO = { ...ADDRESSES, message: "hello" };

function call(id: string, name: string, args: object) {
  return { id, name, arguments: JSON.stringify(args) };
}

const list = (id: string) => call(id, "list_emails", {});
const forecast = (id: string, location: unknown) => call(id, "get_weather", { location });
const mail = (id: string, message: unknown) => call(id, "send_email", { ...ADDRESSES, message });

function from(id: string, path?: string) {
  return { $from: id, ...(path !== undefined && { path }) };
}

const done = (id: string, result: unknown = `done ${id}`) => ({ type: "success", id, result });
const skipped = (id: string, source: string) => {
  return { type: "skipped", id, skipped: `${source} has no result` };
};
const failed = (id: string, type: string, code: string, message: unknown) => {
  return { type: "failure", id, error: { class: type, code, message } };
};
const refused = (id: string, message: string) => {
  return failed(id, "invalid_request", "invalid_reference", message);
};

// ── One program runs all the batches, and holds each call in its thread ──────────────────────────

const Report = z.strictObject({
  /** The held calls each time when nothing more can happen, and the call that is released then. */
  states: z.array(z.array(z.string())).default([]),
  /** The released calls, by name, with the arguments that reached their tools. */
  received: z.array(z.tuple([z.string(), z.unknown()])).default([]),
  /** The positions of all calls that have ended, in the order of their ends. */
  ended: z.array(z.number()).default([]),
  outcomes: z.array(z.unknown()).default([]),
  /** The error in place of a runner or of the outcomes. */
  error: z.string().optional(),
});

function startDriver() {
  const held = like("test/worlds/held.ts");
  const parts = ["weather", "profile", "mailbox"].map((part) => [`mock-tools/${part}.ts`, held]);
  const child = start("test/programs/13-batches.ts", [], {
    folder: copyBook(Object.fromEntries(parts)),
    env: { OPENAI_BASE_URL: "http://127.0.0.1:9/" },
  });
  child.stderr.pipe(process.stderr);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

const driver = startDriver();
afterAll(() => driver.child.stdin.end());

/** Runs a batch as test/programs/13-batches.ts says. A call is named by its place, its message or its tool. */
async function drive(one: Case) {
  driver.child.stdin.write(`${JSON.stringify(one)}\n`);
  const { value } = await driver.lines.next();
  return Report.parse(JSON.parse(value));
}

// ── One run of the chapter itself, in which the model says what a test needs ─────────────────────

async function talk() {
  const replies = [
    "No JSON at all.",
    NASTY_REPLY,
    outputs(
      mail("one", "hello"),
      list("list"),
      call("profile", "get_user_profile", {}),
      mail("two", { $text: [from("list"), from("profile", "email")] }),
    ),
    outputs(
      forecast("dies", "ends its thread"),
      mail("never", from("dies")),
      mail("last", "last"),
      list("list"),
    ),
    outputs(),
  ];
  const file = "chapters/13-dependency-detection/main.ts";
  const { code, stdout, requests } = await runScript(file, replies, { folder: worldOf("nasty") });
  expect(code).toBe(0);
  const results = requests.slice(2).map((request) => lastResults([request]));
  return { stdout, requests, results };
}

const talked = talk();
