import { beforeAll, expect, test } from "vitest";
import { serveBarrier } from "./support/barrier.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { lastResults, outputs, weather } from "./support/script.ts";
import { worldOf } from "./support/worlds.ts";
import { readReports } from "./programs/report.ts";
import { run } from "../scripts/run.ts";
import { serveScript } from "../scripts/serve.ts";

// The loop hands a batch to a runner. The runner decides how many calls run at once, up to its limit,
// and returns one outcome per call, in the order asked. test/programs/07-runners.ts asks the questions.

const SIX = [..."abcdef"];

/** By question: what the barrier has seen of its calls, and the results that went back. */
const logs = new Map<string, readonly string[]>();
const results = new Map<string, unknown>();
let reports: ReturnType<typeof readReports>;

test("the demo prints the same steps with both runners, and their peaks and trails [M1]", () => {
  const [serial = "", parallel = "", end] = printed("07")
    .replace(/^Q: .*\n\n/, "")
    .split(
      /\nPeak of the (?:serial runner: 1 \(\)\(\)\(\)\(\)\(\)|parallel runner: 4 \(\(\(\(\)\(\)\)\)\))\n\n?/,
    );
  expect(serial).toContain("[Step 2] Agent: Here's the weather: ");
  expect(parallel).toBe(serial);
  expect(end).toMatch(/^A:\n/);
});

test("the serial runner, which is the default, starts a call when the one before it has ended [M2]", () => {
  const oneByOne = SIX.flatMap((name) => [`start ${name}`, `end ${name}`]);
  expect(logs.get("six calls, by default")).toEqual(oneByOne);
  expect(logs.get("six calls, limit 1")).toEqual(oneByOne);
});

test.each([
  [1, "()()()()()()"],
  [2, "(()()()()())"],
  [3, "((()()()()))"],
  [4, "(((()()())))"],
])("a runner with a limit of %i reaches it and never passes it", (limit, trail) => {
  expect(reports.get(`limit ${limit}`)?.value).toEqual({ peak: limit, trail });
  expect(results.get(`six calls, limit ${limit}`)).toEqual(
    SIX.map((name, index) => ({ id: `call_${index}`, result: `calm in ${name}` })),
  );
});

test("both runners give the nasty batch one outcome per call, in the order asked [M4 L8 G9]", () => {
  expect(results.get("the nasty batch, one by one")).toEqual(NASTY_RESULTS);
  expect(results.get("the nasty batch, all at once")).toEqual(NASTY_RESULTS);
});

test("a watcher is told of the start of each call, and of its end with the outcome", () => {
  const [fine, unfit] = [weather("LA", "same"), weather("throws null", "same")];
  const error = { class: "execution", code: "tool_error", message: "null" };
  expect(reports.get("watched")?.value).toEqual([
    { start: 0, call: { type: "function_call", ...fine } },
    { end: 0, outcome: { type: "success", id: "same", result: "calm in LA" } },
    { start: 1, call: { type: "function_call", ...unfit } },
    { end: 1, outcome: { type: "failure", id: "same", error } },
  ]);
});

test("the loop sends back what another runner returns, and runs nothing else", () => {
  expect(results.get("two calls, another runner")).toEqual([
    { id: "same", result: "get_weather was not run" },
    { id: "same", result: "get_weather was not run" },
  ]);
});

test("an empty batch has no outcomes and starts nothing [M8]", () => {
  expect(reports.get("empty")?.value).toEqual({ outcomes: [[], []], peak: 0 });
});

test("an invalid limit is refused when the runner is made [M3]", () => {
  const refusals = ["0", "-1", "1.5", "NaN", "Infinity"].map((limit) => {
    return `RangeError: expected a whole number of calls from 1 up, got ${limit}`;
  });
  expect(reports.get("refusals")?.value).toEqual(refusals);
});

beforeAll(async () => {
  let [limit, ended] = [1, 0];
  const barrier = await serveBarrier((waiting) => {
    if (ended + waiting.length === SIX.length) return waiting;
    // As many as the limit allows must arrive before one of them may go.
    if (waiting.length < limit) return [];
    ended++;
    return waiting.slice(-1);
  });
  const server = await serveScript(({ messages }) => {
    const [, { content: question } = { content: "" }, ...rest] = messages;
    if (rest.length > 0) {
      logs.set(question, barrier.log.splice(0));
      results.set(question, lastResults(server.requests));
      return outputs();
    }
    [limit, ended] = [Number(/limit (\d)/.exec(question)?.[1] ?? 1), 0];
    if (question.startsWith("six")) return outputs(...SIX.map((name) => weather(name)));
    if (question.startsWith("two")) {
      return outputs(weather("LA", "same"), weather("throws null", "same"));
    }
    return NASTY_REPLY;
  });
  const env = { OPENAI_BASE_URL: server.url, BARRIER_URL: barrier.url };
  const folder = worldOf("nasty-or-waiting");
  const { code, stdout } = await run("test/programs/07-runners.ts", [], { folder, env });
  server.close();
  barrier.close();
  expect(code).toBe(0);
  reports = readReports(stdout);
}, 60_000);
