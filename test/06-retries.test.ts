import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";

const FILE = "chapters/06-retries/main.ts";
const SOURCE = readFileSync(join(ROOT, FILE), "utf8");

/** The chapter as a reader would edit it. */
function edit(old: string, text: string, source = SOURCE): string {
  expect(source).toContain(old);
  return source.replace(old, text);
}

/** A weather tool that notes each attempt in a file, and ends it as the name of the place says. */
const NOTING_WEATHER = `
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { worldFile } from "./world.ts";
const asks = (retry: unknown) => ({ cause: { retry } });
export function forecast({ location }: { location: string }, context: object): unknown {
  const file = worldFile("attempts");
  const notes = existsSync(file) ? readFileSync(file, "utf8") : "";
  const first = !notes.includes('"' + location + '"');
  if (location === "the notes") return notes;
  appendFileSync(file, JSON.stringify({ location, ...context }) + "\\n");
  if (location === "works") return "fine";
  if (location === "works later" && !first) return "fine at last";
  if (location === "fails for good later" && !first) throw new Error("for good");
  if (location === "waits for ever at first") return first ? new Promise(() => {}) : "awake";
  if (location === "computes for ever") for (;;);
  if (location === "asks nothing") throw new Error("no cause");
  if (location === "throws a string") throw '{"cause":{"retry":{}}}';
  if (location === "asks without an object") throw new Error("yes", asks(true));
  if (location === "asks without a number") throw new Error("soon", asks({ after_ms: "soon" }));
  if (location === "asks for any time") throw new Error("not yet", asks({}));
  if (location === "asks for an age") throw new Error("not yet", asks({ after_ms: 1e9 }));
  throw new Error("not yet", asks({ after_ms: 1 }));
}
`;

type Note = { readonly location: string; readonly key?: string };

function readNotes(result: unknown): Note[] {
  const lines = String(result).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** Runs the steps, and one more that hands out the notes: the results by step, and the notes. */
async function runSteps(steps: readonly string[], source = SOURCE) {
  const folder = copyBook({ [FILE]: source, "mock-tools/weather.ts": NOTING_WEATHER });
  const script = [...steps, outputs(weather("the notes")), outputs()];
  const { code, stdout, requests } = await runScript(FILE, script, { folder });
  const results = steps.map((_, step) => lastResults(requests.slice(0, step + 2)));
  const [last] = [lastResults(requests)].flat();
  return { code, stdout, results, notes: readNotes(Object(last).result) };
}

function toolError(message: string) {
  return { class: "execution", code: "tool_error", message };
}

const NOT_YET = toolError("not yet");
const EXHAUSTED = { attempts: 3 };
const LATE = { class: "timeout", code: "tool_timeout", message: "no result in time" };

function mailTo(to: string) {
  const args = { from: "a@example.com", to, message: "hello" };
  return { id: "mail", name: "send_email", arguments: JSON.stringify(args) };
}

function countMails(to: string, stdout: string): number {
  return stdout.split(`"to": "${to}"`).length - 1;
}

/** One run of the chapter for several tests, with each way to end once, and an e-mail meant twice. */
const batch: readonly (readonly [place: string, entry: object])[] = [
  ["waits for ever at first", { result: "awake", attempts: 2 }],
  ["asks nothing", { error: toolError("no cause") }],
  ["throws a string", { error: toolError('{"cause":{"retry":{}}}') }],
  ["asks without an object", { error: toolError("yes") }],
  ["asks without a number", { error: toolError("soon") }],
  ["works", { result: "fine" }],
  ["works later", { result: "fine at last", attempts: 2 }],
  ["fails for good later", { error: toolError("for good") }],
  ["never works", { error: NOT_YET, exhausted: EXHAUSTED }],
  ["never works either", { error: NOT_YET, exhausted: EXHAUSTED }],
];
const ran = runSteps([
  outputs(...batch.map(([place]) => weather(place, "same"))),
  outputs(mailTo("bob@example.com")),
  outputs(mailTo("bob@example.com")),
]);

async function attemptsAt(...places: string[]): Promise<number[]> {
  const { notes } = await ran;
  return places.map((place) => notes.filter(({ location }) => location === place).length);
}

async function keysOf(place: string): Promise<(string | undefined)[]> {
  const { notes } = await ran;
  return notes.filter(({ location }) => location === place).map(({ key }) => key);
}

test("the demo gets Oslo's weather at attempt 2, and sends one e-mail with two attempts", async () => {
  const { code, stdout, stderr } = await run(FILE);
  expect(stdout).toBe(`Q: How is the weather in Oslo and LA?

[Step 1] Agent: I'll check the weather in both cities for you.
Thinking...
----------
Function call results: [
  {
    "id": "weather_oslo",
    "result": "snowy, -4 degrees",
    "attempts": 2
  },
  {
    "id": "weather_la",
    "result": "sunny, 20 degrees"
  }
]
----------

[Step 2] Agent: Here's the weather: Oslo is snowy at -4 degrees, LA is sunny at 20 degrees.

A:
Here's the weather: Oslo is snowy at -4 degrees, LA is sunny at 20 degrees.

Q: Send an email to carol@lossy.example saying hello.

[Step 1] Agent: Now I'll send the email to carol@lossy.example.
Thinking...
----------
Function call results: [
  {
    "id": "send_email",
    "result": "message sent",
    "attempts": 2
  }
]
----------

[Step 2] Agent: Done! I've sent the e-mail to carol@lossy.example.

A:
Done! I've sent the e-mail to carol@lossy.example.

Mail box:
[
  {
    "from": "weather-bot@example.com",
    "to": "carol@lossy.example",
    "message": "hello."
  }
]
`);
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(code).toBe(0);
});

const TO_CAROL = "Send an email to carol@lossy.example saying hello.";

test("without the key, the e-mail whose acknowledgement is lost is sent twice", async () => {
  const folder = copyBook({ [FILE]: edit("context: { key }", "context: {}") });
  const { stdout } = await run(FILE, [TO_CAROL], { folder });
  expect(countMails("carol@lossy.example", stdout)).toBe(2);
});

test("every call of a batch ends once, in the order asked, however many attempts it took", async () => {
  const { code, results } = await ran;
  expect(results[0]).toEqual(batch.map(([, entry]) => ({ id: "same", ...entry })));
  expect(code).toBe(0);
});

test("a failure that does not consent is final at once, whatever the policy of its tool", async () => {
  expect(
    await attemptsAt(
      "asks nothing",
      "throws a string",
      "asks without an object",
      "asks without a number",
    ),
  ).toEqual([1, 1, 1, 1]);
});

test("a failure that consents is tried again until there is a result", async () => {
  expect(await attemptsAt("works", "works later")).toEqual([1, 2]);
});

test("the third failure in a row is the last, and is marked exhausted", async () => {
  expect(await attemptsAt("never works")).toEqual([3]);
});

test("a failure that does not consent ends the retries and exhausts nothing", async () => {
  expect(await attemptsAt("fails for good later")).toEqual([2]);
});

test("an attempt that runs out of time ends alone, and a retry brings the result", async () => {
  expect(await attemptsAt("waits for ever at first")).toEqual([2]);
});

test("all attempts of a call have one key, and two calls have two, though their ids are equal", async () => {
  const [one, other] = [await keysOf("never works"), await keysOf("never works either")];
  expect(one).toEqual(Array(3).fill(expect.stringMatching(/./)));
  expect(new Set(one).size).toBe(1);
  expect(new Set(other).size).toBe(1);
  expect(new Set([...one, ...other]).size).toBe(2);
});

test("the same call in a later step has a key of its own: an e-mail meant twice is sent twice", async () => {
  const { stdout } = await ran;
  expect(countMails("bob@example.com", stdout)).toBe(2);
});

test("a tool whose policy is never, or that has none, is tried once, though its failure consents", async () => {
  const never = edit('{ ...getWeather, retry: "safe" }', '{ ...getWeather, retry: "never" }');
  const source = edit('{ ...sendEmail, retry: "idempotent" }', "sendEmail", never);
  const places = ["waits for ever at first", "never works"];
  const reply = outputs(...places.map((place) => weather(place)), mailTo("carol@lossy.example"));
  const { results, notes, stdout } = await runSteps([reply], source);
  expect(results[0]).toEqual([
    { id: "call_0", error: LATE },
    { id: "call_1", error: NOT_YET },
    { id: "mail", error: toolError("the acknowledgement was lost") },
  ]);
  expect(notes.map(({ location }) => location).toSorted()).toEqual(places.toSorted());
  expect(countMails("carol@lossy.example", stdout)).toBe(1);
});

test("with no attempt allowed there is still the first", async () => {
  const source = edit("MAX_ATTEMPTS = 3", "MAX_ATTEMPTS = 0");
  const { results, notes } = await runSteps([outputs(weather("never works"))], source);
  expect(results[0]).toEqual([{ id: "call_0", error: NOT_YET, exhausted: { attempts: 1 } }]);
  expect(notes).toHaveLength(1);
});

test("a thread that computes for ever is ended, and its call is a timeout after three attempts", async () => {
  const folder = copyBook({
    [FILE]: edit("ATTEMPT_MS = 5_000", "ATTEMPT_MS = 50"),
    "mock-tools/weather.ts": NOTING_WEATHER,
  });
  const script = [outputs(weather("computes for ever")), outputs()];
  const { code, requests } = await runScript(FILE, script, { folder });
  expect(lastResults(requests)).toEqual([{ id: "call_0", error: LATE, exhausted: EXHAUSTED }]);
  expect(code).toBe(0);
});

/** Notes what reaches the pool and how long the retries wait, and cuts those waits short. */
const WATCHER = `
import { Piscina } from "piscina";
import { runAgent } from "./${FILE}";
const { run } = Piscina.prototype;
Piscina.prototype.run = function (...args) {
  console.log("watched: attempt");
  return run.apply(this, args);
};
const { setTimeout } = globalThis;
const watch = (resume: () => void, ms: number) => {
  const [, , caller = ""] = new Error().stack?.split("\\n") ?? [];
  if (!caller.includes("06-retries")) return setTimeout(resume, ms);
  console.log("watched: " + ms);
  return setTimeout(resume, 0);
};
globalThis.setTimeout = Object.assign(watch, setTimeout);
await runAgent("a question");
process.exit();
`;

test("a retry waits as long as the failure asks, else twice as long each time, up to the cap", async () => {
  const folder = copyBook({
    "own.ts": WATCHER,
    [FILE]: edit("MAX_ATTEMPTS = 3", "MAX_ATTEMPTS = 7"),
    "mock-tools/weather.ts": NOTING_WEATHER,
  });
  const places = ["never works", "asks for any time", "asks for an age"];
  const script = [...places.map((place) => outputs(weather(place))), outputs()];
  const { code, stdout } = await runScript("own.ts", script, { folder });
  const waits = [Array(6).fill(1), [100, 200, 400, 800, 1600, 2000], Array(6).fill(2000)];
  const watched = stdout.match(/(?<=^watched: ).*$/gm);
  expect(watched).toEqual(
    waits.flatMap((list) => ["attempt", ...list.flatMap((ms) => [`${ms}`, "attempt"])]),
  );
  expect(code).toBe(0);
});

test("unknown tools and bad arguments reach no thread and wait for nothing", async () => {
  const reply = outputs(
    { name: "teleport", arguments: "{}" },
    { name: "__proto__", arguments: "{}" },
    { name: "get_weather", arguments: "{broken" },
    { name: "get_weather", arguments: '{"location":7}' },
  );
  const folder = copyBook({ "own.ts": WATCHER });
  const { code, stdout } = await runScript("own.ts", [reply, outputs()], { folder });
  expect(stdout).toContain("[Step 2]");
  expect(stdout).not.toContain("watched");
  expect(code).toBe(0);
});

test("calls that run one by one stay so while one of them is tried again", async () => {
  const source = edit(
    "return Promise.all(calls.map(runCall));",
    `const outcomes: Outcome[] = [];
  for (const call of calls) outcomes.push(await runCall(call));
  return outcomes;`,
  );
  const places = ["works later", "never works", "works"];
  const reply = outputs(...places.map((place) => weather(place)));
  const { notes } = await runSteps([reply], source);
  expect(notes.map(({ location }) => location)).toEqual([
    ...Array(2).fill("works later"),
    ...Array(3).fill("never works"),
    "works",
  ]);
});

test("the nasty batch gets the outcomes that it gets without retries", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": NASTY_WEATHER });
  const { code, requests } = await runScript(FILE, [NASTY_REPLY, outputs()], { folder });
  expect(lastResults(requests)).toEqual(NASTY_RESULTS);
  expect(code).toBe(0);
});
