import { expect, test } from "vitest";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { lastResults, runScript } from "./support/script.ts";

const FILE = "chapters/03-agent-loop/main.ts";

function call(location: string): string {
  const args = JSON.stringify({ location });
  return JSON.stringify({
    response: { type: "function_call", name: "get_weather", arguments: args },
  });
}

const DONE = JSON.stringify({ response: { type: "message", text: "done" } });

test("the first question takes three steps, one call each, and an answer", async () => {
  const { stdout } = await run(FILE, ["How is the weather in Beijing and LA?"]);
  expect(stdout).toBe(`Q: How is the weather in Beijing and LA?

[Step 1] Agent: get_weather({"location":"Beijing"})
Thinking...
----------
Function call result: "cloudy, 5 degrees"
----------

[Step 2] Agent: get_weather({"location":"LA"})
Thinking...
----------
Function call result: "sunny, 20 degrees"
----------

[Step 3] Agent: Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.

A:
Here's the weather: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.
`);
});

test("no call starts before the one before it has ended and the model was asked again", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  const barrier = await serveBarrier((waiting) => waiting);
  const script = [call("a"), call("b"), DONE];
  const { code } = await runScript(
    FILE,
    (_, index) => {
      barrier.log.push(`request ${index + 1}`);
      return script[index] ?? DONE;
    },
    { folder, env: { BARRIER_URL: barrier.url } },
  );
  barrier.close();
  expect(barrier.log).toEqual([
    "request 1",
    "start a",
    "end a",
    "request 2",
    "start b",
    "end b",
    "request 3",
  ]);
  expect(code).toBe(0);
});

test("a tool that throws is news for the model", async () => {
  const { code, requests } = await runScript(FILE, [call("Atlantis"), DONE]);
  expect(lastResults(requests)).toMatch(/^Error: no station in Atlantis; known places: /);
  expect(code).toBe(0);
});

test("the tenth step is the last", async () => {
  const folder = copyBook({
    "mock-tools/weather.ts": 'export const forecast = () => "calm, 1 degrees";\n',
  });
  const { code, stderr, requests } = await runScript(FILE, [call("LA")], { folder });
  expect(requests).toHaveLength(10);
  expect(stderr).toMatch(/\nerror: Max step reached: no answer after 10 steps\n$/);
  expect(code).toBe(1);
});
