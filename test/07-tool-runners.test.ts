import { expect, test } from "vitest";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, weather } from "./support/script.ts";
import { type ChatRequest, serveScript } from "../scripts/serve.ts";

const FILE = "chapters/07-tool-runners/main.ts";

/** Runs one question with one runner, in a program of the reader's own that watches the pool. */
function program(runner: string): string {
  return `
import { Piscina } from "piscina";
import { parallelRunner, runAgent, serialRunner } from "./${FILE}";
const { run } = Piscina.prototype;
let [running, peak] = [0, 0];
Piscina.prototype.run = function (...args) {
  peak = Math.max(peak, ++running);
  return run.apply(this, args).finally(() => running--);
};
await runAgent("a question", ${runner});
console.log("peak " + peak);
process.exit();
`;
}

/** Asks for the calls until there are results. */
function once(reply: string): (request: ChatRequest) => string {
  return ({ messages }) =>
    messages.at(-1)?.role === "user" && messages.length > 2 ? outputs() : reply;
}

async function runWith(
  runner: string,
  reply: string,
  tool: string,
  env: Record<string, string> = {},
) {
  const folder = copyBook({ "own.ts": program(runner), "mock-tools/weather.ts": tool });
  const server = await serveScript(once(reply));
  const ended = await run("own.ts", [], { folder, env: { ...env, OPENAI_BASE_URL: server.url } });
  server.close();
  return { ...ended, requests: server.requests };
}

const SIX = outputs(...["a", "b", "c", "d", "e", "f"].map((place) => weather(place)));

test("the demo prints the same steps with both runners, and their peaks and trails", async () => {
  const { code, stdout } = await run(FILE);
  const [serial = "", parallel = "", end] = stdout
    .replace(/^Q: .*\n\n/, "")
    .split(
      /\nPeak of the (?:serial runner: 1 \(\)\(\)\(\)\(\)\(\)|parallel runner: 4 \(\(\(\(\)\(\)\)\)\))\n\n?/,
    );
  expect(serial).toContain("[Step 2] Agent: Here's the weather: ");
  expect(parallel).toBe(serial);
  expect(end).toMatch(/^A:\n/);
  expect(code).toBe(0);
});

test("the serial runner, which is the default, starts a call when the one before it has ended", async () => {
  for (const runner of ["undefined", "parallelRunner(1)"]) {
    const barrier = await serveBarrier((waiting) => waiting);
    await runWith(runner, SIX, WAITING_WEATHER, { BARRIER_URL: barrier.url });
    barrier.close();
    expect(barrier.log).toEqual([..."abcdef"].flatMap((name) => [`start ${name}`, `end ${name}`]));
  }
});

test.each([
  ["parallelRunner()", 4],
  ["parallelRunner(2)", 2],
  ["parallelRunner(3)", 3],
])("%s reaches its limit and never passes it", async (runner, limit) => {
  let ended = 0;
  const barrier = await serveBarrier((waiting) => {
    if (ended + waiting.length === 6) return waiting;
    if (waiting.length < limit) return [];
    ended += 1;
    return waiting.slice(-1);
  });
  const env = { BARRIER_URL: barrier.url };
  const { stdout, requests } = await runWith(runner, SIX, WAITING_WEATHER, env);
  barrier.close();
  expect(stdout.endsWith(`\npeak ${limit}\n`)).toBe(true);
  expect(lastResults(requests)).toEqual(
    [..."abcdef"].map((name, index) => ({ id: `call_${index}`, result: `calm in ${name}` })),
  );
});

test("both runners give the nasty batch one outcome per call, in the order asked", async () => {
  for (const runner of ["serialRunner", "parallelRunner(100)"]) {
    const { code, requests } = await runWith(runner, NASTY_REPLY, NASTY_WEATHER);
    expect(lastResults(requests)).toEqual(NASTY_RESULTS);
    expect(code).toBe(0);
  }
});

test("an empty batch has no outcomes and starts nothing", async () => {
  const own = `
import { parallelRunner, serialRunner } from "./${FILE}";
console.log(JSON.stringify([await serialRunner([]), await parallelRunner()([])]));
process.exit();
`;
  const { stdout } = await run("own.ts", [], { folder: copyBook({ "own.ts": own }) });
  expect(stdout).toBe("[[],[]]\n");
});

test("a limit that is no limit is refused when the runner is made", async () => {
  const own = `
import { parallelRunner } from "./${FILE}";
for (const limit of [0, -1, 1.5, NaN, Infinity]) {
  try {
    parallelRunner(limit);
  } catch (error) {
    console.log(String(error));
  }
}
process.exit();
`;
  const { stdout } = await run("own.ts", [], { folder: copyBook({ "own.ts": own }) });
  const lines = ["0", "-1", "1.5", "NaN", "Infinity"].map((limit) => {
    return `RangeError: expected a whole number of calls from 1 up, got ${limit}\n`;
  });
  expect(stdout).toBe(lines.join(""));
});
