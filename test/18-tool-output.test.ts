// The chapter promises: the outcome of a call stays whole in the program; the model sees a text for it
// that fits a budget, with a line that says how to get the rest; and it gets the part that it asks for, or
// an error that says why not. All of this holds over the Responses API and over Chat Completions.
import { expect, test } from "vitest";
import { z } from "zod";
import { listDays } from "../mock-tools/daily.ts";
import { run } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { type ChatReply, chatCalls, serveChat, type ToolChatRequest } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { cutText } from "./support/cut-text.ts";
import { printed } from "./support/pages.ts";
import {
  call,
  type Item,
  itemsOf,
  message,
  type ResponsesRequest,
  respond,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { worldOf } from "./support/worlds.ts";

const FILE = "chapters/18-tool-output/main.ts";
const BUDGET = { bytes: 2_000, lines: 40 };
const FAILED = "[Tool execution failed] ";

// ── The demo ─────────────────────────────────────────────────────────────────────────────────────

/** The parts of a transcript: what is printed of each step's outputs. */
function feedbackIn(stdout: string): string[] {
  const parts = stdout.split(/^-{10}\n/m);
  return parts.filter((_, index) => index % 2 === 1);
}

test("the demo sends a part of the year, then July, and the answer comes of July alone [L19]", () => {
  const year = listDays({ location: "Paris" });
  const july = year.split("\n").slice(181, 212);
  expect(year.length).toBeGreaterThan(19_000);
  expect(july[0]).toMatch(/^2025-07-01 /);
  const [preview, rest, failed] = feedbackIn(printed("18"));
  const head = "Function call results:\n";
  expect(preview).toBe(
    `${head}daily_weather_paris:\n${cutText(year, "daily_weather_paris", BUDGET)}\n`,
  );
  expect(rest).toBe(`${head}read_output:\n${july.join("\n")}\n`);
  expect(failed).toMatch(/^.*\ndaily_weather_atlantis:\n\[Tool execution failed\] no station in A/);
  const degrees = july.map((line) => Number(/(-?\d+) degrees/.exec(line)?.[1]));
  const mean = degrees.reduce((sum, one) => sum + one) / 31;
  const most = Math.max(...degrees);
  expect(printed("18")).toContain(
    `A:\nJuly 2025 in Paris: 31 days, ${mean.toFixed(1)} degrees on average; the warmest day was July ${degrees.indexOf(most) + 1} with ${most} degrees.\n`,
  );
});

test("over Chat Completions, the same program prints the same except the tokens, which that server counts, too", async () => {
  const { code, stdout } = await run(FILE, [], { env: { OPENAI_PROTOCOL: "chat" } });
  const tokens = /^Input tokens: .*$/gm;
  expect(stdout.match(tokens)).toEqual([
    expect.stringMatching(/^Input tokens: \d+, [\d,]+, [\d,]+$/),
    expect.stringMatching(/^Input tokens: \d+, \d+$/),
  ]);
  expect(stdout.replaceAll(tokens, "")).toBe(printed("18").replaceAll(tokens, ""));
  expect(code).toBe(0);
});

test("with a very large budget the whole year is sent, and never printed", async () => {
  const env = { MAX_OUTPUT_BYTES: "100000", MAX_OUTPUT_LINES: "1000" };
  const { stdout } = await run(FILE, ["How was July in Paris?"], { env });
  expect(feedbackIn(stdout)).toHaveLength(1);
  expect(stdout.length).toBeLessThan(5_000);
  expect(stdout).toMatch(/… \(\d+ more characters\)/);
  expect(stdout.slice(stdout.indexOf("A:\n"))).toBe(/A:\nJuly .*\n/.exec(printed("18"))?.[0]);
});

test.each([
  ["MAX_OUTPUT_BYTES", 100, "0"],
  ["MAX_OUTPUT_BYTES", 100, "99"],
  ["MAX_OUTPUT_BYTES", 100, "1e3"],
  ["MAX_OUTPUT_LINES", 1, "0"],
  ["MAX_OUTPUT_LINES", 1, "many"],
])("%s below %d or no number ends the program with one line: %s", async (name, least, value) => {
  const { code, stdout, stderr } = await run(FILE, ["Who am I?"], { env: { [name]: value } });
  expect(code).toBe(1);
  // The model was not asked before that.
  expect(stdout).toBe("Q: Who am I?\n\n");
  expect(stderr.replace(/^model: .*\n/, "")).toBe(
    `error: expected a whole number from ${least} to 999999999 in ${name}, got ${value}\n`,
  );
});

test("--help says what the budget is, also where it is set to something odd", async () => {
  const { stdout, code } = await run(FILE, ["--help"], { env: { MAX_OUTPUT_BYTES: "few" } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}MAX_OUTPUT_BYTES +.* 2000 if unset$/m);
  expect(stdout).toMatch(/^ {2}MAX_OUTPUT_LINES +.* 40 if unset$/m);
});

// ── What the model sees ──────────────────────────────────────────────────────────────────────────

test("the nasty batch: each call has one text, which says its result or why it has none [L18]", async () => {
  const wanted = settle(NASTY_RESULTS).map(({ id, ...body }) => {
    return { id, text: "result" in body ? said(body.result, id) : saidOfError(body) };
  });
  for (const talks of [await nastyOverResponses, await nastyOverChat]) {
    const { texts, end } = talks.talk("nasty");
    expect(texts[0]).toEqual(wanted);
    expect(end).toMatchObject({ answer: "done" });
    expect(talks.refusals).toEqual([]);
  }
});

test("the outcomes themselves stay whole, even if only a part of them is shown [L18]", async () => {
  const { end } = (await nastyOverResponses).talk("nasty");
  const outcomes = settle(NASTY_RESULTS).map(({ id, ...body }) => {
    return { type: "result" in body ? "success" : "failure", id, ...body };
  });
  const sortedById = (list: readonly { readonly id: string }[]) => {
    return list.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  };
  expect(sortedById(end.outcomes)).toEqual(sortedById(outcomes));
});

test("a text goes out as it is, and anything else as JSON, over either protocol", async () => {
  const wanted = VALUES.map(([, text], index) => ({ id: `call_${index}`, text }));
  for (const talks of [await odd, await oddOverChat]) {
    expect(talks.talk("values").texts[0]).toEqual(wanted);
    expect(talks.talk("values").end).toMatchObject({ answer: "done" });
  }
});

test("a failure is within the budget as well", async () => {
  const [[failure] = []] = (await odd).talk("a long failure").texts;
  const whole = `${FAILED}${"x".repeat(5_000)}`;
  expect(failure?.text).toBe(cutText(whole, "failing", BUDGET));
  expect(failure?.text).toContain("2,000 of 5,024 bytes");
});

test("the model sees the message of a projector that throws, and the outcome stays as it is [L18]", async () => {
  const { stdout } = await run("test/programs/18-projectors.ts");
  const reports = [...readReports(stdout)].map(([name, { value }]) => [name, value]);
  const much = `${"x".repeat(10_000)}… (90000 more characters)`;
  const seen = new Map([
    ["an error", "it has no words"],
    ["a text", "no words at all"],
    ["nothing", "undefined"],
    ["what cannot be read", "something was thrown that cannot be shown (object)"],
    ["much", cutText(much, "one#5", BUDGET)],
  ]);
  expect(reports).toEqual(
    [...seen].map(([name, text]) => [
      name,
      {
        seen: { type: "text", id: "one", text },
        outcome: { type: "success", id: "one", result: "calm" },
      },
    ]),
  );
});

// ── What the program keeps ───────────────────────────────────────────────────────────────────────

test("read part by part, an output is byte for byte what the tool has returned", async () => {
  const { texts } = (await odd).talk("a year");
  const parts = texts[1]?.map(({ text }) => text) ?? [];
  expect(parts).toHaveLength(YEAR_PARTS.length);
  expect(parts.join("\n")).toBe(listDays({ location: "Paris" }));
});

test("a line that is larger than the budget can be read to its end", async () => {
  const { texts } = (await odd).talk("a long line");
  const [[first] = [], parts = []] = texts;
  expect(first?.text).toContain("line 1 of 3, 2,000 of 5,000 bytes");
  expect(parts.map(({ text }) => text).join("")).toBe("x".repeat(5_000));
});

test("what is read is an output like any other: within the budget, and kept under its own id", async () => {
  const { texts } = (await odd).talk("much of a year");
  const year = listDays({ location: "Paris" }).split("\n");
  const much = year.slice(99, 200).join("\n");
  expect(texts[1]).toEqual([{ id: "more", text: cutText(much, "more", BUDGET) }]);
  expect(texts[2]).toEqual([{ id: "last", text: year[199] }]);
});

test("two outputs with one id are both kept, and the second one says under which name", async () => {
  const { texts } = (await odd).talk("one id again and again");
  const names = texts.slice(0, 3).map(([one]) => /call_id (".*") gives/.exec(one?.text ?? "")?.[1]);
  expect(names).toEqual(['"same"', '"same#2"', '"same#2#2"']);
  expect(texts[3]?.map(({ text }) => text)).toEqual(["a", "b", "c"]);
});

test("an error for an unknown name lists the known names, and an error for a missing line names the lines", async () => {
  const { texts, end } = (await odd).talk("wrong reads");
  const known = '"list"';
  const noOutput = (name: string) => `${FAILED}no output of ${name}; there are ${known}`;
  const noLines = (from: number, to: number) => {
    return `${FAILED}expected lines within 1 to 60, got ${from} to ${to}`;
  };
  expect(texts[1]?.map(({ text }) => text)).toEqual([
    noOutput('"other"'),
    noOutput('"__proto__"'),
    noOutput('"constructor"'),
    noOutput('""'),
    noOutput('"list "'),
    noOutput('"wrong_0"'),
    noLines(0, 1),
    noLines(5, 4),
    noLines(60, 61),
    noLines(-3, -1),
    noLines(1.5, 2),
    noLines(1, 1e300),
    expect.stringMatching(/^\[Tool execution failed\] invalid arguments: .*expected number/s),
    expect.stringMatching(/^\[Tool execution failed\] invalid arguments: .*expected string/s),
    "60",
  ]);
  const failures = end.outcomes.filter(({ type }) => type === "failure");
  const codes = failures.map(({ error }) => [error?.class, error?.code]);
  expect(codes).toEqual([
    ...Array.from({ length: 12 }, () => ["execution", "tool_error"]),
    ["invalid_request", "invalid_tool_args"],
    ["invalid_request", "invalid_tool_args"],
  ]);
  expect((await odd).talk("an empty output").texts[1]?.[0]?.text).toBe(
    `${FAILED}this output has no lines`,
  );
});

test("before there is any output, none can be read", async () => {
  const server = await serveResponses([[read("first", "list", 1, 1)], [message("done")]]);
  await run(FILE, ["?"], { env: { OPENAI_BASE_URL: server.url } });
  server.close();
  expect(textsIn(server.requests[1])).toEqual([
    { id: "first", text: `${FAILED}no output of "list"; there are none` },
  ]);
});

test("a character that is larger than the budget is read to its end, piece by piece [L19]", async () => {
  const large = `e${"\u0301".repeat(150)}`;
  const env = { MAX_OUTPUT_BYTES: "100", MAX_OUTPUT_LINES: "1" };
  const script = {
    large: [
      [weather("large", large)],
      [1, 2, 3, 4].map((line) => read(`piece_${line}`, "large", line, line)),
      DONE,
    ],
  };
  const { texts } = (await converse("responses", script, "odd", env)).talk("large");
  expect(texts[0]?.[0]?.text).toMatch(/\n\[line 1 of 4, 99 of 301 bytes; .*\]$/);
  expect(texts[1]?.map(({ text }) => text).join("")).toBe(large);
});

test("the tokens are those of the server, request by request, and nothing where it tells none", async () => {
  const usages = [{ input_tokens: 12 }, { input_tokens: 3_456, output_tokens: 1 }];
  const replies = [[weather("a", "b")], DONE];
  const odd = [undefined, { input_tokens: "many" }];
  for (const [usage, line] of [
    [usages, "\nInput tokens: 12, 3,456\n"],
    [odd, undefined],
  ] as const) {
    const server = await serveResponses((_, index) => (response) => {
      respond(response, replies[index] ?? [], { usage: usage[index] });
    });
    const env = { OPENAI_BASE_URL: server.url };
    const { stdout, code } = await run(FILE, ["?"], { env, folder: worldOf("odd") });
    server.close();
    expect(/\nInput tokens.*\n/.exec(stdout)?.[0]).toBe(line);
    expect(code).toBe(0);
  }
});

// ── What the models say: a script for each question ──────────────────────────────────────────────

const DONE = [message("done")];

/** A call of a weather tool that returns a value, as test/worlds/odd.ts does. */
function weather(id: string, value: unknown): Item {
  const location = JSON.stringify({ act: "return", thing: { kind: "value", value } });
  return call(id, "get_weather", { location });
}

function read(id: string, call_id: unknown, from_line: unknown, to_line: unknown): Item {
  return call(id, "read_output", { call_id, from_line, to_line });
}

function daily(id: string): Item {
  return call(id, "get_daily_weather", { location: "Paris" });
}

/** Results, and how the model sees them. */
const VALUES: readonly (readonly [value: unknown, text: string])[] = [
  ["cloudy, 12 degrees", "cloudy, 12 degrees"],
  ["", ""],
  ['says "a\\b"\nand\tc', 'says "a\\b"\nand\tc'],
  ["é😀", "é😀"],
  [null, "null"],
  [42, "42"],
  [true, "true"],
  [{ sky: "blue", of: [1, "two"] }, '{"sky":"blue","of":[1,"two"]}'],
  [["a\nb"], '["a\\nb"]'],
];

const YEAR_PARTS = Array.from({ length: 11 }, (_, index) => {
  return read(`part_${index}`, "year", 36 * index + 1, Math.min(36 * index + 36, 365));
});

const LONG = (word: string) => `${`${word}\n`.repeat(50)}${word}`;
const LIST = Array.from({ length: 60 }, (_, index) => index + 1).join("\n");

const WRONG = [
  ...["other", "__proto__", "constructor", "", "list ", "wrong_0"].map((name) => [name, 1, 1]),
  ...[
    [0, 1],
    [5, 4],
    [60, 61],
    [-3, -1],
    [1.5, 2],
    [1, 1e300],
    ["1", 1],
  ].map((range) => ["list", ...range]),
  [7, 1, 1],
  ["list", 60, 60],
].map(([name, from, to], index) => read(`wrong_${index}`, name, from, to));

const LONG_FAILURE = JSON.stringify({
  act: "throw",
  thing: { kind: "error", value: "x".repeat(5_000) },
});

type Scripts = Readonly<Record<string, readonly (readonly Item[])[]>>;

const SCRIPTS: Scripts = {
  // This comes first, while no output is kept.
  "wrong reads": [[weather("list", LIST)], WRONG, DONE],
  values: [VALUES.map(([value], index) => weather(`call_${index}`, value)), DONE],
  "a long failure": [[call("failing", "get_weather", { location: LONG_FAILURE })], DONE],
  "a year": [[daily("year")], YEAR_PARTS, DONE],
  "a long line": [
    [weather("line", "x".repeat(5_000))],
    [1, 2, 3].map((line) => read(`piece_${line}`, "line", line, line)),
    DONE,
  ],
  "much of a year": [
    [daily("days")],
    [read("more", "days", 100, 200)],
    [read("last", "more", 101, 101)],
    DONE,
  ],
  "one id again and again": [
    [weather("same", LONG("a"))],
    [weather("same", LONG("b"))],
    [weather("same#2", LONG("c"))],
    ["same", "same#2", "same#2#2"].map((name, index) => read(`again_${index}`, name, 51, 51)),
    DONE,
  ],
  "an empty output": [[weather("empty", "")], [read("of_empty", "empty", 1, 1)], DONE],
  last: [DONE],
};

// ── The conversations ────────────────────────────────────────────────────────────────────────────

/** The text for a result, in the nasty batch. */
function said(result: unknown, id: string): string {
  return cutText(typeof result === "string" ? result : JSON.stringify(result), id, BUDGET);
}

/** The text for a failure, in the nasty batch, some of whose messages are known in part. */
function saidOfError(body: object): unknown {
  const { message: why } = z
    .object({ error: z.object({ message: z.unknown() }) })
    .parse(body).error;
  if (typeof why !== "string") return expect.stringContaining(FAILED);
  // The first 2,000 characters of the longest one are all the same.
  if (why.length < 1_000) return FAILED + why;
  return expect.stringMatching(/^\[Tool execution failed\] x{1976}\n\[line 1 of 6, /);
}

const End = z.object({
  answer: z.string().optional(),
  error: z.string().optional(),
  outcomes: z.array(
    z.looseObject({
      type: z.string(),
      id: z.string(),
      error: z.looseObject({ class: z.string(), code: z.string() }).optional(),
    }),
  ),
});

/** The texts at the end of a request that stand for outcomes, each with the id of its call. */
function textsIn(request: ResponsesRequest | ToolChatRequest | undefined) {
  if (!request) return [];
  if ("messages" in request) {
    const first = request.messages.findLastIndex(({ role }) => role !== "tool") + 1;
    return request.messages.slice(first).flatMap((one) => {
      return "tool_call_id" in one ? [{ id: one.tool_call_id, text: one.content }] : [];
    });
  }
  const first = request.input.findLastIndex(({ type }) => type !== "function_call_output") + 1;
  return request.input.slice(first).flatMap((item) => {
    return item.type === "function_call_output" ? [{ id: item.call_id, text: item.output }] : [];
  });
}

function questionOf(request: ResponsesRequest | ToolChatRequest): string {
  if ("messages" in request) return request.messages[1]?.content ?? "";
  const [first] = request.input;
  return first && "role" in first && typeof first.content === "string" ? first.content : "";
}

/** Asks all questions of some scripts in one process, in their order. */
async function converse(
  protocol: "responses" | "chat",
  scripts: Scripts,
  world: string,
  env: Readonly<Record<string, string>> = {},
) {
  const left = new Map(Object.entries(scripts).map(([question, all]) => [question, [...all]]));
  const next = (request: ResponsesRequest | ToolChatRequest) => {
    return left.get(questionOf(request))?.shift() ?? [];
  };
  const nextMessage = (request: ToolChatRequest): ChatReply => {
    const items = next(request);
    const isDone = items === DONE;
    return { message: isDone ? { content: "done" } : { tool_calls: chatCalls(items) } };
  };
  const server = protocol === "chat" ? await serveChat(nextMessage) : await serveResponses(next);
  const settings = {
    OPENAI_BASE_URL: server.url,
    OPENAI_PROTOCOL: protocol,
    QUESTIONS: JSON.stringify(Object.keys(scripts)),
    ...env,
  };
  const { stdout } = await run("test/programs/18-conversations.ts", [], {
    folder: worldOf(world),
    env: settings,
  });
  server.close();
  const ends = readReports(stdout);
  const requests: readonly (ResponsesRequest | ToolChatRequest)[] = server.requests;
  const talk = (question: string) => ({
    texts: requests
      .filter((one) => questionOf(one) === question)
      .slice(1)
      .map(textsIn),
    end: End.parse(ends.get(question)?.value),
  });
  return { talk, refusals: server.refusals };
}

const NASTY: Scripts = { nasty: [itemsOf(NASTY_REPLY), DONE] };
const nastyOverResponses = converse("responses", NASTY, "nasty");
const nastyOverChat = converse("chat", NASTY, "nasty");
const odd = converse("responses", SCRIPTS, "odd");
const oddOverChat = converse("chat", { values: SCRIPTS.values ?? [] }, "odd");
