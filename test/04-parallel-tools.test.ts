import { afterAll, expect, test } from "vitest";
import { askInOneProcess } from "./support/ask.ts";
import { serveBarrier } from "./support/barrier.ts";
import { outputs, runScript, weather } from "./support/script.ts";
import { like } from "./support/worlds.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { complete, type Reply } from "../scripts/serve.ts";

// A reply may hold several calls. They run at the same time, each in a thread, and one message takes
// their results back, in the order asked. The first reply without a call is the answer.

const FILE = "chapters/04-parallel-tools/main.ts";

// ── The demo ─────────────────────────────────────────────────────────────────────────────────────

const FIRST = `Q: How is the weather in Beijing and LA?

[Step 1] Agent: I'll check the weather in both cities for you.
Thinking...
----------
Function call results: [
  {
    "id": "weather_beijing",
    "result": "cloudy, 5 degrees"
  },
  {
    "id": "weather_la",
    "result": "sunny, 20 degrees"
  }
]
----------

[Step 2] Agent: Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.

A:
Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.
`;

const MAILBOX = `Mail box:
[
  {
    "from": "weather-bot@example.com",
    "to": "jack@example.com",
    "message": "Weather summary: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees."
  }
]
`;

const demo = run(FILE);

test("the first question prints the seed's transcript byte for byte", async () => {
  const { code, stdout, stderr } = await demo;
  expect(stdout.slice(0, FIRST.length)).toBe(FIRST);
  expect(stderr).toBe("model: offline (set OPENAI_API_KEY to ask a real one)\n");
  expect(code).toBe(0);
});

test("the demo asks the seed's two questions and ends with the mailbox [T9]", async () => {
  const { stdout } = await demo;
  expect(
    stdout.startsWith(`${FIRST}\nQ: Get the weather in Beijing and LA and send an summary`),
  ).toBe(true);
  const steps = stdout.slice(FIRST.length).match(/^\[Step .*$/gm);
  expect(steps).toEqual([
    "[Step 1] Agent: I'll get the weather and your profile first.",
    "[Step 2] Agent: Now I'll send you the summary email.",
    "[Step 3] Agent: Done! I've sent the weather summary to your email.",
  ]);
  expect(stdout.endsWith(`\n${MAILBOX}`)).toBe(true);
});

// ── Calls at the same time ───────────────────────────────────────────────────────────────────────

// Calls of places with one letter wait at the barrier until there are four of them. Each batch ends in another
// one of the 24 possible orders.
const orders = permute(["a", "b", "c", "d"]);
let batch = 0;
const barrier = await serveBarrier((waiting) => {
  return waiting.length === 4 ? (orders[batch++] ?? []) : [];
});
afterAll(barrier.close);

const folder = copyBook({
  "mock-tools/weather.ts": like("test/worlds/nasty-or-waiting.ts"),
  "mock-tools/mailbox.ts": like("test/worlds/variable-mailbox.ts"),
});
const ask = askInOneProcess("04-parallel-tools", { folder, env: { BARRIER_URL: barrier.url } });

function permute(items: readonly string[]): string[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => {
    return permute(items.filter((other) => other !== item)).map((rest) => [item, ...rest]);
  });
}

const FOUR = outputs(weather("a", "1"), weather("b", "2"), weather("c", "3"), weather("d", "4"));
const batches = orders.map((order) => ask(`four calls that end as ${order}`, FOUR, outputs()));

/** What the barrier has seen of the batches, one after the other. All have been asked. */
async function batchesAtBarrier(): Promise<string[][]> {
  await Promise.all(batches.map((asked) => asked()));
  return orders.map((_, index) => barrier.log.slice(index * 8, (index + 1) * 8));
}

test("all calls of a reply have started before any of them ends [T3]", async () => {
  for (const log of await batchesAtBarrier()) {
    expect(log.slice(0, 4).toSorted()).toEqual(["start a", "start b", "start c", "start d"]);
  }
});

test("results stand in the order asked, whatever the order in which the calls end [T6]", async () => {
  const ends = (await batchesAtBarrier()).map((log) => log.slice(4));
  expect(ends).toEqual(orders.map((order) => order.map((name) => `end ${name}`)));
  for (const asked of batches) {
    expect((await asked()).results).toEqual([
      [
        { id: "1", result: "calm in a" },
        { id: "2", result: "calm in b" },
        { id: "3", result: "calm in c" },
        { id: "4", result: "calm in d" },
      ],
    ]);
  }
});

test("the transcript is the same, whatever the order in which the calls end", async () => {
  const transcripts = await Promise.all(batches.map(async (asked) => (await asked()).printed));
  expect(transcripts).toHaveLength(24);
  expect(transcripts[0]).toContain('"result": "calm in a"');
  expect(new Set(transcripts).size).toBe(1);
});

const sizes = [1, 2, 3, 10, 50];
const growing = ask(
  "replies of growing size",
  ...sizes.map((size) => outputs(...Array.from({ length: size }, () => weather("LA")))),
  outputs(),
);

test("a reply may hold 1, 2, 3, 10 or 50 calls", async () => {
  const { answer, results } = await growing();
  expect(results).toEqual(
    sizes.map((size) =>
      Array.from({ length: size }, (_, index) => ({ id: `call_${index}`, result: "calm in LA" })),
    ),
  );
  expect(answer).toBe("done");
});

const ODD = "Zürich 北京 🏔\u0000\ud800";
const HUGE = "x".repeat(200_000);
const broken = ask(
  "broken calls",
  outputs(
    weather("LA", "same"),
    weather("throws like the program", "same"),
    { id: "__proto__", name: "__proto__", arguments: "{}" },
    { id: "constructor", name: "constructor", arguments: "{}" },
    { id: "", name: "get_weather", arguments: "{broken" },
    { name: "get_weather", arguments: '{"location":7}' },
    { name: "get_weather", arguments: '{"__proto__":{"location":"LA"}}' },
    weather(ODD),
    weather(HUGE),
    weather("Tokyo", "last"),
  ),
  outputs(),
);

test("every broken call gets a result of its own and its siblings run [T2 T8]", async () => {
  const { answer, results } = await broken();
  const tools = "there are get_weather, get_user_profile, send_email";
  const invalid = (what: string) =>
    expect.stringMatching(new RegExp(`^Error: invalid arguments: .*${what}`));
  expect(results).toEqual([
    [
      { id: "same", result: "calm in LA" },
      { id: "same", result: "Error: unknown tool get_weather; there are others" },
      { id: "__proto__", result: `Error: unknown tool __proto__; ${tools}` },
      { id: "constructor", result: `Error: unknown tool constructor; ${tools}` },
      { id: "", result: invalid("SyntaxError: ") },
      { id: "call_5", result: invalid("expected string, received number") },
      { id: "call_6", result: invalid("expected string, received undefined") },
      { id: "call_7", result: `calm in ${ODD}` },
      { id: "call_8", result: `calm in ${HUGE}` },
      { id: "last", result: "calm in Tokyo" },
    ],
  ]);
  expect(answer).toBe("done");
});

const mail = { from: "a@example.com", to: "b@example.com", message: "hello" };
const lost = ask(
  "an e-mail",
  outputs({ id: "mail", name: "send_email", arguments: JSON.stringify(mail) }),
  outputs(),
);

test("a mailbox in a variable is lost, because each thread has its own", async () => {
  const { results, mailbox } = await lost();
  expect(results).toEqual([[{ id: "mail", result: "message sent" }]]);
  expect(mailbox).toEqual([]);
});

// ── Replies ──────────────────────────────────────────────────────────────────────────────────────

const BOTH = JSON.stringify({
  outputs: [
    { type: "message", text: "one" },
    { type: "function_call", id: "x", ...weather("LA") },
    { type: "message", text: "two" },
  ],
});
const TWO_MESSAGES = JSON.stringify({
  outputs: [
    { type: "message", text: "first line" },
    { type: "message", text: "second line" },
  ],
});
const mixed = ask(
  "messages and calls",
  BOTH,
  outputs(weather("LA"), weather("Lima")),
  TWO_MESSAGES,
);

test("a step prints its messages, or its calls if it has none, and the last messages are the answer [T1 T4]", async () => {
  const { answer, printed } = await mixed();
  expect(printed).toContain("[Step 1] Agent: one\n[Step 1] Agent: two\nThinking...\n");
  expect(printed).toContain(
    '[Step 2] Agent: get_weather({"location":"LA"}), get_weather({"location":"Lima"})\nThinking',
  );
  expect(answer).toBe("first line\nsecond line");
});

const empty = ask("no outputs", '{"outputs":[]}');

test("a reply without outputs is an empty answer", async () => {
  const { answer, requests } = await empty();
  expect(answer).toBe("");
  expect(requests).toHaveLength(1);
});

const bad: readonly (readonly [reply: Reply, error: RegExp])[] = [
  ["Sure, here you go", /^Reply error: SyntaxError: .*not valid JSON/],
  [(response) => complete(response, { content: "" }), /^Reply error: SyntaxError: /],
  [(response) => complete(response, { content: null }), /^Reply error: SyntaxError: /],
  [
    (response) => complete(response, { content: '{"outputs":[{"ty' }, { finish_reason: "length" }),
    /^Reply error: SyntaxError: /,
  ],
  ['{"output":[]}', /^Reply error: ✖ .*expected array, received undefined\n {2}→ at outputs/],
  [
    '{"outputs":[{"type":"haiku","text":"x"}]}',
    /^Reply error: ✖ Invalid .*\n {2}→ at outputs\[0\]\.type/,
  ],
  ['{"outputs":[{"type":"message"}]}', /→ at outputs\[0\]\.text/],
  ['[{"type":"message","text":"x"}]', /^Reply error: ✖ .*expected object, received array/],
];
const repaired = ask("bad replies", ...bad.map(([reply]) => reply), outputs());

test("every kind of bad reply is said back to the model and costs a step [T7]", async () => {
  const { answer, printed, requests } = await repaired();
  const [, , ...rest] = requests.at(-1)?.messages ?? [];
  expect(rest).toEqual(
    bad.flatMap(([, error]) => [
      { role: "assistant", content: expect.stringMatching(/./) },
      { role: "user", content: expect.stringMatching(error) },
    ]),
  );
  expect(printed).toContain(`[Step ${bad.length + 1}] Agent: done\n`);
  expect(answer).toBe("done");
});

test("calls without end stop at the step limit with one line and exit code 1 [T5 M16]", async () => {
  const { code, stderr, requests } = await runScript(FILE, [outputs(weather("LA"))], { folder });
  expect(requests).toHaveLength(10);
  expect(stderr.split("\n").slice(1)).toEqual([
    "error: Max step reached: no answer after 10 steps",
    "",
  ]);
  expect(code).toBe(1);
});
