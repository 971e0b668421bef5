import { afterAll, expect, test } from "vitest";
import { askInOneProcess } from "./support/ask.ts";
import { serveBarrier } from "./support/barrier.ts";
import { printed } from "./support/pages.ts";
import { worldOf } from "./support/worlds.ts";
import { complete, type Reply } from "../scripts/serve.ts";

// Calls run one after another, their results go back, and the loop ends with a message or at its limit.

function call(location: string): string {
  const args = JSON.stringify({ location });
  return JSON.stringify({
    response: { type: "function_call", name: "get_weather", arguments: args },
  });
}

const DONE = JSON.stringify({ response: { type: "message", text: "done" } });

const barrier = await serveBarrier((waiting) => waiting);
afterAll(barrier.close);
const ask = askInOneProcess("03-agent-loop", {
  folder: worldOf("nasty-or-waiting"),
  env: { BARRIER_URL: barrier.url },
});

test("the first question takes three steps, one call each, and an answer", () => {
  expect(printed("03").split("\nQ: ")[0]).toBe(`Q: How is the weather in Beijing and LA?

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

/** A reply that is noted in the same list as the starts and ends of the calls. */
function noted(content: string, index: number): Reply {
  return (response) => {
    barrier.log.push(`request ${index + 1}`);
    complete(response, { content });
  };
}

const twoCalls = ask("two calls", ...[call("a"), call("b"), DONE].map(noted));

test("a call starts only when the previous one has ended and the model was asked again", async () => {
  const { answer } = await twoCalls();
  expect(barrier.log).toEqual([
    "request 1",
    "start a",
    "end a",
    "request 2",
    "start b",
    "end b",
    "request 3",
  ]);
  expect(answer).toBe("done");
});

const throwing = ask("a tool that throws", call("throws like the program"), DONE);

test("the model reads the error of a tool that throws", async () => {
  const { answer, results } = await throwing();
  expect(results).toEqual(["Error: unknown tool get_weather; there are others"]);
  expect(answer).toBe("done");
});

const broken = [
  JSON.stringify({ response: { type: "function_call", name: "teleport", arguments: "{}" } }),
  JSON.stringify({ response: { type: "function_call", name: "get_weather", arguments: "{" } }),
];
const unfit = ask("calls that do not fit", ...broken, DONE);

test("the model reads that a tool is unknown or that arguments do not fit", async () => {
  const { answer, results } = await unfit();
  expect(results).toEqual([
    "Error: unknown tool teleport; there are get_weather, get_user_profile, send_email",
    expect.stringMatching(/^Error: invalid arguments: SyntaxError: /),
  ]);
  expect(answer).toBe("done");
});

const endless = ask("calls without end", call("LA"));

test("the tenth step is the last", async () => {
  const { error, requests } = await endless();
  expect(requests).toHaveLength(10);
  expect(error).toBe("Max step reached: no answer after 10 steps");
});
