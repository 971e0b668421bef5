import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";

const FILE = "chapters/09-async-tools/main.ts";
const PROFILE = { name: "get_user_profile", arguments: "{}" };

/** A directory that says at the barrier whether a thread waits there, and as which one. */
const WAITING_PROFILE = `
import { isMainThread } from "node:worker_threads";
let started = 0;
export async function lookUpProfile(): Promise<string> {
  const name = (isMainThread ? "loop " : "thread ") + ++started;
  const answer = await fetch(process.env.BARRIER_URL + encodeURIComponent(name));
  return answer.text();
}
`;

/** Reports how many lookups were in flight at most; with a thread for each, every one sees one. */
const COUNTING_PROFILE = `
import { setImmediate as nextTask } from "node:timers/promises";
let running = 0;
let peak = 0;
export async function lookUpProfile(): Promise<number> {
  peak = Math.max(peak, ++running);
  await nextTask();
  running--;
  return peak;
}
`;

/** Stations that hold their thread until the gate is open; whoever comes later finds it open. */
const HEAVY_WEATHER = `
import { existsSync, writeFileSync } from "node:fs";
import { worldFile } from "./world.ts";
export function forecast({ location }: { location: string }): string {
  if (existsSync(worldFile("gate"))) return \`late in \${location}\`;
  writeFileSync(worldFile(\`busy-\${location}\`), "");
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(worldFile("gate"))) Atomics.wait(nap, 0, 0, 5);
  return \`early in \${location}\`;
}
`;
/** Lookups that begin once four stations hold a thread each; the last of fifty to end opens the gate. */
const OPENING_PROFILE = `
import { existsSync, writeFileSync } from "node:fs";
import { setImmediate as nextTask } from "node:timers/promises";
import { worldFile } from "./world.ts";
async function allBusy(): Promise<void> {
  while (!["a", "b", "c", "d"].every((place) => existsSync(worldFile(\`busy-\${place}\`)))) {
    await nextTask();
  }
}
let busy: Promise<void> | undefined;
let ended = 0;
export async function lookUpProfile(): Promise<string> {
  busy ??= allBusy();
  await busy;
  if (++ended === 50) writeFileSync(worldFile("gate"), "");
  return "looked up";
}
`;

/** The book with tools that say where they run, and with the bounds as they are or swapped. */
function bookOfPlaces(swapped: boolean): string {
  const source = readFileSync(join(ROOT, "mock-tools/tools.ts"), "utf8");
  const other = new Map([
    ["cpu", "io"],
    ["io", "cpu"],
  ]);
  const tools = source.replaceAll(
    /bound: "(\w+)",/g,
    (_, bound) => `bound: "${other.get(bound)}",`,
  );
  const where = (name: string) => `
import { isMainThread } from "node:worker_threads";
export function ${name}(): string { return isMainThread ? "loop" : "thread"; }
`;
  return copyBook({
    "mock-tools/weather.ts": where("forecast"),
    "mock-tools/profile.ts": where("lookUpProfile"),
    ...(swapped && { "mock-tools/tools.ts": tools }),
  });
}

function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value);
}

/** The peaks that a run printed, on the event loop and in threads, question by question. */
function peaksIn(stdout: string): (string | undefined)[] {
  return [...stdout.matchAll(/^Peak .*: (\d+) [()]*$/gm)].map(([, peak]) => peak);
}

test("the demo shows both kinds of calls and the peak of each", async () => {
  const { code, stdout, stderr } = await run(FILE);
  expect(stdout.match(/^(Q:|Peak) .*$/gm)).toEqual([
    "Q: Get the weather in Beijing and LA and send an summary email to me.",
    "Peak on the event loop: 1 ()()",
    "Peak in threads: 2 (())",
    "Q: Compare the weather in Lima, Atlantis, LA, Paris and Tokyo. Who am I?",
    "Peak on the event loop: 1 ()()()",
    "Peak in threads: 4 (())(((()())))",
  ]);
  expect(stdout).toContain('"to": "jack@example.com"');
  expect(stdout).toContain("Your profile: name Jack, email jack@example.com.");
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(code).toBe(0);
});

test("50 waits are in flight at once and no thread waits", async () => {
  const folder = copyBook({ "mock-tools/profile.ts": WAITING_PROFILE });
  const barrier = await serveBarrier((waiting) => (waiting.length === 50 ? waiting : []));
  const { code, requests } = await runScript(FILE, [outputs(...times(50, PROFILE)), outputs()], {
    folder,
    env: { BARRIER_URL: barrier.url },
  });
  barrier.close();
  const names = Array.from({ length: 50 }, (_, index) => `loop ${index + 1}`);
  expect(barrier.log.slice(0, 50).toSorted()).toEqual(
    names.map((name) => `start ${name}`).toSorted(),
  );
  expect(barrier.log.slice(50).every((line) => line.startsWith("end loop"))).toBe(true);
  expect(lastResults(requests)).toEqual(
    names.map((name, index) => ({ id: `call_${index}`, result: `calm in ${name}` })),
  );
  expect(code).toBe(0);
});

test("heavy calls in every thread and in the queue delay no wait", async () => {
  const folder = copyBook({
    "mock-tools/profile.ts": OPENING_PROFILE,
    "mock-tools/weather.ts": HEAVY_WEATHER,
  });
  // More heavy calls than there are lanes of either kind.
  const places = ["a", "b", "c", "d", ...times(66, "e")];
  const heavy = places.map((place) => weather(place));
  const reply = outputs(...heavy, ...times(50, PROFILE));
  const { code, requests } = await runScript(FILE, [reply, outputs()], { folder });
  const results = ["early in a", "early in b", "early in c", "early in d"];
  expect(lastResults(requests)).toEqual(
    [...results, ...times(66, "late in e"), ...times(50, "looked up")].map((result, index) => ({
      id: `call_${index}`,
      result,
    })),
  );
  expect(code).toBe(0);
});

test("waits reach their limit and never pass it", async () => {
  const folder = copyBook({ "mock-tools/profile.ts": COUNTING_PROFILE });
  const reply = outputs(...times(100, PROFILE));
  const { code, requests } = await runScript(FILE, [reply, outputs()], { folder });
  const results = z.array(z.object({ result: z.number() })).parse(lastResults(requests));
  expect(results.map(({ result }) => result)).toEqual(times(100, 64));
  expect(code).toBe(0);
});

test("the limit of the waits is the reader's to change", async () => {
  const source = readFileSync(join(ROOT, FILE), "utf8");
  const folder = copyBook({
    "mock-tools/profile.ts": COUNTING_PROFILE,
    [FILE]: source.replace("MAX_WAITING = 64", "MAX_WAITING = 2"),
  });
  const reply = outputs(...times(5, PROFILE));
  const { stdout, requests } = await runScript(FILE, [reply, outputs()], { folder });
  const results = z.array(z.object({ result: z.number() })).parse(lastResults(requests));
  expect(results.map(({ result }) => result)).toEqual(times(5, 2));
  expect(peaksIn(stdout)).toEqual(["2", "0"]);
});

test("calls in threads reach their limit and never pass it, whatever waits beside them", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  let ended = 0;
  const barrier = await serveBarrier((waiting) => {
    const release = waiting.length === 4 || ended > 0 ? waiting : [];
    ended += release.length;
    return release;
  });
  const places = Array.from({ length: 10 }, (_, index) => `place ${index}`);
  const calls = places.flatMap((place) => [weather(place), PROFILE]);
  const { code, stdout } = await runScript(FILE, [outputs(...calls), outputs()], {
    folder,
    env: { BARRIER_URL: barrier.url },
  });
  barrier.close();
  const inFlight = barrier.log.map((_, index) => {
    const lines = barrier.log.slice(0, index + 1);
    return lines.reduce((sum, line) => sum + (line.startsWith("start") ? 1 : -1), 0);
  });
  expect(Math.max(...inFlight)).toBe(4);
  expect(barrier.log).toHaveLength(20);
  expect(peaksIn(stdout)).toEqual(["10", "4"]);
  expect(code).toBe(0);
});

test("outcomes of both kinds stand in the order asked, whichever kind ends first", async () => {
  const folder = copyBook({
    "mock-tools/weather.ts": WAITING_WEATHER,
    "mock-tools/profile.ts": WAITING_PROFILE,
  });
  const reply = outputs(
    PROFILE,
    weather("a", "same"),
    { id: "lost", name: "constructor", arguments: "{}" },
    { id: "same", ...PROFILE },
    weather("b", "same"),
    { ...weather("c"), arguments: "{broken" },
    PROFILE,
  );
  const ends = ["loop 1", "loop 2", "loop 3", "a", "b"];
  for (const order of [ends, ends.toReversed()]) {
    const barrier = await serveBarrier((waiting) => (waiting.length === 5 ? order : []));
    const { requests } = await runScript(FILE, [reply, outputs()], {
      folder,
      env: { BARRIER_URL: barrier.url },
    });
    barrier.close();
    expect(barrier.log.slice(5)).toEqual(order.map((name) => `end ${name}`));
    expect(lastResults(requests)).toEqual([
      { id: "call_0", result: "calm in loop 1" },
      { id: "same", result: "calm in a" },
      { id: "lost", error: expect.objectContaining({ code: "tool_unavailable" }) },
      { id: "same", result: "calm in loop 2" },
      { id: "same", result: "calm in b" },
      { id: "call_5", error: expect.objectContaining({ code: "invalid_tool_args" }) },
      { id: "call_6", result: "calm in loop 3" },
    ]);
  }
});

test("a wait that fails, in whichever way, hides no sibling", async () => {
  const profile = `
const ways = [
  () => "first",
  () => { throw new Error("at once"); },
  async () => { throw "a string, later"; },
  () => undefined,
  () => () => "a function",
  () => "last",
];
export function lookUpProfile(): unknown { return ways.shift()?.(); }
`;
  const folder = copyBook({ "mock-tools/profile.ts": profile });
  const reply = outputs(...times(6, PROFILE), weather("Pompeii"), weather("LA"));
  const { code, requests } = await runScript(FILE, [reply, outputs()], { folder });
  const failed = (message: unknown, type = "execution", code = "tool_error") => ({
    class: type,
    code,
    message,
  });
  expect(lastResults(requests)).toEqual([
    { id: "call_0", result: "first" },
    { id: "call_1", error: failed("at once") },
    { id: "call_2", error: failed("a string, later") },
    { id: "call_3", result: null },
    { id: "call_4", error: failed(expect.stringMatching(/could not be cloned/)) },
    { id: "call_5", result: "last" },
    { id: "call_6", error: failed(expect.stringMatching(/79/), "internal", "thread_ended") },
    { id: "call_7", result: "sunny, 20 degrees" },
  ]);
  expect(code).toBe(0);
});

test.each([
  ["where they say that they belong", false, ["thread", "thread", "loop"], ["1", "2"]],
  ["in the other place if they say so", true, ["loop", "loop", "thread"], ["2", "1"]],
])("tools run %s", async (_, swapped, places, peaks) => {
  const reply = outputs(weather("a"), weather("b"), PROFILE);
  const folder = bookOfPlaces(swapped);
  const { stdout, requests } = await runScript(FILE, [reply, outputs()], { folder });
  expect(lastResults(requests)).toEqual(
    places.map((result, index) => ({ id: `call_${index}`, result })),
  );
  expect(peaksIn(stdout)).toEqual(peaks);
});

test("the answer is the same when a tool lies about its kind, though its calls use no thread", async () => {
  const question = "Compare the weather in Lima, LA, Paris and Tokyo. Who am I?";
  const read = (file: string) => readFileSync(join(ROOT, "mock-tools", file), "utf8");
  const quick = { "mock-tools/weather.ts": read("weather.ts").replace("25_000_000", "25_000") };
  const lie = { "mock-tools/tools.ts": read("tools.ts").replace('bound: "cpu",', 'bound: "io",') };
  const honest = await run(FILE, [question], { folder: copyBook(quick) });
  const lying = await run(FILE, [question], { folder: copyBook({ ...quick, ...lie }) });
  expect(peaksIn(honest.stdout)).toEqual(["1", "4"]);
  expect(peaksIn(lying.stdout)).toEqual(["5", "0"]);
  const withoutPeaks = (stdout: string) => stdout.replaceAll(/^Peak .*$/gm, "");
  expect(withoutPeaks(lying.stdout)).toBe(withoutPeaks(honest.stdout));
});

test("a limit that is no whole number from 1 up is refused when the runner is made", async () => {
  const source = `
import { splitRunner } from "./${FILE}";
const makers = [0, -1, 1.5, Number.NaN].flatMap((limit) => [
  () => splitRunner(limit),
  () => splitRunner(1, limit),
]);
for (const make of makers) {
  try {
    make();
    console.log("made");
  } catch (error) {
    console.log(String(error));
  }
}
process.exit();
`;
  const folder = copyBook({ "limits.ts": source });
  const { stdout } = await run("limits.ts", [], { folder });
  const words = "RangeError: expected a whole number of calls from 1 up, got";
  const limits = ["0", "0", "-1", "-1", "1.5", "1.5", "NaN", "NaN"];
  expect(stdout).toBe(limits.map((limit) => `${words} ${limit}\n`).join(""));
});
