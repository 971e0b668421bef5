import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import {
  type Effects,
  findSources,
  resolve,
} from "../chapters/13-dependency-detection/dependencies.ts";
import { ROOT } from "../scripts/chapters.ts";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import { run, start } from "../scripts/run.ts";
import { lastResults, outputs, runScript } from "./support/script.ts";

const FILE = "chapters/13-dependency-detection/main.ts";

type Call = { readonly id: string; readonly name: string; readonly arguments: string };

function call(id: string, name: string, args: object): Call {
  return { id, name, arguments: JSON.stringify(args) };
}

function forecast(id: string, location: unknown): Call {
  return call(id, "get_weather", { location });
}

function mail(id: string, message: unknown): Call {
  return call(id, "send_email", { from: "a@example.com", to: "bob@example.com", message });
}

const from = (id: string, path?: string) => ({
  $from: id,
  ...(path === undefined ? {} : { path }),
});

/** A file of the book as a reader would edit it. */
function edit(file: string, ...changes: readonly (readonly [old: string, text: string])[]): string {
  let source = readFileSync(join(ROOT, file), "utf8");
  for (const [old, text] of changes) {
    expect(source).toContain(old);
    source = source.replace(old, text);
  }
  return source;
}

/**
 * A batch for the runner, what the tools do with it, and who is let go first. A call goes by what
 * its arguments say: a `call`, a place, or a message, else by its tool.
 */
type Case = {
  readonly calls: readonly Call[];
  readonly tools?: Readonly<Record<string, Effects>>;
  readonly results?: Readonly<Record<string, unknown>>;
  readonly fails?: readonly string[];
  readonly ends?: readonly string[];
  readonly limit?: number | string;
};

const Report = z.strictObject({
  /** Who is under way whenever nothing more can happen until somebody is let go, and who is then. */
  states: z.array(z.array(z.string())),
  ended: z.array(z.string()),
  outcomes: z.array(z.unknown()),
  /** The arguments that reached the tools. */
  received: z.array(z.tuple([z.string(), z.unknown()])),
  graph: z.array(z.string()),
  /** The error in place of a runner or of the outcomes. */
  error: z.string().optional(),
});

/** Runs one case a line: each call is held where it would enter the pool, until it is let go. */
const DRIVER = `
import { createInterface } from "node:readline";
import { setImmediate as quiet } from "node:timers/promises";
import { Piscina } from "piscina";
import { z } from "zod";
import { dependencyRunner, graph, tools } from "./${FILE}";
const own = [...tools];
let held = [];
Piscina.prototype.run = ({ name, args }) =>
  new Promise((resolve, reject) => {
    held.push({ call: args.call ?? args.location ?? args.message ?? name, args, resolve, reject });
  });
async function drive({ calls, tools: declared, results = {}, fails = [], ends = [], limit = 1000 }) {
  const said = Object.entries(declared ?? {});
  const parameters = z.looseObject({});
  const report = { states: [], ended: [], outcomes: [], received: [], graph };
  held = [];
  graph.length = 0;
  tools.clear();
  for (const [name, tool] of own) if (!declared) tools.set(name, tool);
  for (const [name, effects] of said) tools.set(name, { name, parameters, ...effects });
  try {
    const batch = dependencyRunner(Number(limit))(calls).then(
      (outcomes) => Object.assign(report, { outcomes }),
      (error) => Object.assign(report, { error: String(error) }),
    );
    for (await quiet(); held.length > 0; await quiet()) {
      report.states.push(held.map((one) => one.call));
      const first = ends.find((name) => held.some((one) => one.call === name));
      const index = Math.max(0, held.findIndex((one) => one.call === first));
      const [{ call, args, resolve, reject }] = held.splice(index, 1);
      report.ended.push(call);
      report.received.push([call, args]);
      if (fails.includes(call)) reject(new Error("no " + call));
      else resolve(call in results ? results[call] : "done " + call);
    }
    await Promise.race([batch, quiet()]);
  } catch (error) {
    report.error = String(error);
  }
  return report;
}
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await drive(JSON.parse(line))));
}
process.exit();
`;

/** One program for all cases. */
function startDriver() {
  const folder = copyBook({
    "own.ts": DRIVER,
    [FILE]: edit(
      FILE,
      ["const tools =", "export const tools ="],
      ["const graph:", "export const graph:"],
      ["minThreads: 2", "minThreads: 0"],
    ),
  });
  const child = start("own.ts", [], { folder, env: { OPENAI_BASE_URL: "http://127.0.0.1:9/" } });
  child.stderr.pipe(process.stderr);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

const driver = startDriver();
afterAll(() => driver.child.stdin.end());

async function drive(one: Case) {
  driver.child.stdin.write(`${JSON.stringify(one)}\n`);
  const { value } = await driver.lines.next();
  return Report.parse(JSON.parse(value));
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

test("a write waits for the reads before it, reads overlap one another, and all else is free", async () => {
  const calls = [
    call("r1", "list_emails", {}),
    mail("w1", "w1"),
    call("r2", "list_emails", {}),
    call("r3", "list_emails", {}),
    forecast("free", "free"),
    mail("w2", "w2"),
    call("who", "get_user_profile", {}),
  ];
  const { states, outcomes } = await drive({ calls, ends: ["list_emails"] });
  expect(states).toEqual([
    ["list_emails", "free", "get_user_profile"],
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

test("only tools that declare their effects overlap, and one that declares none is free", async () => {
  const tools = {
    silent: {},
    free: { reads: [] },
    reader: { reads: ["a", "b"] },
    writer: { writes: ["b", "c"] },
    other: { reads: ["d"], writes: ["d"] },
  };
  const ask = (...names: (keyof typeof tools)[]) => ({
    tools,
    calls: names.map((name, index) => call(`c${index}`, name, { call: `${name} ${index}` })),
  });
  const { states } = await drive(ask("free", "silent", "free", "silent", "reader"));
  expect(states).toEqual([["free 0"], ["silent 1"], ["free 2"], ["silent 3"], ["reader 4"]]);
  const declared = await drive(ask("free", "reader", "writer", "other", "reader", "free", "other"));
  expect(declared.states).toEqual([
    ["free 0", "reader 1", "other 3", "free 5"],
    ["reader 1", "other 3", "free 5"],
    ["other 3", "free 5", "writer 2"],
    ["free 5", "writer 2", "other 6"],
    ["writer 2", "other 6"],
    ["other 6", "reader 4"],
    ["reader 4"],
  ]);
});

test("an order is kept though the call before has failed, was skipped or was refused", async () => {
  const calls = [
    mail("fails", "fails"),
    forecast("lost", "lost"),
    mail("skipped", from("lost")),
    mail("refused", from("nobody")),
    mail("last", "last"),
  ];
  const { states, outcomes } = await drive({ calls, fails: ["fails", "lost"] });
  expect(states).toEqual([["fails", "lost"], ["lost"], ["last"]]);
  expect(outcomes).toEqual([
    failed("fails", "execution", "tool_error", "no fails"),
    failed("lost", "execution", "tool_error", "no lost"),
    skipped("skipped", "lost"),
    refused("refused", "no call of this reply has the id nobody"),
    done("last"),
  ]);
});

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
    ["slow", "quick"],
    ["slow", "done quick"],
    ["slow", "done done quick"],
    ["slow"],
  ]);
  expect(outcomes).toEqual([
    done("slow"),
    done("quick"),
    done("dependent", "done done quick"),
    done("third", "done done done quick"),
  ]);
});

test("each kind of bad reference fails its own call, dependents are skipped, and others run", async () => {
  const calls = [
    forecast("itself", from("itself")),
    forecast("one", from("other")),
    forecast("other", { $text: [from("one"), from("later")] }),
    forecast("unknown", from("nobody")),
    forecast("early", from("later")),
    forecast("after a cycle", from("one")),
    forecast("after that", from("after a cycle")),
    forecast("later", "later"),
    forecast("no path", from("later", "sky.colour")),
    forecast("after no path", from("no path")),
    forecast("good", from("later", "sky")),
  ];
  const { states, outcomes } = await drive({ calls, results: { later: { sky: "blue" } } });
  expect(states).toEqual([["later"], ["blue"]]);
  expect(outcomes).toEqual([
    refused("itself", "it would wait for its own result, by way of itself"),
    refused("one", "it would wait for its own result, by way of other"),
    refused("other", "it would wait for its own result, by way of one"),
    refused("unknown", "no call of this reply has the id nobody"),
    refused("early", "it refers to later, which comes later in the reply"),
    skipped("after a cycle", "one"),
    skipped("after that", "after a cycle"),
    done("later", { sky: "blue" }),
    refused("no path", "the result of later has no sky.colour"),
    skipped("after no path", "no path"),
    done("good", "done blue"),
  ]);
});

test("a call whose source fails is skipped with the source's id, and never enters its tool", async () => {
  const calls = [
    forecast("bad", "bad"),
    forecast("good", "good"),
    mail("mail", { $text: [from("good"), " and ", from("bad")] }),
    forecast("next", from("mail")),
    call("lost", "teleport", { to: from("good") }),
    forecast("after lost", from("lost")),
    { id: "broken", name: "get_weather", arguments: "{broken" },
    forecast("after broken", from("broken")),
  ];
  const { ended, outcomes } = await drive({ calls, fails: ["bad"] });
  expect(ended).toEqual(["bad", "good"]);
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
  const { ended, outcomes } = await drive({ calls, results });
  const unfit = (id: string, what: string) => {
    const message = expect.stringContaining(`expected string, received ${what}`);
    return failed(id, "invalid_request", "invalid_tool_args", message);
  };
  expect(ended).toEqual(["source", "blue", "5"]);
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
    call("mailbox", "list_emails", {}),
    forecast("reads it", { $text: [from("mailbox")] }),
    forecast("is given it", from("mailbox")),
  ];
  const { ended, outcomes } = await drive({ calls, results: { list_emails: planted } });
  expect(ended).toEqual(["secret", "list_emails", JSON.stringify(planted)]);
  expect(outcomes).toEqual([
    done("secret"),
    done("mailbox", planted),
    done("reads it", `done ${JSON.stringify(planted)}`),
    failed("is given it", "invalid_request", "invalid_tool_args", expect.any(String)),
  ]);
});

test("arguments that are nested without end cost their own call alone", async () => {
  const depth = 100_000;
  const deep = `{"location":"deep","more":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  const calls = [{ id: "deep", name: "get_weather", arguments: deep }, forecast("good", "good")];
  const { outcomes, error } = await drive({ calls });
  expect(error).toBe(undefined);
  expect(outcomes).toEqual([expect.objectContaining({ id: "deep" }), done("good")]);
});

test("the limit is reached, never passed, and refused when the runner is made if it is none", async () => {
  const calls = ["a", "b", "c", "d"].map((place) => forecast(place, place));
  const after = [forecast("e", from("a")), forecast("f", from("a"))];
  const { states } = await drive({ calls: [...calls, ...after], limit: 2 });
  expect(states).toEqual([
    ["a", "b"],
    ["b", "c"],
    ["c", "d"],
    ["d", "done a"],
    ["done a", "done a"],
    ["done a"],
  ]);
  const one = await drive({ calls: [...calls, ...after], limit: 1 });
  expect(one.states.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1]);
  for (const limit of ["0", "-1", "1.5", "NaN"]) {
    const { error } = await drive({ calls, limit });
    expect(error).toBe("TypeError: Expected `concurrency` to be a number from 1 and up");
  }
});

test("the graph has a line for each call that may run, and one for each of its edges", async () => {
  const calls = [
    mail("first", "hello"),
    call("list", "list_emails", {}),
    forecast("weather", { $text: [from("list"), from("list", "length")] }),
    forecast("nowhere", from("nobody")),
    mail("second", from("weather")),
  ];
  const { graph } = await drive({ calls });
  expect(graph).toEqual([
    "first",
    "list",
    "first -.-> list",
    "weather",
    "list --> weather",
    "second",
    "weather --> second",
    "first -.-> second",
    "list -.-> second",
  ]);
});

test("an empty batch has no outcomes and starts nothing", async () => {
  const nothing = { states: [], ended: [], outcomes: [], received: [], graph: [] };
  expect(await drive({ calls: [] })).toEqual(nothing);
});

function fill(args: unknown, results: Readonly<Record<string, unknown>>): unknown {
  const found = new Map(Object.entries(results));
  return JSON.parse(resolve({ id: "x", arguments: JSON.stringify(args) }, found).arguments);
}

const CITY = { name: "LA", sky: ["fair", { wind: null }], empty: {}, "": "nameless" };

test.each<[what: string, args: unknown, filled: unknown]>([
  ["a whole result", from("city"), CITY],
  ["a whole result by an empty path", { to: from("city", "") }, { to: CITY }],
  ["a field", { to: from("city", "name") }, { to: "LA" }],
  ["an element of a list", [from("city", "sky.0")], ["fair"]],
  ["a field of an element", { a: { b: [from("city", "sky.1.wind")] } }, { a: { b: [null] } }],
  ["how many", from("city", "sky.length"), 2],
  ["a result that is a number", [from("number"), from("text")], [5, "five"]],
  ["a text", { $text: ["It is ", from("text"), "."] }, "It is five."],
  [
    "a text of other values",
    { $text: [from("number"), " ", true, null, [1, "a"]] },
    '5 truenull[1,"a"]',
  ],
  ["a text of an object", { $text: [from("city", "sky")] }, '["fair",{"wind":null}]'],
  [
    "a text in a text",
    { $text: ["a", { $text: [from("number"), { b: from("text") }] }] },
    'a5{"b":"five"}',
  ],
  ["an empty text", { $text: [] }, ""],
  [
    "what only looks like one",
    [{ $from: 5 }, { $from: "city", x: 1 }, { $text: "a" }],
    [{ $from: 5 }, { $from: "city", x: 1 }, { $text: "a" }],
  ],
  ["plain values", { a: [1, "b", null, { c: false }] }, { a: [1, "b", null, { c: false }] }],
])("%s is filled in", (_, args, filled) => {
  expect(fill(args, { city: CITY, number: 5, text: "five" })).toEqual(filled);
});

test.each([
  "constructor",
  "__proto__",
  "__proto__.name",
  "sky.constructor",
  "sky.2",
  "name.0.x",
  "empty.a",
  "sky.1.wind.a",
  "sky.",
  "toString",
])("a result has nothing at %s, and the error says so", (path) => {
  expect(() => fill({ to: from("city", path) }, { city: CITY })).toThrow(
    new Error(`the result of city has no ${path}`),
  );
});

test("a field called __proto__ stays a field, in arguments as in results", () => {
  const text = '{"__proto__":{"$from":"odd","path":"__proto__.a"}}';
  const odd = JSON.parse('{"__proto__":{"a":1}}');
  const call = { id: "x", arguments: text };
  expect(resolve(call, new Map([["odd", odd]])).arguments).toBe('{"__proto__":1}');
  expect(findSources([{ id: "odd", arguments: "{}" }, call])[1]?.sources).toEqual([0]);
});

test("arguments that are no JSON refer to nothing and stay as they are", () => {
  const call = { id: "x", arguments: '{"$from":"x"' };
  expect(findSources([call])).toEqual([{ call, sources: [] }]);
  expect(resolve(call, new Map())).toEqual(call);
});

// ── Random graphs ────────────────────────────────────────────────────────────────────────────────

type Edges = readonly (readonly number[])[];

/** Who gets to whom by one edge or more, by Warshall's algorithm. */
function closure(edges: Edges): boolean[][] {
  const reach = edges.map((targets) => edges.map((_, to) => targets.includes(to)));
  for (const [middle, beyond] of reach.entries()) {
    for (const row of reach) {
      if (row[middle]) for (const to of beyond.keys()) row[to] ||= beyond[to] === true;
    }
  }
  return reach;
}

test("calls are refused for waiting in a circle exactly if they stand in one", () => {
  const anyEdges = fc.integer({ min: 1, max: 40 }).chain((length) => {
    const targets = fc.array(fc.nat(length - 1), { maxLength: 2 });
    return fc.array(targets, { minLength: length, maxLength: length });
  });
  const property = fc.property(anyEdges, (edges) => {
    const calls = edges.map((targets, index) => {
      return { id: `c${index}`, arguments: JSON.stringify(targets.map((to) => from(`c${to}`))) };
    });
    const circular = findSources(calls).map(({ fault }) => /its own result/.test(String(fault)));
    const reach = closure(edges);
    expect(circular).toEqual(edges.map((_, index) => reach[index]?.[index]));
  });
  fc.assert(property, { numRuns: 300 });
});

const RESOURCES = ["red", "green", "blue"];
const someResources = fc.subarray(RESOURCES, { maxLength: 2 });

/** One value mostly, and now and then another. */
function mostly<One, Other>(often: number, one: fc.Arbitrary<One>, other: fc.Arbitrary<Other>) {
  return fc.oneof({ weight: often, arbitrary: one }, { weight: 1, arbitrary: other });
}

const anyEffects: fc.Arbitrary<Effects> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ reads: someResources }) },
  { weight: 5, arbitrary: fc.record({ reads: someResources, writes: someResources }) },
  { weight: 5, arbitrary: fc.record({ writes: someResources }) },
  { weight: 1, arbitrary: fc.constant({}) },
);

const anyReference = fc.record({
  /** A number for an earlier call or, rarely, for any call or none. */
  to: fc.nat(839),
  wild: mostly(20, fc.constant(false), fc.constant(true)),
  path: mostly(30, fc.constant("of"), fc.constant("lost")),
});

const anyCall = fc.record({
  id: mostly(15, fc.constant(undefined), fc.constantFrom("c0", "c5", "__proto__", "")),
  tool: fc.nat(7),
  references: fc.array(anyReference, { maxLength: 2 }),
  unknown: mostly(40, fc.constant(false), fc.constant(true)),
  fails: mostly(20, fc.constant(false), fc.constant(true)),
  rank: fc.nat(1_000),
});

const anyGraph = fc.record({
  effects: fc.array(anyEffects, { minLength: 8, maxLength: 8 }),
  calls: fc.array(anyCall, { maxLength: 40, size: "max" }),
  /** Without trouble nothing fails, and all references lead to earlier calls. */
  trouble: fc.boolean(),
  limit: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 5 })),
});

type Graph = typeof anyGraph extends fc.Arbitrary<infer Value> ? Value : never;

/** The rule in words of its own: who touches what another one writes, and who says nothing at all. */
function disturb(one: Effects = {}, other: Effects = {}): boolean {
  const silent = [one, other].some(({ reads, writes }) => !reads && !writes);
  const touches = ({ reads = [], writes = [] }: Effects) => new Set([...reads, ...writes]);
  const both = RESOURCES.filter((name) => touches(one).has(name) && touches(other).has(name));
  return silent || both.some((name) => one.writes?.includes(name) || other.writes?.includes(name));
}

/** The calls of a graph: whom each refers to, by position, and whose ends it has to wait for. */
function toNodes({ effects, calls, trouble }: Graph) {
  const ids = calls.map(({ id }, index) => id ?? `c${index}`);
  const isKnown = calls.map(({ unknown }) => !(trouble && unknown));
  return calls.map(({ tool, fails, references }, index) => {
    const all = references.map(({ to, wild, path }) => {
      const id = ids[to % (wild ? ids.length + 1 : index)] ?? "nobody";
      return { id, position: ids.indexOf(id), path: trouble ? path : "of" };
    });
    const earlier = all.filter(({ position }) => position >= 0 && position < index);
    const rivals = calls.slice(0, index).flatMap((other, position) => {
      const disturbs = isKnown[position] && disturb(effects[tool], effects[other.tool]);
      return isKnown[index] && disturbs ? position : [];
    });
    return {
      id: ids[index] ?? "",
      label: `k${index}`,
      tool: isKnown[index] ? `t${tool}` : "teleport",
      fails: trouble && fails,
      references: trouble ? all : earlier,
      rivals,
    };
  });
}
type Node = ReturnType<typeof toNodes>[number];

function toCase(nodes: readonly Node[], { effects, calls, limit }: Graph): Case {
  const rank = (index: number) => calls[index]?.rank ?? 0;
  const order = [...nodes.keys()].toSorted((one, other) => rank(one) - rank(other));
  return {
    calls: nodes.map(({ id, label, tool, references }) => {
      return call(id, tool, {
        call: label,
        of: references.map((reference) => from(reference.id, reference.path)),
      });
    }),
    tools: Object.fromEntries(effects.map((one, index) => [`t${index}`, one])),
    results: Object.fromEntries(nodes.map(({ label }) => [label, { of: label }])),
    fails: nodes.flatMap(({ label, fails }) => (fails ? label : [])),
    ends: order.flatMap((index) => nodes[index]?.label ?? []),
    limit,
  };
}

/** How each call must end; whether it enters its tool; and if not, whether that is clear at once. */
function foretell(nodes: readonly Node[]) {
  const reach = closure(nodes.map(({ references }) => references.map(({ position }) => position)));
  const ends: { outcome: { type: string; id: string }; enters: boolean; refused: boolean }[] = [];
  const judge = ({ id, label, tool, fails, references }: Node, index: number) => {
    const end = (outcome: { type: string; id: string }, enters = false) => {
      return { outcome, enters, refused: false };
    };
    const refuse = (message: string) => ({ ...end(refused(id, message)), refused: true });
    const back = references.find(({ position }) => {
      return position === index || reach[position]?.[index];
    });
    if (back) return refuse(`it would wait for its own result, by way of ${back.id}`);
    const nobody = references.find(({ position }) => position < 0);
    if (nobody) return refuse(`no call of this reply has the id ${nobody.id}`);
    const later = references.find(({ position }) => position > index);
    if (later) return refuse(`it refers to ${later.id}, which comes later in the reply`);
    const bad = references.find(({ position }) => ends[position]?.outcome.type !== "success");
    if (bad) return end(skipped(id, bad.id));
    const lost = references.find(({ path }) => path === "lost");
    if (lost) return end(refused(id, `the result of ${lost.id} has no lost`));
    const message = expect.stringMatching(/^unknown tool teleport; there are t0, /);
    if (tool === "teleport") return end(failed(id, "unavailable", "tool_unavailable", message));
    if (fails) return end(failed(id, "execution", "tool_error", `no ${label}`), true);
    return end(done(id, { of: label }), true);
  };
  for (const [index, node] of nodes.entries()) ends.push(judge(node, index));
  return ends;
}

/** Who may be under way once some have ended, were there no limit. */
function readyAfter(
  nodes: readonly Node[],
  ends: ReturnType<typeof foretell>,
  ended: ReadonlySet<string>,
): string[] {
  const over: boolean[] = [];
  const ready: string[] = [];
  for (const [index, { label, references, rivals }] of nodes.entries()) {
    const isOver = (position: number) => over[position] === true;
    const sources = references.map(({ position }) => position);
    const fed = ends[index]?.refused || sources.every(isOver);
    const free = ends[index]?.outcome.type === "skipped" || rivals.every(isOver);
    const enters = ends[index]?.enters;
    over.push(ends[index]?.refused || (fed && free && (!enters || ended.has(label))) || false);
    if (fed && free && enters && !ended.has(label)) ready.push(label);
  }
  return ready;
}

test("whatever the graph: each call ends once, after its sources and rivals, and none is held back", async () => {
  const property = fc.asyncProperty(anyGraph, async (graph) => {
    const nodes = toNodes(graph);
    const ends = foretell(nodes);
    const report = await drive(toCase(nodes, graph));
    expect(report.error).toBe(undefined);
    expect(report.outcomes).toEqual(ends.map(({ outcome }) => outcome));
    const entered = nodes.filter((_, index) => ends[index]?.enters);
    expect(report.ended.toSorted()).toEqual(entered.map(({ label }) => label).toSorted());
    for (const [step, state] of report.states.entries()) {
      const ready = readyAfter(nodes, ends, new Set(report.ended.slice(0, step)));
      expect(state.length).toBeLessThanOrEqual(graph.limit);
      if (state.length < graph.limit) expect(state.toSorted()).toEqual(ready.toSorted());
      else expect(ready).toEqual(expect.arrayContaining(state));
    }
    const received = new Map(report.received);
    for (const { label, references } of entered) {
      const of = references.map(({ position }) => nodes[position]?.label);
      expect(received.get(label)).toEqual({ call: label, of });
    }
    const lines = nodes.flatMap(({ id, references, rivals }, index) => {
      if (ends[index]?.refused) return [];
      const sources = [...new Set(references.map((reference) => reference.position))];
      return [
        id,
        ...sources.map((position) => `${nodes[position]?.id} --> ${id}`),
        ...rivals.map((position) => `${nodes[position]?.id} -.-> ${id}`),
      ];
    });
    expect(report.graph).toEqual(lines);
  });
  await fc.assert(property, { numRuns: 300 });
});

// ── Real threads ─────────────────────────────────────────────────────────────────────────────────

/** Stations that wait at the barrier if their names say so, and are nasty otherwise. */
const WEATHER = `
import { forecast as nasty } from "./nasty.ts";
import { forecast as waiting } from "./waiting.ts";
export function forecast(args: { location: string }): unknown {
  return args.location.startsWith("waiting") ? waiting(args) : nasty(args);
}
`;

const LIST = call("list", "list_emails", {});
const PROFILE = call("profile", "get_user_profile", {});

/** Runs the chapter with real threads through batches of all kinds: the results of each. */
async function runBatches() {
  const waiting = 'if (message.startsWith("waiting")) return waiting({ location: message });';
  const folder = copyBook({
    "mock-tools/weather.ts": WEATHER,
    "mock-tools/nasty.ts": NASTY_WEATHER,
    "mock-tools/waiting.ts": WAITING_WEATHER,
    "mock-tools/mailbox.ts": edit(
      "mock-tools/mailbox.ts",
      ["import ", 'import { forecast as waiting } from "./waiting.ts";\nimport '],
      ["if (key !== undefined", `${waiting}\n  if (key !== undefined`],
    ),
  });
  const barrier = await serveBarrier((held) => {
    if (held.length < 2) return [];
    const others = held.filter((name) => name !== "waiting slow");
    return others.includes("waiting quick") ? others : [...others, "waiting slow"];
  });
  const { code, requests } = await runScript(
    FILE,
    [
      NASTY_REPLY,
      outputs(
        forecast("slow", "waiting slow"),
        forecast("quick", "waiting quick"),
        mail("mail", { $text: ["waiting mail, ", from("quick")] }),
      ),
      outputs(
        mail("one", "hello"),
        LIST,
        PROFILE,
        mail("two", { $text: [from("list"), from("profile", "email")] }),
      ),
      outputs(
        forecast("dies", "ends its thread"),
        mail("never", from("dies")),
        mail("last", "last"),
        LIST,
      ),
      outputs(),
    ],
    { folder, env: { BARRIER_URL: barrier.url } },
  );
  barrier.close();
  const results = requests.slice(1).map((request) => lastResults([request]));
  return { code, requests, results, log: barrier.log };
}

const batches = runBatches();

test("in real threads, a call uses its source's result while a slow sibling is still under way", async () => {
  const { log, results } = await batches;
  expect(log.slice(0, 2).toSorted()).toEqual(["start waiting quick", "start waiting slow"]);
  expect(log.slice(2)).toEqual([
    "end waiting quick",
    "start waiting mail, calm in waiting quick",
    "end waiting mail, calm in waiting quick",
    "end waiting slow",
  ]);
  expect(results[1]).toEqual([
    { id: "slow", result: "calm in waiting slow" },
    { id: "quick", result: "calm in waiting quick" },
    { id: "mail", result: "calm in waiting mail, calm in waiting quick" },
  ]);
});

test("the nasty batch gets one outcome per call, in the order asked", async () => {
  const { code, results } = await batches;
  expect(results[0]).toEqual(NASTY_RESULTS);
  expect(code).toBe(0);
});

const HELLO = { from: "a@example.com", to: "bob@example.com", message: "hello" };

test("a read that is asked for after a write sees it, and a later write may quote the read", async () => {
  const { results } = await batches;
  expect(results[2]).toEqual([
    { id: "one", result: "message sent" },
    { id: "list", result: [HELLO] },
    { id: "profile", result: { name: "Jack", email: "jack@example.com" } },
    { id: "two", result: "message sent" },
  ]);
  const second = { ...HELLO, message: `${JSON.stringify([HELLO])}jack@example.com` };
  expect(results[3]).toEqual([
    { id: "dies", error: expect.objectContaining({ code: "thread_ended" }) },
    { id: "never", skipped: "dies has no result" },
    { id: "last", result: "message sent" },
    { id: "list", result: [HELLO, second, { ...HELLO, message: "last" }] },
  ]);
});

test("the prompt explains both notations, and says nothing of the resources", async () => {
  const { requests } = await batches;
  const prompt = requests[0]?.messages[0]?.content ?? "";
  expect(prompt).toContain('{"$from": ID, "path": PATH} stands for the result of an earlier call');
  expect(prompt).toContain('{"$text": [PART, ...]} for its parts in one string');
  expect(prompt).not.toMatch(/mailbox|"reads"|"writes"/);
});

test("the demo needs two replies: one with four calls, and the answer", async () => {
  const { code, stdout, stderr } = await run(FILE);
  expect(stdout.match(/^\[Step \d+\]/gm)).toEqual(["[Step 1]", "[Step 2]"]);
  expect(stdout.match(/(?<="id": ")\w+/g)).toEqual([
    "weather_beijing",
    "weather_la",
    "user_profile",
    "send_email",
  ]);
  const [, drawn = ""] = stdout.split("\nThe calls: ");
  expect(drawn.split("\n\nA:")[0]).toBe(`((()))()

graph LR
weather_beijing
weather_la
user_profile
send_email
user_profile --> send_email
weather_beijing --> send_email
weather_la --> send_email`);
  const [, mailbox = ""] = stdout.split("\nMail box:\n");
  const message = "Weather summary: Beijing: cloudy, 5 degrees, LA: sunny, 20 degrees.";
  expect(JSON.parse(mailbox)).toEqual([
    { from: "weather-bot@example.com", to: "jack@example.com", message },
  ]);
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(code).toBe(0);
});
