import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { askInOneProcess } from "./support/ask.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { outputs, weather } from "./support/script.ts";
import { like } from "./support/worlds.ts";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";

// A call is tried again where its tool's policy and its failure both consent, a few times, with
// waits in between and one key for all attempts. Every attempt has a time limit.
//
// The world of test/worlds/noting.ts notes each attempt, so that the tests can count them. There are
// four processes: the chapter as it is, and three that a reader has edited.

// ── The chapter as it is ─────────────────────────────────────────────────────────────────────────

const plain = askNoting();

const NOT_YET = toolError("not yet");
const EXHAUSTED = { attempts: 3 };

/** Each way to end, once, with the fields that its entry must have besides the id. */
const batch: readonly (readonly [place: string, entry: object])[] = [
  ["waits for ever at first", { result: "awake", attempts: 2 }],
  ["asks for nothing", { error: toolError("no cause") }],
  ["asks in a string", { error: toolError('{"cause":{"retry":{}}}') }],
  ["asks without an object", { error: NOT_YET }],
  ["asks without a number", { error: NOT_YET }],
  ["works", { result: "fine" }],
  ["works later", { result: "fine at last", attempts: 2 }],
  ["fails for good later", { error: toolError("for good") }],
  ["never works", { error: NOT_YET, exhausted: EXHAUSTED }],
  ["never works either", { error: NOT_YET, exhausted: EXHAUSTED }],
];
const tried = plain.ask(
  "a batch",
  outputs(...batch.map(([place]) => weather(place, "same"))),
  outputs(),
);
const toBob = outputs(mailTo("bob@example.com"));
const twice = plain.ask("the same e-mail in two steps", toBob, toBob, outputs());
const nasty = plain.ask("the nasty batch", NASTY_REPLY, outputs());

/** The attempts at a place, each by its key. */
async function keysAt(place: string): Promise<(string | undefined)[]> {
  await tried();
  return plain.notes().flatMap((one) => (one.location === place ? one.key : []));
}

async function countAttempts(...places: string[]): Promise<number[]> {
  return Promise.all(places.map(async (place) => (await keysAt(place)).length));
}

test("the demo gets Oslo's weather at attempt 2, and sends one e-mail with two attempts", () => {
  const demo = printed("06");
  const [results = "", mailResults = ""] =
    demo.match(/(?<=^Function call results: )\[.*?^\]/gms) ?? [];
  expect(JSON.parse(results)).toEqual([
    { id: "weather_oslo", result: "snowy, -4 degrees", attempts: 2 },
    { id: "weather_la", result: "sunny, 20 degrees" },
  ]);
  expect(JSON.parse(mailResults)).toEqual([
    { id: "send_email", result: "message sent", attempts: 2 },
  ]);
  const [, mailbox = ""] = demo.split("\nMail box:\n");
  expect(JSON.parse(mailbox)).toEqual([
    { from: "weather-bot@example.com", to: "carol@lossy.example", message: "hello." },
  ]);
});

test("every call of a batch ends once, in the order asked, however many attempts it took", async () => {
  const { answer, results } = await tried();
  expect(results).toEqual([batch.map(([, entry]) => ({ id: "same", ...entry }))]);
  expect(answer).toBe("done");
});

test("a failure that does not consent is final at once, whatever the policy of its tool [L20]", async () => {
  expect(
    await countAttempts(
      "asks for nothing",
      "asks in a string",
      "asks without an object",
      "asks without a number",
    ),
  ).toEqual([1, 1, 1, 1]);
});

test("a failure that consents is tried again until there is a result", async () => {
  expect(await countAttempts("works", "works later")).toEqual([1, 2]);
});

test("the third failure in a row is the last, and is marked exhausted [L21]", async () => {
  const { results } = await tried();
  expect(results).toEqual([
    expect.arrayContaining([{ id: "same", error: NOT_YET, exhausted: { attempts: 3 } }]),
  ]);
  expect(await countAttempts("never works")).toEqual([3]);
});

test("a failure that does not consent ends the retries and exhausts nothing", async () => {
  expect(await countAttempts("fails for good later")).toEqual([2]);
});

test("an attempt that runs out of time ends alone, and a retry brings the result", async () => {
  expect(await countAttempts("waits for ever at first")).toEqual([2]);
});

test("all attempts of a call have one key, and two calls have two, though their ids are equal [L22]", async () => {
  const [one, other] = [await keysAt("never works"), await keysAt("never works either")];
  expect(one).toEqual(Array(3).fill(expect.stringMatching(/./)));
  expect(new Set(one).size).toBe(1);
  expect(new Set(other).size).toBe(1);
  expect(new Set([...one, ...other]).size).toBe(2);
});

test("the same call in a later step has a key of its own: an e-mail meant twice is sent twice", async () => {
  const { mailbox } = await twice();
  expect(mailbox.map(({ to }) => to)).toEqual(["bob@example.com", "bob@example.com"]);
});

test("the nasty batch gets the outcomes that it gets without retries", async () => {
  const { answer, results } = await nasty();
  expect(results).toEqual([NASTY_RESULTS]);
  expect(answer).toBe("done");
});

// ── Seven attempts, one call at a time, without a key, and with waits that are noted ─────────────

const patient = askNoting(
  ["MAX_ATTEMPTS = 3", "MAX_ATTEMPTS = 7"],
  [
    "return Promise.all(calls.map(runCall));",
    `const outcomes: Outcome[] = [];
  for (const call of calls) outcomes.push(await runCall(call));
  return outcomes;`,
  ],
  ["context: { key }", "context: {}"],
  ['"node:timers/promises"', '"../../test/worlds/noted-wait.ts"'],
);

/** The places that are asked, in their order, each with the waits that must follow its attempts. */
const WAITS: readonly (readonly [place: string, waits: readonly number[]])[] = [
  ["works later", [1]],
  ["never works", Array(6).fill(1)],
  ["asks for any time", [100, 200, 400, 800, 1600, 2000]],
  ["asks for an age", Array(6).fill(2000)],
  ["works", []],
];
const waiting = patient.ask(
  "failures that consent",
  outputs(...WAITS.map(([place]) => weather(place))),
  outputs(),
);
const refused = patient.ask(
  "calls that do not fit",
  outputs(
    { name: "teleport", arguments: "{}" },
    { name: "__proto__", arguments: "{}" },
    { name: "get_weather", arguments: "{broken" },
    { name: "get_weather", arguments: '{"location":7}' },
  ),
  outputs(),
);
const keyless = patient.ask(
  "an e-mail without a key",
  outputs(mailTo("carol@lossy.example")),
  outputs(),
);

test("a retry waits as long as the failure asks, else twice as long each time, up to the cap", async () => {
  await waiting();
  const attempts = WAITS.map(([place, waits]) => {
    return [{ location: place }, ...waits.flatMap((ms) => [{ waited: ms }, { location: place }])];
  });
  // The last wait is the e-mail's.
  expect(patient.notes()).toEqual([...attempts.flat(), { waited: 10 }]);
});

test("calls that run one by one stay so while one of them is tried again", async () => {
  await waiting();
  const places = patient.notes().flatMap(({ location }) => location ?? []);
  expect(places).toEqual(WAITS.flatMap(([place, waits]) => Array(1 + waits.length).fill(place)));
});

test("unknown tools and bad arguments reach no thread and wait for nothing [L2]", async () => {
  const { answer, results } = await refused();
  const entry = (type: string, code: string) => ({
    id: expect.any(String),
    error: { class: type, code, message: expect.any(String) },
  });
  expect(results).toEqual([
    [
      entry("unavailable", "tool_unavailable"),
      entry("unavailable", "tool_unavailable"),
      entry("invalid_request", "invalid_tool_args"),
      entry("invalid_request", "invalid_tool_args"),
    ],
  ]);
  // Their notes would stand between those of the other two questions.
  expect(patient.notes().slice(-2)).toEqual([{ location: "works" }, { waited: 10 }]);
  expect(answer).toBe("done");
});

test("without the key, the e-mail whose acknowledgement is lost is sent twice", async () => {
  const { results, mailbox } = await keyless();
  expect(results).toEqual([[{ id: "mail", result: "message sent", attempts: 2 }]]);
  expect(mailbox.map(({ to }) => to)).toEqual(["carol@lossy.example", "carol@lossy.example"]);
});

// ── Tools that do not consent, and less time ─────────────────────────────────────────────────────

const LATE = { class: "timeout", code: "tool_timeout", message: "no result in time" };

const wary = askNoting(
  ['{ ...getWeather, retry: "safe" }', '{ ...getWeather, retry: "never" }'],
  ['{ ...sendEmail, retry: "idempotent" }', "sendEmail"],
  ["ATTEMPT_MS = 5_000", "ATTEMPT_MS = 2_000"],
);
const once = wary.ask(
  "failures that consent",
  outputs(
    weather("waits for ever at first"),
    weather("never works"),
    mailTo("carol@lossy.example"),
  ),
  outputs(),
);

test("a tool whose policy is never, or that has none, is tried once, though its failure consents", async () => {
  const { results, mailbox } = await once();
  expect(results).toEqual([
    [
      { id: "call_0", error: LATE },
      { id: "call_1", error: NOT_YET },
      { id: "mail", error: toolError("the acknowledgement was lost") },
    ],
  ]);
  const places = wary.notes().map(({ location }) => location);
  expect(places.toSorted()).toEqual(["never works", "waits for ever at first"]);
  expect(mailbox.map(({ to }) => to)).toEqual(["carol@lossy.example"]);
});

// ── No attempts, and less time ───────────────────────────────────────────────────────────────────

const hasty = askNoting(
  ["MAX_ATTEMPTS = 3", "MAX_ATTEMPTS = 0"],
  ["ATTEMPT_MS = 5_000", "ATTEMPT_MS = 2_000"],
);
const first = hasty.ask(
  "failures that consent",
  outputs(weather("never works")),
  // As many calls as there are threads.
  outputs(...Array.from({ length: 4 }, () => weather("blocks its thread"))),
  outputs(weather("works")),
  outputs(),
);

test("even if no attempt is allowed, there is a first one", async () => {
  const { results } = await first();
  expect(results[0]).toEqual([{ id: "call_0", error: NOT_YET, exhausted: { attempts: 1 } }]);
  const attempts = hasty.notes().filter(({ location }) => location === "never works");
  expect(attempts).toHaveLength(1);
});

test("threads that never stop are ended, and other threads run the next calls", async () => {
  const { results } = await first();
  const late = Array.from({ length: 4 }, (_, index) => {
    return { id: `call_${index}`, error: LATE, exhausted: { attempts: 1 } };
  });
  expect(results.slice(1)).toEqual([late, [{ id: "call_0", result: "fine" }]]);
});

beforeAll(async () => {
  // The first process mostly waits for its calls. The others run meanwhile, one by one.
  const others = async () => {
    await waiting();
    await once();
    await first();
  };
  await Promise.all([tried(), others()]);
}, 60_000);

// ── Helpers ──────────────────────────────────────────────────────────────────────────────────────

function toolError(message: string) {
  return { class: "execution", code: "tool_error", message };
}

function mailTo(to: string) {
  const args = { from: "a@example.com", to, message: "hello" };
  return { id: "mail", name: "send_email", arguments: JSON.stringify(args) };
}

/** A process of the chapter, as a reader has edited it, and what its world has noted so far. */
function askNoting(...edits: readonly (readonly [old: string, text: string])[]) {
  const file = "chapters/06-retries/main.ts";
  const source = edits.reduce(
    (text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    },
    readFileSync(join(ROOT, file), "utf8"),
  );
  const folder = copyBook({
    [file]: source,
    "mock-tools/weather.ts": like("test/worlds/noting.ts"),
  });
  const world = mkdtempSync(join(tmpdir(), "test-retries-"));
  afterAll(() => rmSync(world, { recursive: true }));
  const ask = askInOneProcess("06-retries", { folder, env: { WORLD_DIR: world } });
  const Note = z.strictObject({
    location: z.string().optional(),
    key: z.string().optional(),
    waited: z.number().optional(),
  });
  const notes = () => {
    const lines = readFileSync(join(world, "notes.jsonl"), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => Note.parse(JSON.parse(line)));
  };
  return { ask, notes };
}
