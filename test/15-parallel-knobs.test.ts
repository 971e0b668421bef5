import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { serveBarrier } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { like } from "./support/worlds.ts";
import {
  call,
  type Item,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  type ResponsesRequest,
  serveResponses,
} from "./support/responses.ts";
import { run } from "../scripts/run.ts";

const FILE = "chapters/15-parallel-knobs/main.ts";
const SOURCE = readFileSync(join(ROOT, FILE), "utf8");

/** The chapter as a reader would edit it. */
function edit(old: RegExp, text: string): string {
  expect(SOURCE).toMatch(old);
  return SOURCE.replace(old, text);
}

// ── The requests: many configurations, in code, for one input ────────────────────────────────────

const UNLIKELY = `concurrent_tool_execution: false, max_concurrent_tools: -1, model: "other",
  input: [], tools: [], instructions: "", stream: true, api_key: "secret"`;

/** What a request is made from, as a reader would write it. */
const CONFIGS = {
  unset: "{}",
  allowed: "{ parallel_tool_calls: true }",
  forbidden: "{ parallel_tool_calls: false }",
  "set to null": "{ parallel_tool_calls: null }",
  "local keys, on": "{ concurrent_tool_execution: true, max_concurrent_tools: 10 }",
  "local keys, off": "{ concurrent_tool_execution: false, max_concurrent_tools: 0 }",
  "unlikely keys": `{ ${UNLIKELY} }`,
  "allowed, unlikely keys": `{ parallel_tool_calls: true, ${UNLIKELY} }`,
  "allowed, no built-in tool": "{ parallel_tool_calls: true, built_in_tools: [] }",
  "built-in, unset": "{ built_in_tools: [SEARCH] }",
  "built-in, allowed": "{ built_in_tools: [SEARCH], parallel_tool_calls: true }",
  "built-in, forbidden": "{ built_in_tools: [SEARCH], parallel_tool_calls: false }",
  "built-in, local keys": `{ built_in_tools: [SEARCH], ${UNLIKELY} }`,
} as const;

// ── The conversations: a question each, which is the name of its script ──────────────────────────

const places = (text: string): Item[] => {
  return [...text].map((place) => call(place, "get_weather", { location: place }));
};
const ALPHABET = "abcdefghijklmnopqrstuvwxyz";

/** A question with what the model wants to know, and how the reader sets the knobs for it. */
const TALKS = {
  "nothing set": ["abcdef", "{}"],
  "nothing set, 26 calls": [ALPHABET, "{}"],
  "no limit": [ALPHABET, "{ max_concurrent_tools: 0 }"],
  "a limit of 3": ["abcdef", "{ max_concurrent_tools: 3 }"],
  "a limit of 1": ["abcd", "{ max_concurrent_tools: 1 }"],
  "a high limit": ["abcd", "{ max_concurrent_tools: 1000 }"],
  off: ["abcd", "{ concurrent_tool_execution: false }"],
  "off, with a limit": ["abcd", "{ concurrent_tool_execution: false, max_concurrent_tools: 3 }"],
  "off, with no limit": ["abcd", "{ concurrent_tool_execution: false, max_concurrent_tools: 0 }"],
  "a single call": ["a", "{ concurrent_tool_execution: true, max_concurrent_tools: 10 }"],
  "many, together": ["abc", "{ parallel_tool_calls: true, concurrent_tool_execution: true }"],
  "many, in order": ["abc", "{ parallel_tool_calls: true, concurrent_tool_execution: false }"],
  "one, together": ["abc", "{ parallel_tool_calls: false, concurrent_tool_execution: true }"],
  "one, in order": ["abc", "{ parallel_tool_calls: false, concurrent_tool_execution: false }"],
  "deaf, together": ["abc", "{ parallel_tool_calls: false }"],
  "deaf, in order": ["abc", "{ parallel_tool_calls: false, concurrent_tool_execution: false }"],
  "below zero": ["abc", "{ max_concurrent_tools: -1 }"],
  "no whole number": ["abc", "{ max_concurrent_tools: 1.5 }"],
  "not a number": ["abc", "{ max_concurrent_tools: NaN }"],
  "in threads": ["abcdefghijkl", "{}"],
  nasty: ["", "{}"],
  "nasty, in order": ["", "{ parallel_tool_calls: false, concurrent_tool_execution: false }"],
  "of two, one": ["a", "SHY"],
  "of two, the other": ["a", "SHY"],
} as const;
type Question = keyof typeof TALKS;

/**
 * Prints the request for each configuration, and has the conversations. A call is held where it
 * would enter the pool, until nothing more can start without an end; then the last one is let go.
 */
const PROGRAM = `
import { setImmediate as quiet } from "node:timers/promises";
import { Piscina } from "piscina";
import { makeRequest, runAgent } from "./${FILE}";
import { makeRequest as makeWithoutTools } from "./chapters/15-parallel-knobs/without-tools.ts";
const SEARCH = { type: "web_search" };
const SHY = {
  parallel_tool_calls: false, concurrent_tool_execution: false, max_concurrent_tools: 1,
};
const report = (kind, name, body) => console.log(kind + " " + JSON.stringify([name, body]));

const say = console.error;
const input = Object.freeze([{ role: "user", content: "a question" }]);
function make(maker, config) {
  const warnings = [];
  console.error = (text) => warnings.push(text);
  const request = maker(input, Object.freeze(config));
  console.error = say;
  return { request, warnings };
}
const configs = {
${Object.entries(CONFIGS)
  .map(([name, code]) => `  ${JSON.stringify(name)}: ${code},`)
  .join("\n")}
};
for (const [name, config] of Object.entries(configs)) {
  report("REQUEST", name, make(makeRequest, config));
  report("WITHOUT TOOLS", name, make(makeWithoutTools, config));
}

const talks = {
${Object.entries(TALKS)
  .map(([name, [, code]]) => `  ${JSON.stringify(name)}: ${code},`)
  .join("\n")}
};
let [held, states, pumping] = [[], [], false];
async function pump(least) {
  if (pumping || held.length < least) return;
  pumping = true;
  for (await quiet(); held.length > 0; await quiet()) {
    states.push(held.map(({ place }) => place).join(""));
    const { place, resolve } = held.pop();
    resolve("calm in " + place);
  }
  pumping = false;
}
async function talk(name) {
  return runAgent(name, talks[name]).then(
    (answer) => ({ answer }),
    (error) => ({ error: String(error) }),
  );
}
for (const name of ["in threads", "nasty", "nasty, in order"]) {
  report("TALK", name, { states: [], end: await talk(name) });
}
function hold(least) {
  Piscina.prototype.run = ({ args }) =>
    new Promise((resolve) => {
      held.push({ place: args.location, resolve });
      void pump(least);
    });
}
hold(1);
for (const name of Object.keys(talks).filter((name) => !/^in threads|^nasty|^of two/.test(name))) {
  states = [];
  report("TALK", name, { end: await talk(name), states });
}
hold(2);
states = [];
const two = ["of two, one", "of two, the other"];
const ends = await Promise.all(two.map(talk));
for (const [index, name] of two.entries()) report("TALK", name, { end: ends[index], states });
process.exit();
`;

const Made = z.strictObject({
  request: z.record(z.string(), z.unknown()),
  warnings: z.array(z.string()),
});
const Talk = z.strictObject({
  end: z.union([z.strictObject({ answer: z.string() }), z.strictObject({ error: z.string() })]),
  /** Who was under way whenever nothing more could start without an end. */
  states: z.array(z.string()),
});

function isQuestion(name: string): name is Question {
  return name in TALKS;
}

function questionOf({ input: [first] }: ResponsesRequest): Question | undefined {
  const content = first && "role" in first ? first.content : undefined;
  return typeof content === "string" && isQuestion(content) ? content : undefined;
}

/** A model that calls what it has no output of yet, and answers with all outputs that it has. */
function play(request: ResponsesRequest): Item[] {
  const question = questionOf(request);
  const texts = request.input.flatMap((item) => ("output" in item ? [item.output] : []));
  if (question === undefined) return [message("what?")];
  if (question.startsWith("nasty"))
    return texts.length > 0 ? [message("done")] : itemsOf(NASTY_REPLY);
  const rest = places(TALKS[question][0]).slice(texts.length);
  const single = request.parallel_tool_calls === false && !question.startsWith("deaf");
  return rest.length > 0 ? rest.slice(0, single ? 1 : rest.length) : [message(texts.join(" "))];
}

async function runProgram() {
  const server = await serveResponses(play);
  const [all] = TALKS["in threads"];
  let ended = 0;
  const barrier = await serveBarrier((waiting) => {
    if (ended + waiting.length === all.length) return waiting;
    if (waiting.length < 10) return [];
    ended += 1;
    return waiting.slice(-1);
  });
  const folder = copyBook({
    "own.ts": PROGRAM,
    "mock-tools/weather.ts": like("test/worlds/nasty-or-waiting.ts"),
    "chapters/15-parallel-knobs/without-tools.ts": edit(
      /const tools = new Map<string, Tool>\(\[.*?\n\]\);/s,
      "const tools = new Map<string, Tool>();",
    ).replace("minThreads: 2", "minThreads: 0"),
  });
  const env = { OPENAI_BASE_URL: server.url, BARRIER_URL: barrier.url };
  const { stdout } = await run("own.ts", [], { folder, env });
  server.close();
  barrier.close();
  const read = <Body>(kind: string, schema: z.ZodType<Body>): Map<string, Body> => {
    const lines = stdout.matchAll(new RegExp(`^${kind} (.*)$`, "gm"));
    return new Map(
      [...lines].map(([, json]) => z.tuple([z.string(), schema]).parse(JSON.parse(json ?? ""))),
    );
  };
  return {
    made: read("REQUEST", Made),
    madeWithoutTools: read("WITHOUT TOOLS", Made),
    talks: read("TALK", Talk),
    requests: server.requests,
    refusals: server.refusals,
    log: barrier.log,
  };
}
const ran = runProgram();

/** What the program did over a question, and the requests that came to the model. */
async function talk(question: Question) {
  const { talks, requests } = await ran;
  const { end, states } = talks.get(question) ?? { end: undefined, states: undefined };
  return { end, states, requests: requests.filter((request) => questionOf(request) === question) };
}

async function make(name: keyof typeof CONFIGS, kind: "made" | "madeWithoutTools" = "made") {
  const { [kind]: all } = await ran;
  return all.get(name) ?? { request: undefined, warnings: undefined };
}

/** The states in which calls run one at a time, in this order. */
const oneByOne = (text: string): string[] => [...text];

/** The states in which as many calls as the limit are under way, and the last of them ends. */
function lanes(text: string, limit: number): string[] {
  const all = [...text];
  const [first, rest] = [all.slice(0, limit), all.slice(limit)];
  const kept = first.slice(0, -1).join("");
  return [
    first.join(""),
    ...rest.map((place) => kept + place),
    ...kept.split("").map((_, ended) => kept.slice(0, kept.length - ended)),
  ];
}

/** The answer of a model that reads the output of each place, in the order asked. */
function answerOn(text: string) {
  return { answer: [...text].map((place) => `"calm in ${place}"`).join(" ") };
}

// ── The demo ─────────────────────────────────────────────────────────────────────────────────────

test("the demo's table has all four settings with their calls per reply and peaks, and one answer", async () => {
  const { code, stdout, stderr } = await run(FILE);
  const rows = stdout.split("\n").flatMap((line) => {
    const cells = line.split("│").map((cell) => cell.trim());
    return /^\d$/.test(cells[1] ?? "") ? [cells.slice(2, -1)] : [];
  });
  expect(rows).toEqual([
    ["true", "true", "2", "'(())'"],
    ["true", "false", "1", "'()()'"],
    ["false", "true", "1", "'() ()'"],
    ["false", "false", "1", "'() ()'"],
  ]);
  const answer = "Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.";
  expect(stdout.match(/(?<=Agent: )Here.*$/gm)).toEqual([answer, answer, answer, answer]);
  expect(stdout.endsWith(`\nA:\n${answer}\n`)).toBe(true);
  expect(stderr.split("\n").slice(1)).toEqual([""]);
  expect(code).toBe(0);
});

// ── What the model is told ───────────────────────────────────────────────────────────────────────

test("a request has a model, instructions, the input and the tools, and the knob only if it is set", async () => {
  const { request: unset } = await make("unset");
  expect(unset).toEqual({
    model: "gpt-5.4-mini",
    instructions: expect.stringMatching(/^You are a helpful agent\. .*\.$/s),
    input: [{ role: "user", content: "a question" }],
    tools: ["get_weather", "get_user_profile", "send_email"].map((name) =>
      expect.objectContaining({ type: "function", name, strict: true }),
    ),
  });
  expect(await make("unset")).toEqual({ request: unset, warnings: [] });
  expect(await make("allowed")).toEqual({
    request: { ...unset, parallel_tool_calls: true },
    warnings: [],
  });
  expect(await make("forbidden")).toEqual({
    request: { ...unset, parallel_tool_calls: false },
    warnings: [],
  });
  expect(await make("set to null")).toEqual({ request: unset, warnings: [] });
  expect(await make("allowed, no built-in tool")).toEqual(await make("allowed"));
});

test("beside built-in tools the knob is off, with a warning only for who had it on", async () => {
  const { request: unset } = await make("unset");
  const tools = [unset?.tools, { type: "web_search" }].flat();
  const request = { ...unset, tools, parallel_tool_calls: false };
  expect(await make("built-in, unset")).toEqual({ request, warnings: [] });
  expect(await make("built-in, forbidden")).toEqual({ request, warnings: [] });
  expect(await make("built-in, local keys")).toEqual({ request, warnings: [] });
  expect(await make("built-in, allowed")).toEqual({
    request,
    warnings: [expect.stringMatching(/^warning: built-in tools .*\bparallel_tool_calls\b/)],
  });
});

test("without tools the knob is not sent, whatever it is set to", async () => {
  const { request: unset } = await make("unset");
  const request = { ...unset, tools: [] };
  for (const name of ["unset", "allowed", "forbidden", "set to null"] as const) {
    expect(await make(name, "madeWithoutTools")).toEqual({ request, warnings: [] });
  }
  // A built-in tool is a tool.
  const { request: search } = await make("built-in, unset", "madeWithoutTools");
  expect(search).toEqual({
    ...request,
    tools: [{ type: "web_search" }],
    parallel_tool_calls: false,
  });
});

test("local keys never get into a request, nor do keys that nobody knows", async () => {
  const unset = await make("unset");
  expect(await make("local keys, on")).toEqual(unset);
  expect(await make("local keys, off")).toEqual(unset);
  expect(await make("unlikely keys")).toEqual(unset);
  expect(await make("allowed, unlikely keys")).toEqual(await make("allowed"));
  const { requests, refusals } = await ran;
  expect(refusals).toEqual([]);
  expect(new Set(requests.map(({ instructions }) => instructions)).size).toBe(1);
});

// ── What runs ────────────────────────────────────────────────────────────────────────────────────

test("the two knobs are independent: what arrives is the one's, what runs at once the other's", async () => {
  const four = ["many, together", "many, in order", "one, together", "one, in order"] as const;
  const all = await Promise.all(four.map(talk));
  const sent = all.map(({ requests }) => requests.map((request) => request.parallel_tool_calls));
  expect(sent).toEqual([
    [true, true],
    [true, true],
    [false, false, false, false],
    [false, false, false, false],
  ]);
  expect(all.map(({ states }) => states)).toEqual([
    ["abc", "ab", "a"],
    ["a", "b", "c"],
    ["a", "b", "c"],
    ["a", "b", "c"],
  ]);
  expect(all.map(({ end }) => end)).toEqual(all.map(() => answerOn("abc")));
});

test("calls of one reply run in order with concurrent_tool_execution off, whatever the limit", async () => {
  for (const question of ["off", "off, with a limit", "off, with no limit"] as const) {
    const { states, end, requests } = await talk(question);
    expect(states).toEqual(oneByOne("abcd"));
    expect(end).toEqual(answerOn("abcd"));
    expect(requests).toHaveLength(2);
  }
});

test("with nothing set, calls overlap up to ten at once and never more", async () => {
  const { states, end } = await talk("nothing set");
  expect(states).toEqual(lanes("abcdef", 6));
  expect(end).toEqual(answerOn("abcdef"));
  const { states: many, end: last } = await talk("nothing set, 26 calls");
  expect(many).toEqual(lanes(ALPHABET, 10));
  expect(last).toEqual(answerOn(ALPHABET));
});

test("max_concurrent_tools is reached and never passed; zero means all at once, one means in order", async () => {
  expect((await talk("a limit of 3")).states).toEqual(["abc", "abd", "abe", "abf", "ab", "a"]);
  expect((await talk("a limit of 1")).states).toEqual(oneByOne("abcd"));
  expect((await talk("a high limit")).states).toEqual(lanes("abcd", 4));
  expect((await talk("no limit")).states).toEqual(lanes(ALPHABET, 26));
  expect((await talk("no limit")).end).toEqual(answerOn(ALPHABET));
});

test("a single call runs like any other", async () => {
  const { states, end, requests } = await talk("a single call");
  expect(states).toEqual(["a"]);
  expect(end).toEqual(answerOn("a"));
  expect(requests).toHaveLength(2);
});

test("ten calls have started, each in a thread of its own, before any of them ends", async () => {
  const { log } = await ran;
  expect(log.slice(0, 10).toSorted()).toEqual([..."abcdefghij"].map((place) => `start ${place}`));
  let running = 0;
  const peaks = log.map((line) => (running += line.startsWith("start") ? 1 : -1));
  expect(Math.max(...peaks)).toBe(10);
  expect((await talk("in threads")).end).toEqual(answerOn("abcdefghijkl"));
});

test("several calls that arrive in spite of parallel_tool_calls: false are run by the local knob", async () => {
  const together = await talk("deaf, together");
  const inOrder = await talk("deaf, in order");
  expect(together.requests.map((request) => request.parallel_tool_calls)).toEqual([false, false]);
  expect(together.states).toEqual(["abc", "ab", "a"]);
  expect(inOrder.states).toEqual(["a", "b", "c"]);
  expect([together.end, inOrder.end]).toEqual([answerOn("abc"), answerOn("abc")]);
});

test("the knobs are those of one agent: calls of two agents overlap with everything off", async () => {
  const [one, other] = [await talk("of two, one"), await talk("of two, the other")];
  expect(one.states).toEqual(["aa", "a"]);
  expect([one.end, other.end]).toEqual([answerOn("a"), answerOn("a")]);
});

test("a limit that is no limit is refused before anything is asked", async () => {
  const limits = { "below zero": "-1", "no whole number": "1.5", "not a number": "NaN" } as const;
  for (const question of ["below zero", "no whole number", "not a number"] as const) {
    const got = `expected a whole number of calls from 1 up, got ${limits[question]}`;
    expect(await talk(question)).toEqual({
      end: { error: `RangeError: ${got}` },
      states: [],
      requests: [],
    });
  }
});

test("the nasty batch gets one output per call, with everything on and with everything off", async () => {
  for (const question of ["nasty", "nasty, in order"] as const) {
    const { end, requests } = await talk(question);
    expect(lastOutputs(requests)).toEqual(outputsOf(NASTY_RESULTS));
    expect(end).toEqual({ answer: "done" });
  }
});
