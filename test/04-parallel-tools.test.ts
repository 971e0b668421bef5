import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";
import { complete } from "../scripts/serve.ts";

const FILE = "chapters/04-parallel-tools/main.ts";
const FAST_WEATHER = 'export function forecast(): string { return "calm, 1 degrees"; }\n';

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

test("the demo asks the seed's two questions and ends with the mailbox", async () => {
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

const FIFTY_TIMES = `
import { runAgent } from "./chapters/04-parallel-tools/main.ts";
for (let run = 0; run < 50; run++) {
  await runAgent("How is the weather in Beijing, LA, Paris and Tokyo?");
  console.log("=====");
}
process.exit();
`;
const SHUFFLED_WEATHER = `
export async function forecast({ location }: { location: string }): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  return \`mild, \${location.length} degrees\`;
}
`;

test.each([
  [
    "the weather",
    readFileSync(join(ROOT, "mock-tools/weather.ts"), "utf8").replace("25_000_000", "25_000"),
  ],
  ["a tool that finishes in shuffled order", SHUFFLED_WEATHER],
])("fifty runs in a row with %s give one transcript", async (_, source) => {
  const folder = copyBook({ "fifty.ts": FIFTY_TIMES, "mock-tools/weather.ts": source });
  const { stdout } = await run("fifty.ts", [], { folder });
  const transcripts = stdout.split("=====\n").slice(0, -1);
  expect(transcripts).toHaveLength(50);
  expect(new Set(transcripts).size).toBe(1);
  expect(transcripts[0]).toContain("weather_beijing");
});

test("all calls of a reply have started before any of them ends", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  const barrier = await serveBarrier((waiting) => (waiting.length === 4 ? waiting : []));
  const reply = outputs(weather("a"), weather("b"), weather("c"), weather("d"));
  const { code } = await runScript(FILE, [reply, outputs()], {
    folder,
    env: { BARRIER_URL: barrier.url },
  });
  barrier.close();
  expect(barrier.log.slice(0, 4).toSorted()).toEqual(["start a", "start b", "start c", "start d"]);
  expect(barrier.log.slice(4).every((line) => line.startsWith("end"))).toBe(true);
  expect(code).toBe(0);
});

test("results stand in the order asked when the calls end in the opposite order", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  const barrier = await serveBarrier((waiting) => (waiting.length === 3 ? ["c", "b", "a"] : []));
  const reply = outputs(weather("a", "1"), weather("b", "2"), weather("c", "3"));
  const { requests } = await runScript(FILE, [reply, outputs()], {
    folder,
    env: { BARRIER_URL: barrier.url },
  });
  barrier.close();
  expect(barrier.log.slice(3)).toEqual(["end c", "end b", "end a"]);
  expect(lastResults(requests)).toEqual([
    { id: "1", result: "calm in a" },
    { id: "2", result: "calm in b" },
    { id: "3", result: "calm in c" },
  ]);
});

test("a reply may hold 1, 2, 3, 10 or 50 calls", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": FAST_WEATHER });
  const sizes = [1, 2, 3, 10, 50];
  const replies = sizes.map((size) =>
    outputs(...Array.from({ length: size }, () => weather("LA"))),
  );
  const { code, requests } = await runScript(FILE, [...replies, outputs()], { folder });
  const results = sizes.map((_, index) => lastResults(requests.slice(0, index + 2)));
  expect(results).toEqual(
    sizes.map((size) =>
      Array.from({ length: size }, (_, index) => ({
        id: `call_${index}`,
        result: "calm, 1 degrees",
      })),
    ),
  );
  expect(code).toBe(0);
});

test("every broken call gets a result of its own and its siblings run", async () => {
  const odd = "Zürich 北京 🏔\u0000\ud800";
  const huge = "x".repeat(200_000);
  const reply = outputs(
    weather("LA", "same"),
    weather("Atlantis", "same"),
    { id: "__proto__", name: "__proto__", arguments: "{}" },
    { id: "constructor", name: "constructor", arguments: "{}" },
    { id: "", name: "get_weather", arguments: "{broken" },
    { name: "get_weather", arguments: '{"location":7}' },
    { name: "get_weather", arguments: '{"__proto__":{"location":"LA"}}' },
    weather(odd),
    weather(huge),
    weather("Tokyo", "last"),
  );
  const { code, requests } = await runScript(FILE, [reply, outputs()]);
  const known =
    "known places: beijing, cairo, la, lima, london, mumbai, nairobi, new york, paris, sydney, tokyo";
  const tools = "there are get_weather, get_user_profile, send_email";
  expect(lastResults(requests)).toEqual([
    { id: "same", result: "sunny, 20 degrees" },
    { id: "same", result: `Error: no station in Atlantis; ${known}` },
    { id: "__proto__", result: `Error: unknown tool __proto__; ${tools}` },
    { id: "constructor", result: `Error: unknown tool constructor; ${tools}` },
    { id: "", result: expect.stringMatching(/^Error: invalid arguments: SyntaxError: /) },
    {
      id: "call_5",
      result: expect.stringMatching(/invalid arguments: .*expected string, received number/),
    },
    {
      id: "call_6",
      result: expect.stringMatching(/invalid arguments: .*expected string, received undefined/),
    },
    { id: "call_7", result: `Error: no station in ${odd}; ${known}` },
    { id: "call_8", result: `Error: no station in ${huge}; ${known}` },
    { id: "last", result: "rainy, 14 degrees" },
  ]);
  expect(code).toBe(0);
});

test("messages beside calls are printed, else the calls, and the last messages are the answer", async () => {
  const both = JSON.stringify({
    outputs: [
      { type: "message", text: "one" },
      { type: "function_call", id: "x", ...weather("LA") },
      { type: "message", text: "two" },
    ],
  });
  const answer = JSON.stringify({
    outputs: [
      { type: "message", text: "first line" },
      { type: "message", text: "second line" },
    ],
  });
  const calls = outputs(weather("LA"), weather("Lima"));
  const { stdout } = await runScript(FILE, [both, calls, answer]);
  expect(stdout).toContain("[Step 1] Agent: one\n[Step 1] Agent: two\nThinking...\n");
  expect(stdout).toContain(
    '[Step 2] Agent: get_weather({"location":"LA"}), get_weather({"location":"Lima"})\nThinking',
  );
  expect(stdout.endsWith("\nA:\nfirst line\nsecond line\n")).toBe(true);
});

test("a reply without outputs is an empty answer", async () => {
  const { code, stdout } = await runScript(FILE, ['{"outputs":[]}']);
  expect(stdout.endsWith("\nA:\n\n")).toBe(true);
  expect(code).toBe(0);
});

test("every kind of bad reply is said back to the model and costs a step", async () => {
  const bad: [string | ((response: Parameters<typeof complete>[0]) => void), RegExp][] = [
    ["Sure, here you go", /^Reply error: SyntaxError: .*not valid JSON/],
    [(response) => complete(response, { content: "" }), /^Reply error: SyntaxError: /],
    [(response) => complete(response, { content: null }), /^Reply error: SyntaxError: /],
    [
      (response) =>
        complete(response, { content: '{"outputs":[{"ty' }, { finish_reason: "length" }),
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
  const { code, stdout, requests } = await runScript(FILE, [
    ...bad.map(([reply]) => reply),
    outputs(),
  ]);
  expect(requests).toHaveLength(bad.length + 1);
  for (const [index, [, expected]] of bad.entries()) {
    const [reply, feedback] = requests[index + 1]?.messages.slice(-2) ?? [];
    expect(reply).toMatchObject({ role: "assistant", content: expect.stringMatching(/./) });
    expect(feedback).toMatchObject({ role: "user", content: expect.stringMatching(expected) });
  }
  expect(stdout).toContain(`[Step ${bad.length + 1}] Agent: done\n`);
  expect(code).toBe(0);
});

test("calls without end stop at the step limit with one line and exit code 1", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": FAST_WEATHER });
  const { code, stderr, requests } = await runScript(FILE, [outputs(weather("LA"))], { folder });
  expect(requests).toHaveLength(10);
  expect(stderr).toMatch(/\nerror: Max step reached: no answer after 10 steps\n$/);
  expect(code).toBe(1);
});

test("a mailbox in a variable is lost, because each thread has its own", async () => {
  const mailbox = `
const mails: object[] = [];
export function deliver(mail: object): string { mails.push(mail); return "message sent"; }
export function readMailbox(): object[] { return mails; }
`;
  const folder = copyBook({ "mock-tools/mailbox.ts": mailbox });
  const question = "Send an email to bob@example.com saying hello";
  const { stdout } = await run(FILE, [question], { folder });
  expect(stdout).toContain('"result": "message sent"');
  expect(stdout).toContain("Done! I've sent the e-mail to bob@example.com.");
  expect(stdout).not.toContain("Mail box:");
  expect((await demo).stdout).toContain("Mail box:");
});
