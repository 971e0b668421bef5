// What the chapter's dependencies.ts promises: it finds the calls that a call waits for, which are always
// earlier ones, draws them, and puts results in place of the references.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  conflict,
  draw,
  type Effects,
  link,
  resolve,
} from "../chapters/13-dependency-detection/dependencies.ts";

// ── References ───────────────────────────────────────────────────────────────────────────────────

test("a call waits for each call that it refers to, once, wherever in its arguments it does so", () => {
  const calls = [
    call("first", {}),
    call("second", [{ deep: { $text: ["It is ", from("first", "sky"), "."] } }]),
    call("third", { b: from("second"), a: [from("first"), from("second", "x")] }),
  ];
  expect(link(calls, FREE)).toEqual([
    { call: calls[0], sources: [], rivals: [], fault: undefined },
    { call: calls[1], sources: [0], rivals: [], fault: undefined },
    { call: calls[2], sources: [1, 0], rivals: [], fault: undefined },
  ]);
});

test("a reference that does not lead to an earlier call is a fault, and the first one is named", () => {
  const calls = [
    call("itself", from("itself")),
    call("one", [from("other"), from("nobody")]),
    call("other", [from("one"), from("nobody")]),
    call("last", [from("one"), from("last"), from("other")]),
  ];
  const links = link(calls, FREE);
  expect(links.map(({ fault }) => fault)).toEqual([
    "it refers to itself",
    "it refers to other, which comes later in the reply",
    "no call of this reply has the id nobody",
    "it refers to itself",
  ]);
  expect(links.map(({ sources }) => sources)).toEqual([[], [], [], []]);
});

test("of two calls with one id the first is meant, and no id is too odd to be referred to", () => {
  const odd = ["__proto__", "constructor", "", "a.b", "$from"];
  const same = [call("same", {}), call("same", from("same")), call("third", from("same"))];
  const others = odd.flatMap((id) => [call(id, {}), call(`after ${id}`, from(id))]);
  const links = link([...same, ...others, call("last", from("toString"))], FREE);
  expect(links.map(({ sources }) => sources)).toEqual([
    [],
    [0],
    [0],
    ...odd.flatMap((_, index) => [[], [3 + 2 * index]]),
    [],
  ]);
  expect(links.at(-1)?.fault).toBe("no call of this reply has the id toString");
});

test("a chain of 20,000 references is linked if it leads backwards, and refused if forwards", () => {
  const chain = (step: number) => {
    const calls = Array.from({ length: 20_000 }, (_, index) => {
      return call(`c${index}`, from(`c${index + step}`));
    });
    return link(calls, FREE);
  };
  const [first, ...backwards] = chain(-1);
  expect(first?.fault).toBe("no call of this reply has the id c-1");
  expect(backwards.every(({ sources }, index) => sources[0] === index)).toBe(true);
  expect(backwards.some(({ fault }) => fault)).toBe(false);
  const forwards = chain(1);
  expect(forwards.every(({ fault, sources }) => fault && sources.length === 0)).toBe(true);
});

test("arguments that are not JSON, or nested without end, refer to nothing", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  for (const text of ['{"$from":"x"', deep]) {
    const calls = [{ id: "x", name: "free", arguments: text }];
    expect(link(calls, FREE)).toEqual([
      { call: calls[0], sources: [], rivals: [], fault: undefined },
    ]);
  }
});

// ── Effects ──────────────────────────────────────────────────────────────────────────────────────

test("a call comes after those before it that touch what it touches, if one of the two writes", () => {
  const tools = new Map<string, Effects>([
    ["free", { reads: [] }],
    ["reader", { reads: ["a", "b"] }],
    ["writer", { writes: ["b", "c"] }],
    ["other", { reads: ["d"], writes: ["d"] }],
  ]);
  const names = ["reader", "writer", "free", "other", "reader", "reader", "writer", "other"];
  const calls = names.map((name, index) => call(`c${index}`, {}, name));
  expect(link(calls, tools).map(({ rivals }) => rivals)).toEqual([
    [],
    [0],
    [],
    [],
    [1],
    [1],
    [0, 1, 4, 5],
    [3],
  ]);
});

test("a tool that declares nothing may touch everything, and an unknown one conflicts with none", () => {
  const tools = new Map<string, Effects>([
    ["free", { reads: [] }],
    ["silent", {}],
  ]);
  const names = ["free", "silent", "teleport", "free", "silent"];
  const calls = names.map((name, index) => call(`c${index}`, {}, name));
  expect(link(calls, tools).map(({ rivals }) => rivals)).toEqual([[], [0], [], [1], [0, 1, 3]]);
});

// ── All together ─────────────────────────────────────────────────────────────────────────────────

const RESOURCES = ["red", "green", "blue"];
const someResources = fc.subarray(RESOURCES, { maxLength: 2 });

const anyEffects: fc.Arbitrary<Effects> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ reads: someResources }) },
  { weight: 5, arbitrary: fc.record({ reads: someResources, writes: someResources }) },
  { weight: 5, arbitrary: fc.record({ writes: someResources }) },
  { weight: 1, arbitrary: fc.constant({}) },
);

const anyBatch = fc.record({
  effects: fc.array(anyEffects, { minLength: 5, maxLength: 5 }),
  calls: fc.array(
    fc.record({
      id: fc.oneof(
        { weight: 15, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom("c0", "c5", "__proto__", "") },
      ),
      /** Its tool; the last one is unknown. */
      tool: fc.nat(5),
      /** The calls that it refers to: mostly earlier calls, seldom any call, or none. */
      earlier: fc.array(fc.nat(839), { maxLength: 2 }),
      wild: fc.oneof(
        { weight: 9, arbitrary: fc.constant<number[]>([]) },
        { weight: 1, arbitrary: fc.array(fc.nat(839), { minLength: 1, maxLength: 2 }) },
      ),
    }),
    { maxLength: 40, size: "max" },
  ),
});

/** What is wrong with a reference of the call at an index, by the position of the call it leads to. */
function faultOf({ id, position }: { id: string; position: number }, index: number) {
  if (position < 0) return `no call of this reply has the id ${id}`;
  if (position === index) return "it refers to itself";
  return position > index ? `it refers to ${id}, which comes later in the reply` : undefined;
}

/** The rule once more, written independently: tools that touch what the other writes, or declare nothing. */
function disturb(one: Effects, other: Effects): boolean {
  const silent = [one, other].some(({ reads, writes }) => !reads && !writes);
  const touches = ({ reads = [], writes = [] }: Effects) => new Set([...reads, ...writes]);
  const both = RESOURCES.filter((name) => touches(one).has(name) && touches(other).has(name));
  return silent || both.some((name) => one.writes?.includes(name) || other.writes?.includes(name));
}

test("two tools conflict as the rule says, whichever of them comes first", () => {
  const property = fc.property(anyEffects, anyEffects, (one, other) => {
    expect(conflict(one, other)).toBe(disturb(one, other));
    expect(conflict(other, one)).toBe(disturb(one, other));
  });
  fc.assert(property);
});

test("whatever the calls: each is linked only to earlier ones, and to all that it must wait for", () => {
  const property = fc.property(anyBatch, ({ effects, calls }) => {
    const tools = new Map(effects.map((one, index) => [`t${index}`, one]));
    const ids = calls.map(({ id }, index) => id ?? `c${index}`);
    const all = calls.map(({ tool, earlier, wild }, index) => {
      const near = earlier.flatMap((to) => ids[to % index] ?? []);
      const far = wild.map((to) => ids[to % (ids.length + 1)] ?? "nobody");
      return { id: ids[index] ?? "", tool, references: [...near, ...far] };
    });
    const links = link(
      all.map(({ id, tool, references }) =>
        call(
          id,
          references.map((to) => from(to)),
          `t${tool}`,
        ),
      ),
      tools,
    );
    const expected = all.map(({ tool, references }, index) => {
      const targets = [...new Set(references)].map((id) => ({ id, position: ids.indexOf(id) }));
      const fault = targets
        .map((target) => faultOf(target, index))
        .find((one) => one !== undefined);
      const rivals = all.slice(0, index).flatMap((other, position) => {
        const [own, its] = [effects[tool], effects[other.tool]];
        return own && its && disturb(own, its) ? position : [];
      });
      return { sources: fault ? [] : targets.map(({ position }) => position), rivals, fault };
    });
    expect(links.map(({ call: _, ...rest }) => rest)).toEqual(expected);
    for (const [index, { sources, rivals }] of links.entries()) {
      expect([...sources, ...rivals].every((position) => position < index)).toBe(true);
    }
  });
  fc.assert(property, { numRuns: 150 });
});

test("the graph has a line for each call without a fault, and one for each that it waits for", () => {
  const tools = new Map<string, Effects>([
    ["free", { reads: [] }],
    ["send", { writes: ["mailbox"] }],
    ["list", { reads: ["mailbox"] }],
  ]);
  const calls = [
    call("first", {}, "send"),
    call("list", {}, "list"),
    call("weather", { $text: [from("list"), from("list", "length")] }),
    call("nowhere", from("nobody")),
    call("second", from("weather"), "send"),
  ];
  expect(draw(link(calls, tools))).toEqual([
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

test("of a large batch, the beginning is drawn", () => {
  const tools = new Map<string, Effects>([["send", { writes: ["mailbox"] }]]);
  const calls = Array.from({ length: 2_000 }, (_, index) => call(`c${index}`, {}, "send"));
  const lines = draw(link(calls, tools));
  expect(lines.slice(0, 3)).toEqual(["c0", "c1", "c0 -.-> c1"]);
  expect(lines.slice(500)).toEqual(["%% and so on"]);
});

test("an id that is not a plain word in Mermaid gets a name, and is its label", () => {
  const odd = ["end", "a b", 'x"] --> y["', "Graph", "b\n\u001b[31m", "_1", ""];
  const calls = odd.map((id, index) => call(id, index === 0 ? {} : from(odd[index - 1] ?? "")));
  const lines = draw(link(calls, FREE));
  expect(lines).toEqual([
    '_0["end"]',
    '_1["a b"]',
    "_0 --> _1",
    '_2["x#34;#93; --#62; y#91;#34;"]',
    "_1 --> _2",
    '_3["Graph"]',
    "_2 --> _3",
    '_4["b#10;#27;#91;31m"]',
    "_3 --> _4",
    '_5["_1"]',
    "_4 --> _5",
    '_6[""]',
    "_5 --> _6",
  ]);
});

// ── Results in their places ──────────────────────────────────────────────────────────────────────

const CITY = { name: "LA", sky: ["fair", { wind: null }], empty: {}, "": "nameless" };
const OUTCOMES = [
  { id: "city", result: CITY },
  { id: "number", result: 5 },
  { id: "text", result: "five" },
  { id: "trap", result: from("city") },
];

test.each<[what: string, args: unknown, filled: unknown]>([
  ["a whole result", from("city"), CITY],
  ["a whole result by an empty path", { to: from("city", "") }, { to: CITY }],
  ["a field", { to: from("city", "name") }, { to: "LA" }],
  ["an element of a list", [from("city", "sky.0")], ["fair"]],
  ["a field of an element", { a: { b: [from("city", "sky.1.wind")] } }, { a: { b: [null] } }],
  ["how many", from("city", "sky.length"), 2],
  ["a result that is a number", [from("number"), from("text")], [5, "five"]],
  ["a result that looks like a reference", { to: from("trap") }, { to: from("city") }],
  ["a reference with null for a path", [{ $from: "number", path: null }], [5]],
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
  const asked = call("asked", args);
  const value = { ...asked, arguments: JSON.stringify(filled) };
  expect(resolve(asked, OUTCOMES)).toEqual({ ok: true, value });
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
])("a result has nothing at %s, and that is said", (path) => {
  const asked = call("asked", { $text: [from("city", "name"), from("city", path)] });
  expect(resolve(asked, OUTCOMES)).toEqual({
    ok: false,
    error: `the result of city has no ${path}`,
  });
});

test("a field called __proto__ stays a field, in arguments as in results", () => {
  const text = '{"__proto__":{"$from":"odd","path":"__proto__.a"}}';
  const result: unknown = JSON.parse('{"__proto__":{"a":1}}');
  const asked = { id: "asked", name: "free", arguments: text };
  expect(resolve(asked, [{ id: "odd", result }])).toEqual({
    ok: true,
    value: { ...asked, arguments: '{"__proto__":1}' },
  });
  expect(link([call("odd", {}), asked], FREE)[1]?.sources).toEqual([0]);
});

test("arguments that are not JSON stay as they are", () => {
  const asked = { id: "x", name: "free", arguments: '{"$from":"x"' };
  expect(resolve(asked, [])).toEqual({ ok: true, value: asked });
});

// ── Calls and what they say ──────────────────────────────────────────────────────────────────────

const FREE = new Map([["free", { reads: [] }]]);

function call(id: string, args: unknown, name = "free") {
  return { id, name, arguments: JSON.stringify(args) };
}

function from(id: string, path?: string) {
  return { $from: id, ...(path !== undefined && { path }) };
}

test("arguments that references would make too long are refused before they are made", () => {
  const one = from("long");
  // The resolved text would be too long for the message of a failed test.
  const resolveWith = (letters: number, args: unknown) => {
    const resolved = resolve(call("asked", args), [{ id: "long", result: "x".repeat(letters) }]);
    return resolved.ok ? `${resolved.value.arguments.length} characters` : resolved.error;
  };
  const error =
    "its arguments cannot be written again: they would have more than 1000000 characters";
  expect(resolveWith(600_000, [one, one])).toBe(error);
  expect(resolveWith(600_000, { $text: [one] })).toBe(error);
  const many = Array.from({ length: 100_000 }, () => one);
  expect(resolveWith(600_000, many)).toBe(error);
  expect(resolveWith(400_000, [one, one])).toBe("800007 characters");
});

test("texts in texts, whose quotes double at each level, are refused before they fill the memory", () => {
  const nest = (levels: number): unknown => {
    return levels === 0 ? '"' : { $text: [{ a: nest(levels - 1) }] };
  };
  const deep = call("deep", nest(30));
  expect(link([deep], FREE)[0]?.fault).toBe(undefined);
  expect(resolve(deep, [])).toMatchObject({
    ok: false,
    error: expect.stringContaining("more than 1000000 characters"),
  });
  expect(resolve(call("shallow", nest(3)), [])).toMatchObject({ ok: true });
});
