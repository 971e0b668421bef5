// What chapter 09 promises: calls that wait share the event loop under a limit of their own, calls that
// compute get threads, neither kind stands in the other's queue, and an outcome is the same in both places.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import type { ChatRequest } from "../scripts/serve.ts";
import { serveBarrier } from "./support/barrier.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";
import { like } from "./support/worlds.ts";

const FILE = "chapters/09-async-tools/main.ts";
const TOOLS = readFileSync(join(ROOT, "mock-tools/tools.ts"), "utf8");

/** Places whose weather is made in threads; an e-mail that names one does the same on the loop. */
const WORLD = {
  "mock-tools/weather.ts": like("test/worlds/whereabouts.ts"),
  "mock-tools/mailbox.ts": like("test/worlds/mailed-weather.ts"),
};

type Call = ReturnType<typeof weather>;

function mail(place: string, id?: string): Call {
  const args = { from: "a@example.com", to: "b@example.com", message: place };
  return { ...weather(place, id), name: "send_email", arguments: JSON.stringify(args) };
}

function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Returns which of the waiting calls may leave the barrier, given how many have left before. */
type Release = (waiting: readonly string[], left: number) => readonly string[];

function together(count: number, order?: readonly string[]): Release {
  return (waiting) => (waiting.length === count ? (order ?? waiting) : []);
}

/** Releases one call whenever four wait, and the last four of ten together. */
const fourOfTen: Release = (waiting, left) => {
  if (left + waiting.length === 10) return waiting;
  return waiting.length === 4 ? waiting.slice(-1) : [];
};

const ENDS = ["loop 1", "loop 2", "thread 1", "thread 2", "loop 3"];
const MIXED = [
  mail("barrier 1"),
  weather("barrier 1", "same"),
  { id: "lost", name: "constructor", arguments: "{}" },
  mail("barrier 2", "same"),
  weather("barrier 2", "same"),
  { ...weather("broken"), arguments: "{broken" },
  mail("barrier 3"),
];
/** The nasty batch, and the same on the event loop without the calls that would end the program there. */
const NASTY: readonly Call[] = JSON.parse(NASTY_REPLY).outputs;
const DEADLY = /ends its thread|eats memory|from a timer|nobody listens/;

function toMail(call: Call): Call {
  const [, place] = /^\{"location":"(.*)"\}$/.exec(call.arguments) ?? [];
  return place === undefined || DEADLY.test(place) ? call : mail(place, call.id);
}

const STATIONS = ["a", "b", "c", "d", ...times(66, () => "e")];

/** The batches of one conversation, by topic, with the rule of the barrier. */
const BATCHES: Readonly<Record<string, readonly [calls: readonly Call[], release?: Release]>> = {
  places: [[weather("where"), mail("where"), weather("where")]],
  "fifty waits": [times(50, (index) => mail(`barrier ${index}`)), together(50)],
  // More heavy calls than there are lanes of either kind.
  "heavy calls": [
    [...STATIONS.map((place) => weather(`compute ${place}`)), ...times(50, () => mail("lookup"))],
  ],
  "many waits": [times(100, () => mail("crowd"))],
  "ten in threads": [
    times(10, (index) => [weather(`barrier ${index}`), mail("crowd")]).flat(),
    fourOfTen,
  ],
  "one order": [MIXED, together(5, ENDS)],
  "the other order": [MIXED, together(5, ENDS.toReversed())],
  nasty: [NASTY],
  "nasty waits": [NASTY.map(toMail)],
};

// The chapter's whole conversation; another one in which every tool says the opposite of its kind.
const ran = runBatches();
const swapped = runSwapped();

test("the demo shows both kinds of calls and the peak of each", () => {
  expect(printed("09").match(/^(Q:|Peak) .*$/gm)).toEqual([
    "Q: Get the weather in Beijing and LA and send an summary email to me.",
    "Peak on the event loop: 1 ()()",
    "Peak in threads: 2 (())",
    "Q: Compare the weather in Lima, Atlantis, LA, Paris and Tokyo. Who am I?",
    "Peak on the event loop: 1 ()()()",
    "Peak in threads: 4 (())(((()())))",
  ]);
  expect(printed("09")).toContain('"to": "jack@example.com"');
  expect(printed("09")).toContain("Your profile: name Jack, email jack@example.com.");
});

test("50 waits are in flight at once and no thread waits [T12]", async () => {
  const names = times(50, (index) => `loop ${index}`);
  const log = await logOf("fifty waits");
  expect(log.slice(0, 50).toSorted()).toEqual(names.map((name) => `start ${name}`).toSorted());
  expect(log.slice(50).toSorted()).toEqual(names.map((name) => `end ${name}`).toSorted());
  expect(await resultsOf("fifty waits")).toEqual(names.map((name) => `calm in ${name}`));
});

test("heavy calls in every thread and in the queue delay no wait", async () => {
  expect(await resultsOf("heavy calls")).toEqual([
    ...["early in a", "early in b", "early in c", "early in d"],
    ...times(66, () => "late in e"),
    ...times(50, () => "looked up"),
  ]);
});

test("waits reach their limit and never pass it", async () => {
  expect(await resultsOf("many waits")).toEqual(times(100, () => 64));
  const [peak] = peaksIn((await ran).stdout);
  expect(peak).toBe("64");
});

test("the limit of each kind is that of its runner, which a reader can change", async () => {
  const { results, log } = await swapped;
  expect(results("the default limits", 0)).toEqual(times(100, () => 64));
  expect(results("narrow limits", 0).slice(0, 5)).toEqual(times(5, () => 2));
  const names = ["thread 0", "thread 1", "thread 2"];
  expect(log).toEqual(names.flatMap((name) => [`start ${name}`, `end ${name}`]));
});

test("calls in threads reach their limit and never pass it, even if others wait beside them", async () => {
  const log = await logOf("ten in threads");
  const inFlight = log.map((_, index) => {
    const lines = log.slice(0, index + 1);
    return lines.reduce((sum, line) => sum + (line.startsWith("start thread") ? 1 : -1), 0);
  });
  expect(log).toHaveLength(20);
  expect(Math.max(...inFlight)).toBe(4);
  const [, peak] = peaksIn((await ran).stdout);
  expect(peak).toBe("4");
});

test("outcomes of both kinds stand in the order asked, whichever kind ends first", async () => {
  const orders = [
    ["one order", ENDS],
    ["the other order", ENDS.toReversed()],
  ] as const;
  for (const [batch, ends] of orders) {
    expect((await logOf(batch)).slice(5)).toEqual(ends.map((name) => `end ${name}`));
    expect(await entriesOf(batch)).toEqual([
      { id: "call_0", result: "calm in loop 1" },
      { id: "same", result: "calm in thread 1" },
      { id: "lost", error: expect.objectContaining({ code: "tool_unavailable" }) },
      { id: "same", result: "calm in loop 2" },
      { id: "same", result: "calm in thread 2" },
      { id: "call_5", error: expect.objectContaining({ code: "invalid_tool_args" }) },
      { id: "call_6", result: "calm in loop 3" },
    ]);
  }
});

test("a wait that fails in any way hides no sibling, and ends as it would in a thread", async () => {
  expect(NASTY.map(toMail).filter(({ name }) => name === "send_email").length).toBeGreaterThan(20);
  expect(await entriesOf("nasty waits")).toEqual(NASTY_RESULTS);
  expect(await entriesOf("nasty")).toEqual(NASTY_RESULTS);
  expect((await ran).code).toBe(0);
});

test("a tool runs where its kind says, and in the other place if its kind says the opposite", async () => {
  expect(await resultsOf("places")).toEqual(["thread", "loop", "thread"]);
  expect((await swapped).results("the default limits", 1)).toEqual(["loop", "thread", "loop"]);
});

test("the answer is the same when a tool lies about its kind, though its calls use no thread", async () => {
  const forecasts = readFileSync(join(ROOT, "mock-tools/weather.ts"), "utf8");
  const folder = copyBook({
    "mock-tools/tools.ts": edit(TOOLS, 'bound: "cpu",', 'bound: "io",'),
    "mock-tools/weather.ts": edit(forecasts, "25_000_000", "25_000"),
  });
  const { code, stdout } = await run(FILE, [], { folder });
  const withoutPeaks = (transcript: string) => transcript.replaceAll(/^Peak .*$/gm, "");
  expect(withoutPeaks(stdout)).toBe(withoutPeaks(printed("09")));
  expect(peaksIn(stdout)).toEqual(["3", "0", "6", "0"]);
  expect(code).toBe(0);
});

test("a limit that is not a whole number from 1 up is refused when the runner is made", async () => {
  const words = "LIMIT RangeError: expected a whole number of calls from 1 up, got";
  const lines = ["0", "-1", "1.5", "NaN"].map((limit) => `${words} ${limit}`);
  expect((await swapped).stdout.match(/^LIMIT .*$/gm)).toEqual(lines);
});

// ── The two conversations ────────────────────────────────────────────────────────────────────────

function stepOf({ messages }: ChatRequest): number {
  return messages.filter(({ role }) => role === "assistant").length;
}

/** Has the conversation over all batches: what the chapter printed, sent back, and did at the barrier. */
async function runBatches() {
  const batches = Object.values(BATCHES);
  const begins: number[] = [];
  const barrier = await serveBarrier((waiting) => {
    const log = barrier.log.slice(begins.at(-1));
    const [, release = () => waiting] = batches[begins.length - 1] ?? [];
    return release(waiting, log.filter((line) => line.startsWith("end")).length);
  });
  const answer = () => {
    const [calls = []] = batches[begins.length] ?? [];
    begins.push(barrier.log.length);
    return outputs(...calls);
  };
  const settings = { folder: copyBook(WORLD), env: { BARRIER_URL: barrier.url } };
  const ended = await runScript(FILE, answer, settings);
  barrier.close();
  const logs = begins.map((begin, index) => barrier.log.slice(begin, begins[index + 1]));
  return { ...ended, logs };
}

test.each([
  ["ends the process", "ends its thread", /^$/],
  ["throws when nobody can catch it", "throws null from a timer", /^error: null\n$/],
])(
  "a tool on the event loop that %s ends the program, since no thread holds it back",
  async (_, place, said) => {
    const folder = copyBook({
      "mock-tools/weather.ts": like("test/worlds/nasty.ts"),
      "mock-tools/mailbox.ts": like("test/worlds/mailed-weather.ts"),
    });
    const { code, stderr, stdout } = await runScript(FILE, [outputs(mail(place)), outputs()], {
      folder,
    });
    expect(stdout).not.toContain("A:");
    expect(stderr.replace(/^model: .*\n/, "")).toMatch(said);
    expect(code).toBe(place === "ends its thread" ? 3 : 1);
  },
);

function indexOf(batch: string): number {
  const index = Object.keys(BATCHES).indexOf(batch);
  if (index < 0) throw new Error(`there is no batch ${batch}`);
  return index;
}

async function logOf(batch: string): Promise<string[]> {
  return (await ran).logs[indexOf(batch)] ?? [];
}

async function entriesOf(batch: string): Promise<unknown> {
  const { requests } = await ran;
  return lastResults(requests.slice(0, indexOf(batch) + 2));
}

async function resultsOf(batch: string): Promise<unknown[]> {
  return readResults(await entriesOf(batch));
}

function readResults(entries: unknown): unknown[] {
  return z
    .array(z.object({ result: z.unknown() }))
    .parse(entries)
    .map(({ result }) => result);
}

/** Runs the program with the runners, where each tool says the opposite of its kind. */
async function runSwapped() {
  const talks: Readonly<Record<string, readonly (readonly Call[])[]>> = {
    "the default limits": [
      times(100, () => weather("crowd")),
      [weather("where"), mail("where"), weather("where")],
    ],
    "narrow limits": [
      [...times(5, () => weather("crowd")), ...times(3, (index) => mail(`barrier ${index}`))],
    ],
  };
  const opposite = TOOLS.replaceAll(/bound: "(cpu|io)",/g, (_, bound) => {
    return `bound: "${bound === "cpu" ? "io" : "cpu"}",`;
  });
  const barrier = await serveBarrier((waiting) => waiting);
  const { stdout, requests } = await runScript(
    "test/programs/09-runners.ts",
    (request) => {
      const batches = talks[request.messages[1]?.content ?? ""];
      return outputs(...(batches?.[stepOf(request)] ?? []));
    },
    {
      folder: copyBook({ ...WORLD, "mock-tools/tools.ts": opposite }),
      env: { BARRIER_URL: barrier.url },
    },
  );
  barrier.close();
  const results = (question: string, step: number): unknown[] => {
    const own = requests.filter(({ messages }) => messages[1]?.content === question);
    return readResults(lastResults(own.slice(0, step + 2)));
  };
  return { stdout, results, log: barrier.log };
}

/** The peaks that a run printed, on the event loop and in threads, question by question. */
function peaksIn(stdout: string): (string | undefined)[] {
  return [...stdout.matchAll(/^Peak .*: (\d+) [()]*$/gm)].map(([, peak]) => peak);
}

/** A source as a reader would edit it. */
function edit(source: string, old: string, text: string): string {
  expect(source).toContain(old);
  return source.replace(old, text);
}
