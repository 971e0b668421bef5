import { expect, test } from "vitest";
import { askInOneProcess } from "./support/ask.ts";
import { printed } from "./support/pages.ts";
import { runScript } from "./support/script.ts";

// The model answers or names a tool. The name and the arguments are checked before anything runs.

function call(name: string, args: string): string {
  return JSON.stringify({ response: { type: "function_call", name, arguments: args } });
}

const ask = askInOneProcess("02-tool-use");

test("a question that needs a tool is answered with the tool's result", () => {
  expect(printed("02")).toMatch(
    /^Q: .*\n\n\[Step 1\] Agent: get_weather\(\{"location":"Beijing"\}\)\nThinking\.\.\.\n\nA:\n"cloudy, 5 degrees"\n\n/,
  );
});

test("a question that needs no tool is answered with a message", () => {
  expect(printed("02")).toMatch(
    /\nQ: Who are you\?\n\n\[Step 1\] Agent: I am the offline model: .*\n\nA:\nI am the offline model: .*\n$/,
  );
});

const odd = ["teleport", "__proto__", "constructor"].map((name) => ask(name, call(name, "{}")));

test("unknown tools are refused, whatever their names", async () => {
  const errors = await Promise.all(odd.map(async (asked) => (await asked()).error));
  expect(errors).toEqual(
    ["teleport", "__proto__", "constructor"].map(
      (name) => `unknown tool ${name}; there are get_weather, get_user_profile, send_email`,
    ),
  );
});

const throwing = ask("Atlantis", call("get_weather", '{"location":"Atlantis"}'));

test("what a tool throws ends the run", async () => {
  expect((await throwing()).error).toMatch(/^no station in Atlantis; known places: beijing, /);
});

test("arguments that do not fit end the program with one line before the tool runs", async () => {
  const mail = call("send_email", '{"from":"a@example.com","to":"b@example.com"}');
  const { code, stdout, stderr } = await runScript("chapters/02-tool-use/main.ts", [mail]);
  expect(stderr.split("\n").slice(1)).toEqual([
    expect.stringMatching(/^error: invalid arguments: ✖ .*expected string.* → at message$/),
    "",
  ]);
  expect(stdout).not.toContain("Mail box:");
  expect(code).toBe(1);
});
