// The chapter promises: parallel_tool_calls goes to the model, if it is set and as the API takes it, and
// decides how many calls arrive. concurrent_tool_execution and max_concurrent_tools stay in the program
// and decide how many of them run at once. Neither knob does the work of the other.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import {
  ALPHABET,
  type CONFIGS,
  isQuestion,
  type Question,
  TALKS,
} from "./programs/15-settings.ts";
import { readReports } from "./programs/report.ts";
import { serveBarrier } from "./support/barrier.ts";
import { type ChatReply, chatCalls, serveChat } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import {
  type Api,
  call,
  type Item,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { like } from "./support/worlds.ts";

test("the demo's table has all four settings with their calls per reply and peaks, and one answer", () => {
  const stdout = printed("15");
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

test("beside built-in tools the knob is off, with a warning only if it was on [G1]", async () => {
  const { request: unset } = await make("unset");
  const tools = [unset.tools, { type: "web_search" }].flat();
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
    expect(await make(name, "without-tools")).toEqual({ request, warnings: [] });
  }
  // A built-in tool counts as a tool.
  const { request: search } = await make("built-in, unset", "without-tools");
  expect(search).toEqual({
    ...request,
    tools: [{ type: "web_search" }],
    parallel_tool_calls: false,
  });
});

test("local keys never get into a request, nor do unknown keys [G5]", async () => {
  const unset = await make("unset");
  expect(await make("local keys, on")).toEqual(unset);
  expect(await make("local keys, off")).toEqual(unset);
  expect(await make("unlikely keys")).toEqual(unset);
  expect(await make("allowed, unlikely keys")).toEqual(await make("allowed"));
  const { requests, refusals } = await overResponses;
  expect(refusals).toEqual([]);
  expect(new Set(requests.map(({ instructions }) => instructions)).size).toBe(1);
});

test("over Chat Completions, the knob travels if it is set, and nothing else does", async () => {
  const ran = await overChat;
  const talks = CHATS.map(ran.talk);
  expect(talks.map(({ knobs }) => knobs)).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
    [true, true],
    [false, false, false, false],
  ]);
  expect(talks.map(({ trail, end }) => ({ trail, end }))).toEqual([
    { trail: ` ${lanes("abcdef", 6)} `, end: answerOn("abcdef") },
    { trail: ` ${oneByOne("abcd")} `, end: answerOn("abcd") },
    { trail: ` ${lanes("abc", 3)} `, end: answerOn("abc") },
    { trail: ` ${lanes("abc", 3)} `, end: answerOn("abc") },
    { trail: " a) b) c) ", end: answerOn("abc") },
  ]);
  expect(ran.refusals).toEqual([]);
});

// ── What runs ────────────────────────────────────────────────────────────────────────────────────

test("the two knobs are independent: one decides what arrives, the other what runs at once [G4]", async () => {
  const four = ["many, together", "many, in order", "one, together", "one, in order"] as const;
  const talks = await Promise.all(four.map(talk));
  expect(talks).toEqual([
    { knobs: [true, true], trail: ` ${lanes("abc", 3)} `, end: answerOn("abc") },
    { knobs: [true, true], trail: " a)b)c) ", end: answerOn("abc") },
    { knobs: [false, false, false, false], trail: " a) b) c) ", end: answerOn("abc") },
    { knobs: [false, false, false, false], trail: " a) b) c) ", end: answerOn("abc") },
  ]);
});

test("calls of one reply run in order with concurrent_tool_execution off, whatever the limit [G2]", async () => {
  for (const question of ["off", "off, with a limit", "off, with no limit"] as const) {
    const { trail, end } = await talk(question);
    expect(trail).toBe(` ${oneByOne("abcd")} `);
    expect(end).toEqual(answerOn("abcd"));
  }
});

test("with nothing set, calls overlap up to ten at once and never more", async () => {
  const { trail, end } = await talk("nothing set");
  expect(trail).toBe(` ${lanes("abcdef", 6)} `);
  expect(end).toEqual(answerOn("abcdef"));
  const { trail: many, end: last } = await talk("nothing set, 26 calls");
  expect(many).toBe(` ${lanes(ALPHABET, 10)} `);
  expect(last).toEqual(answerOn(ALPHABET));
});

test("max_concurrent_tools is reached and never passed; zero means all at once, one means in order [G3]", async () => {
  expect((await talk("a limit of 3")).trail).toBe(" abc)d)e)f))) ");
  expect((await talk("a limit of 1")).trail).toBe(` ${oneByOne("abcd")} `);
  expect((await talk("a high limit")).trail).toBe(` ${lanes("abcd", 4)} `);
  expect((await talk("no limit")).trail).toBe(` ${lanes(ALPHABET, 26)} `);
  expect((await talk("no limit")).end).toEqual(answerOn(ALPHABET));
});

test("a single call runs like any other", async () => {
  expect(await talk("a single call")).toEqual({
    knobs: [undefined, undefined],
    trail: " a) ",
    end: answerOn("a"),
  });
});

test("ten calls have started, each in a thread of its own, before any of them ends", async () => {
  const { log } = await overResponses;
  expect(log.slice(0, 10).toSorted()).toEqual([..."ABCDEFGHIJ"].map((place) => `start ${place}`));
  let running = 0;
  const peaks = log.map((line) => (running += line.startsWith("start") ? 1 : -1));
  expect(Math.max(...peaks)).toBe(10);
  const { trail, end } = await talk("in threads");
  expect(trail).toBe(` ${lanes("ABCDEFGHIJKL", 10)} `);
  // The last one that had started was the first to end; the outputs stand in the order asked.
  expect(end).toEqual(answerOn("ABCDEFGHIJKL"));
});

test("several calls that arrive in spite of parallel_tool_calls: false are run by the local knob", async () => {
  const knobs = [false, false];
  const end = answerOn("abc");
  expect(await talk("deaf, together")).toEqual({ knobs, trail: ` ${lanes("abc", 3)} `, end });
  expect(await talk("deaf, in order")).toEqual({ knobs, trail: " a)b)c) ", end });
});

test("the knobs are those of one agent: calls of two agents overlap with everything off", async () => {
  const { log } = await overResponses;
  const met = log.filter((line) => /[YZ]$/.test(line)).map((line) => line.split(" ")[0]);
  expect(met).toEqual(["start", "start", "end", "end"]);
  const knobs = [false, false];
  expect(await talk("of two, one")).toEqual({ knobs, trail: " Y) ", end: answerOn("Y") });
  expect(await talk("of two, the other")).toEqual({ knobs, trail: " Z) ", end: answerOn("Z") });
});

test("an invalid limit is refused before anything is asked", async () => {
  const limits = { "below zero": "-1", "no whole number": "1.5", "not a number": "NaN" } as const;
  for (const question of ["below zero", "no whole number", "not a number"] as const) {
    const got = `expected a whole number of calls from 1 up, got ${limits[question]}`;
    expect(await talk(question)).toEqual({
      knobs: [],
      trail: "",
      end: { error: `RangeError: ${got}` },
    });
  }
});

test("the nasty batch gets one output per call, with everything on and with everything off", async () => {
  const { requestsOf } = await overResponses;
  const trails = { nasty: 10, "nasty, in order": 1 } as const;
  for (const question of ["nasty", "nasty, in order"] as const) {
    expect(lastOutputs(requestsOf(question))).toEqual(settle(outputsOf(NASTY_RESULTS)));
    const trail = ` ${lanes("(".repeat(NASTY_RESULTS.length), trails[question])} `;
    expect(await talk(question)).toMatchObject({ trail, end: { answer: "done" } });
  }
});

// ── What is expected ─────────────────────────────────────────────────────────────────────────────

/** The trail of the calls of one reply if each end lets the next one start, up to so many at once. */
function lanes(places: string, limit: number): string {
  const [first, rest] = [places.slice(0, limit), places.slice(limit)];
  return first + [...rest].map((place) => `)${place}`).join("") + ")".repeat(first.length);
}

/** The trail in which calls run one at a time, in this order. */
function oneByOne(places: string): string {
  return [...places].map((place) => `${place})`).join("");
}

/** The answer of a model that reads the output of each place, in the order asked. */
function answerOn(places: string) {
  return { answer: [...places].map((place) => `"calm in ${place}"`).join(" ") };
}

// ── The model, and what the program did with it ──────────────────────────────────────────────────

/** A model that calls the tool for each place without an output, and answers with all outputs. */
function play(question: Question, outputs: readonly string[], knob: boolean | undefined): Item[] {
  if (question.startsWith("nasty"))
    return outputs.length > 0 ? [message("done")] : itemsOf(NASTY_REPLY);
  const rest = [...TALKS[question][0]].slice(outputs.length);
  const isSingle = knob === false && !question.startsWith("deaf");
  const wanted = rest.slice(0, isSingle ? 1 : rest.length);
  if (wanted.length === 0) return [message(outputs.join(" "))];
  return wanted.map((place) => {
    const location = /[A-Z]/.test(place) ? `barrier ${place}` : place;
    return call(place, "get_weather", { location });
  });
}

function questionIn(first: object | undefined): Question {
  const content = first && "content" in first ? first.content : undefined;
  if (typeof content === "string" && isQuestion(content)) return content;
  throw new Error(`nobody asks ${content}`);
}

const Made = z.strictObject({
  request: z.record(z.string(), z.unknown()),
  warnings: z.array(z.string()),
});
const Talk = z.strictObject({
  end: z.union([z.strictObject({ answer: z.string() }), z.strictObject({ error: z.string() })]),
  trail: z.string(),
});

/** The chapter as a reader would edit it. */
function edit(source: string, old: RegExp, text: string): string {
  expect(source).toMatch(old);
  return source.replace(old, text);
}

const SOURCE = readFileSync(join(ROOT, "chapters/15-parallel-knobs/main.ts"), "utf8");
const TOOLS = /(?<=const tools = new Map<string, Tool>\()\[.*?\n\](?=\);)/s;
const FOLDER = copyBook({
  "mock-tools/weather.ts": like("test/worlds/nasty-or-barred.ts"),
  "chapters/15-parallel-knobs/without-tools.ts": edit(
    edit(SOURCE, TOOLS, "[]"),
    /minThreads: 2/,
    "minThreads: 0",
  ),
});

type Knobbed = { readonly parallel_tool_calls?: boolean | undefined };

/**
 * Has conversations in one process, with a model that a server plays, and makes the requests of some
 * files of the chapter.
 */
async function runKnobs<Request extends Knobbed>(
  groups: readonly (readonly Question[])[],
  server: Api<Request>,
  questionOf: (request: Request) => Question,
  { files = [], env }: { files?: readonly string[]; env: Readonly<Record<string, string>> },
) {
  const { stdout } = await run("test/programs/15-knobs.ts", [JSON.stringify(groups), ...files], {
    folder: FOLDER,
    env: { OPENAI_BASE_URL: server.url, ...env },
  });
  server.close();
  const reports = readReports(stdout);
  const requestsOf = (question: Question) => {
    return server.requests.filter((request) => questionOf(request) === question);
  };
  /** How a conversation went: the knob of each request, the trail of the calls, and the end. */
  const talk = (question: Question) => {
    const knobs = requestsOf(question).map((request) => request.parallel_tool_calls);
    return { knobs, ...Talk.parse(reports.get(question)?.value) };
  };
  const { requests, refusals } = server;
  return { reports, talk, requestsOf, requests, refusals };
}

/** Twelve calls in one conversation, of which ten run at once, and then the calls of two agents. */
async function runOverResponses() {
  const [crowd] = TALKS["in threads"];
  let ended = 0;
  const barrier = await serveBarrier((waiting) => {
    if (waiting.some((place) => /[YZ]/.test(place))) return waiting.length === 2 ? waiting : [];
    if (ended + waiting.length === crowd.length) return waiting;
    if (waiting.length < 10) return [];
    ended += 1;
    return waiting.slice(-1);
  });
  const server = await serveResponses(({ input, parallel_tool_calls }) => {
    const outputs = input.flatMap((item) => ("output" in item ? [item.output] : []));
    return play(questionIn(input[0]), outputs, parallel_tool_calls);
  });
  const two: Question[] = ["of two, one", "of two, the other"];
  const questions = Object.keys(TALKS).filter(isQuestion);
  const alone = questions.filter((question) => !two.includes(question));
  const groups = [...alone.map((question) => [question]), two];
  const ran = await runKnobs(groups, server, ({ input }) => questionIn(input[0]), {
    files: ["main", "without-tools"],
    env: { BARRIER_URL: barrier.url },
  });
  barrier.close();
  return { ...ran, log: barrier.log };
}

const CHATS: Question[] = [
  "nothing set",
  "off, with a limit",
  "set to null",
  "many, together",
  "one, in order",
];

async function runOverChat() {
  const server = await serveChat(({ messages, parallel_tool_calls }): ChatReply => {
    const outputs = messages.flatMap((one) => ("tool_call_id" in one ? [one.content] : []));
    const items = play(questionIn(messages[1]), outputs, parallel_tool_calls);
    const calls = chatCalls(items);
    return { message: calls.length > 0 ? { tool_calls: calls } : { content: outputs.join(" ") } };
  });
  const groups = CHATS.map((question) => [question]);
  const env = { OPENAI_PROTOCOL: "chat" };
  return runKnobs(groups, server, ({ messages }) => questionIn(messages[1]), { env });
}

const overResponses = runOverResponses();
const overChat = runOverChat();

async function talk(question: Question) {
  return (await overResponses).talk(question);
}

/** The request that a file of the chapter makes of a configuration, and what it warns of. */
async function make(name: keyof typeof CONFIGS, file: "main" | "without-tools" = "main") {
  return Made.parse((await overResponses).reports.get(`${file}: ${name}`)?.value);
}
