import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { afterAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { run } from "../scripts/run.ts";

// The tools work in any process. The function of the threads runs them, and marks which errors were
// thrown by the tool.

const folder = mkdtempSync(join(tmpdir(), "test-world-"));
process.env.WORLD_DIR = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const { studyClimate } = await import("../mock-tools/climate.ts");
const { readMailbox } = await import("../mock-tools/mailbox.ts");
const { lookUpProfile } = await import("../mock-tools/profile.ts");
const {
  defineTool,
  getUserProfile,
  getWeather,
  listEmails,
  sendEmail,
  studyClimate: climateTool,
} = await import("../mock-tools/tools.ts");
const { forecast } = await import("../mock-tools/weather.ts");
const { runTool } = await import("../mock-tools/worker.ts");

test("the weather is computed from the readings", () => {
  expect(forecast({ location: "Beijing" })).toBe("cloudy, 5 degrees");
  expect(forecast({ location: "LA" })).toBe("sunny, 20 degrees");
});

test.each(["los angeles", " LA ", "Los Angeles, CA", "la"])("the weather knows %j", (location) => {
  expect(forecast({ location })).toBe("sunny, 20 degrees");
});

test.each(["Atlantis", "El Dorado", "", "__proto__", "constructor"])(
  "no station in %j",
  (location) => {
    expect(() => forecast({ location })).toThrow(
      `no station in ${location}; known places: beijing, cairo, la,`,
    );
  },
);

/** Studies a place, and returns the result and the progress that was reported meanwhile. */
async function studyWith(location: string, ...signals: { name: string; payload: string }[]) {
  const { port1, port2 } = new MessageChannel();
  const progress: unknown[] = [];
  port1.on("message", (said) => progress.push(said));
  for (const signal of signals) port1.postMessage(signal);
  const result = studyClimate({ location }, { port: port2 });
  port1.postMessage("the end");
  port2.close();
  await once(port1, "close");
  return { result, progress };
}

test("the climate is computed season by season, and a study can be narrowed to one of them", async () => {
  const whole = "Lima, 30 years: winter 13, spring 16, summer 23, autumn 20 degrees";
  expect(studyClimate({ location: "Lima" })).toBe(whole);
  expect(await studyWith("Paris, France", { name: "narrow", payload: "winter" })).toEqual({
    result: "Paris, France, 30 years: winter 5 degrees",
    progress: ["winter is done"],
  });
});

test("a study heeds the last signal that it understands, and no other", async () => {
  const { result, progress } = await studyWith(
    "Los Angeles",
    { name: "narrow", payload: "winter" },
    { name: "narrow", payload: "summer" },
    { name: "narrow", payload: "__proto__" },
    { name: "widen", payload: "autumn" },
  );
  expect(result).toMatch(/^Los Angeles, 30 years: summer \d+ degrees$/);
  expect(progress).toEqual(["summer is done"]);
});

test("a cancelled study has no result, and neither has the study of a place without a station", () => {
  const cancelled = new Int32Array(1).fill(1);
  const cancel = () => studyClimate({ location: "Lima" }, { cancelled });
  expect(cancel).toThrow("the study was cancelled");
  expect(() => studyClimate({ location: "Oslo" })).toThrow("no station in Oslo; known places: ");
});

test("the user is Jack", async () => {
  expect(await lookUpProfile()).toEqual({ name: "Jack", email: "jack@example.com" });
});

test("the thread runs every tool that a chapter can offer, and no other", async () => {
  const mail = { from: "a@example.com", to: "b@example.com", message: "hi" };
  expect(await runTool({ name: getWeather.name, args: { location: "LA" } })).toBe(
    "sunny, 20 degrees",
  );
  expect(await runTool({ name: getUserProfile.name, args: {} })).toMatchObject({ name: "Jack" });
  expect(await runTool({ name: sendEmail.name, args: mail })).toBe("message sent");
  expect(await runTool({ name: listEmails.name, args: {} })).toContainEqual(mail);
  const nowhere = runTool({ name: climateTool.name, args: { location: "Oslo" } });
  await expect(nowhere).rejects.toThrow("no station in Oslo");
  await expect(runTool({ name: "toString", args: {} })).rejects.toThrow(
    "no tool named toString in this thread",
  );
});

test("the mailbox outlives a process if it is given a file, and vanishes if it is not", async () => {
  const send = (message: string, env = {}) => run("test/programs/send-mail.ts", [message], { env });
  const env = { MAILBOX_FILE: join(folder, "kept.jsonl") };
  await send("one", env);
  const [second, fresh] = await Promise.all([send("two\nlines", env), send("three")]);
  expect(JSON.parse(second.stdout)).toEqual(["one", "two\nlines"]);
  expect(JSON.parse(fresh.stdout)).toEqual(["three"]);
});

test("a tool whose function does not fit its schema does not compile", () => {
  const parameters = z.object({ location: z.number() });
  const parts = { name: "wrong", description: "", parameters, bound: "cpu" } as const;
  // @ts-expect-error The schema gives a number where the function takes a string.
  const tool = defineTool({ ...parts, run: forecast });
  expect(tool.name).toBe("wrong");
});

test("a thread loads only the tools' work, and no package", () => {
  const read = (file: string) => readFileSync(join(ROOT, "mock-tools", file), "utf8");
  const loads = (file: string): string[] => {
    const sources = [...read(file).matchAll(/^import (?!type).*? from "(.*)";$/gm)].map(
      ([, from]) => from ?? "",
    );
    const own = sources.filter((source) => source.startsWith("./"));
    return [...sources, ...own.flatMap((source) => loads(source.slice(2)))];
  };
  const packages = loads("worker.ts").filter((source) => !/^(node:|\.\/)/.test(source));
  expect(packages).toEqual([]);
  expect(loads("worker.ts")).not.toContain("./tools.ts");
});

test("a second mail under the same idempotency key is not sent again", () => {
  const mail = { from: "a@example.com", to: "key@example.com", message: "once" };
  const context = { key: "tool:1" };
  const answers = [1, 2].map(() => runTool({ name: "send_email", args: mail, context }));
  return Promise.all(answers).then((results) => {
    expect(results).toEqual(["message sent", "message sent"]);
    expect(readMailbox().filter(({ to }) => to === mail.to)).toEqual([mail]);
  });
});

test("after a lost acknowledgement the mail is there, and the error says that a retry may help", async () => {
  const mail = { from: "a@example.com", to: "carol@lossy.example", message: "hello" };
  const lost = runTool({ name: "send_email", args: mail, context: { key: "tool:2" } });
  await expect(lost).rejects.toMatchObject({
    message: "the acknowledgement was lost",
    cause: { retry: { after_ms: 10 } },
  });
  expect(await runTool({ name: "send_email", args: mail, context: { key: "tool:2" } })).toBe(
    "message sent",
  );
  expect(readMailbox().filter(({ to }) => to === mail.to)).toEqual([mail]);
});

test("Oslo fails, then works", async () => {
  const ask = () => runTool({ name: "get_weather", args: { location: "Oslo" } });
  await expect(ask()).rejects.toThrow("the line to Oslo dropped");
  expect(await ask()).toBe("snowy, -4 degrees");
});

test("McMurdo stops early with an incomplete result when the call is cancelled", async () => {
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const context = { cancelled };
  const result = runTool({ name: "get_weather", args: { location: "McMurdo" }, context });
  Atomics.store(cancelled, 0, 1);
  expect(await result).toBe("an incomplete forecast");
});

test("the daily weather has one line for each day of the year, and is always the same", async () => {
  const list = await runTool({ name: "get_daily_weather", args: { location: "Paris, France" } });
  const lines = String(list).split("\n");
  expect(String(list).length).toBeGreaterThan(19_000);
  expect(lines).toHaveLength(365);
  for (const [index, line] of lines.entries()) {
    const date = new Date(Date.UTC(2025, 0, 1 + index)).toISOString().slice(0, 10);
    expect(line).toMatch(
      new RegExp(`^${date} [a-z]+, -?\\d+ degrees, wind \\d+ km/h, rain \\d+ mm$`),
    );
  }
  expect(await runTool({ name: "get_daily_weather", args: { location: "paris" } })).toBe(list);
});

test.each([
  ["London", "warmer"],
  ["Sydney", "colder"],
])("July in %s is %s than January", async (location, how) => {
  const list = String(await runTool({ name: "get_daily_weather", args: { location } }));
  const sumOf = (month: string) => {
    const degrees = [...list.matchAll(new RegExp(`^2025-${month}-.*?(-?\\d+) degrees`, "gm"))];
    return degrees.reduce((sum, [, number]) => sum + Number(number), 0) / degrees.length;
  };
  const difference = sumOf("07") - sumOf("01");
  expect(how === "warmer" ? difference : -difference).toBeGreaterThan(5);
});

test("the daily weather of an unknown place fails as the weather does", async () => {
  const [daily, now] = ["get_daily_weather", "get_weather"].map((name) => {
    return runTool({ name, args: { location: "Atlantis" } }).catch(String);
  });
  expect(await daily).toMatch(/^Error: no station in Atlantis; known places: beijing, /);
  expect(await daily).toBe(await now);
});

// ── The thread's own function, and a tool that misbehaves ────────────────────────────────────────

let misbehave: () => unknown = () => undefined;
vi.resetModules();
vi.doMock("../mock-tools/weather.ts", () => ({ forecast: () => misbehave() }));
const worker = await import("../mock-tools/worker.ts");

function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

/** The message and the cause of the error with which a run of a tool ends. */
async function errorOf(run: Promise<unknown>): Promise<{ message: string; cause: unknown }> {
  const error = await run.then(
    (result) => new Error(`expected an error, got the result ${JSON.stringify(result)}`),
    (thrown) => thrown,
  );
  return { message: error.message, cause: error.cause };
}

function runOdd(tool: () => unknown): Promise<unknown> {
  misbehave = tool;
  return worker.runTool({ name: "get_weather", args: {} });
}

const circle: Record<string, unknown> = {};
circle.self = circle;
const ownCause = new Error("its own cause");
ownCause.cause = ownCause;

test.each([
  ["throws a string", throwing("a string"), "a string"],
  ["throws nothing", throwing(undefined), "undefined"],
  ["throws null", throwing(null), "null"],
  ["throws what has no text", throwing({ toString: 1 }), /^something was thrown that cannot be/],
  ["throws a DOMException", throwing(new DOMException("aborted", "AbortError")), "aborted"],
  ["throws its own cause", throwing(ownCause), "its own cause"],
  [
    "throws what the pool would",
    throwing(new Error("worker exited with code: 3")),
    "worker exited with code: 3",
  ],
  ["rejects later", () => Promise.reject(new Error("later")), "later"],
  ["returns a function", () => () => 1, "JSON has no place for a function"],
  ["returns a symbol", () => Symbol("s"), "JSON has no place for a symbol"],
  ["returns a BigInt", () => 1n, /BigInt/],
  ["returns a circle", () => circle, /circular structure/],
])("a tool that %s has failed, and its error is marked as its own", async (_, tool, message) => {
  expect(await errorOf(runOdd(tool))).toEqual({
    message: typeof message === "string" ? message : expect.stringMatching(message),
    cause: { failure: "tool_error", retry: undefined },
  });
});

test.each([
  [{ retry: { after_ms: 20 } }, { after_ms: 20 }],
  [{ retry: {} }, {}],
  [{ retry: { after_ms: 20, more: "words" } }, { after_ms: 20 }],
  [{ retry: { after_ms: "soon" } }, undefined],
  [{ retry: true }, undefined],
  [{ retry: null }, undefined],
  [{ retries: {} }, undefined],
  ["retry", undefined],
  [null, undefined],
])("of an error's cause %j, the word on another try is %j", async (cause, retry) => {
  expect(await errorOf(runOdd(throwing(new Error("not yet", { cause }))))).toEqual({
    message: "not yet",
    cause: { failure: "tool_error", retry },
  });
});

test("a thrown value that is not an error gives no advice on retries", async () => {
  const { cause } = await errorOf(runOdd(throwing({ message: "not yet", cause: { retry: {} } })));
  expect(cause).toEqual({ failure: "tool_error", retry: undefined });
});

/** Lists that are nested so many times. */
function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

const hugeArray: unknown[] = [];
hugeArray.length = 2 ** 32 - 1;

test.each<[string, () => unknown]>([
  ["a string", () => "x".repeat(2_000_000)],
  ["a string that would not fit into a thread", () => "x".repeat(500_000_000)],
  ["a string whose characters are written as six", () => "\0".repeat(400_000)],
  ["strings in lists", () => Array.from({ length: 20 }, () => ["x".repeat(150_000)])],
  ["long keys", () => ({ ["k".repeat(2_000_000)]: 1 })],
  ["numbers", () => new Array(1_000_000).fill(0)],
  ["an array that is only long", () => hugeArray],
  ["text in an object", () => ({ a: new String("x".repeat(5_000_000)) })],
  ["bytes that stand in for something else", () => ({ toJSON: () => Buffer.alloc(40_000_000) })],
  ["bytes", () => new Uint8Array(1_000_000)],
  ["a list that is nested too deeply", () => nest(1_500)],
  ["a list that is nested deeper than a stack", () => nest(100_000)],
])("a result that is too large fails, and is never written: %s", async (_, tool) => {
  expect(await errorOf(runOdd(tool))).toEqual({
    message: "the result has more than 2000000 characters",
    cause: { failure: "result_too_large", retry: undefined },
  });
});

test("a result of the largest size arrives", async () => {
  const text = "x".repeat(1_900_000);
  expect(await runOdd(() => ({ text }))).toEqual({ text });
  expect(await runOdd(() => nest(1_300))).toEqual(nest(1_300));
});

test("a long message is cut, and says by how much; a longer one is not even read", async () => {
  const { message } = await errorOf(runOdd(throwing(new Error("x".repeat(1_000_000)))));
  expect(message).toBe(`${"x".repeat(10_000)}… (990000 more characters)`);
  const longer = await errorOf(runOdd(throwing("x".repeat(400_000_000))));
  expect(longer.message).toBe("an error with a message of 400000000 characters");
});

test("a result arrives in the form that JSON gives it", async () => {
  const odd = { day: new Date(0), run: () => 1, list: [1, undefined] };
  expect(await runOdd(() => Promise.resolve(odd))).toStrictEqual({
    day: "1970-01-01T00:00:00.000Z",
    list: [1, null],
  });
  expect(await runOdd(() => undefined)).toBe(null);
});

test("a tool that the thread does not have is unavailable", async () => {
  expect(await errorOf(worker.runTool({ name: "toString", args: {} }))).toEqual({
    message: "no tool named toString in this thread",
    cause: { failure: "tool_unavailable" },
  });
});
