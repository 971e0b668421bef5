import { expect, test } from "vitest";
import { run } from "../scripts/run.ts";
import { runScript } from "./support/script.ts";

const FILE = "chapters/02-tool-use/main.ts";

function call(name: string, args: string): string {
  return JSON.stringify({ response: { type: "function_call", name, arguments: args } });
}

test("a question that needs a tool is answered with the tool's result", async () => {
  const { stdout } = await run(FILE, ["How is the weather in Tokyo?"]);
  expect(stdout).toMatch(
    /\[Step 1\] Agent: get_weather\(\{"location":"Tokyo"\}\)\nThinking\.\.\.\n\nA:\n"rainy, 14 degrees"\n$/,
  );
});

test("a question that needs no tool is answered with a message", async () => {
  const { stdout } = await run(FILE, ["Who are you?"]);
  expect(stdout).toMatch(
    /\[Step 1\] Agent: I am the offline model: .*\n\nA:\nI am the offline model: .*\n$/,
  );
});

test.each(["teleport", "__proto__"])("the unknown tool %j is refused", async (name) => {
  const { code, stderr } = await runScript(FILE, [call(name, "{}")]);
  const known = "get_weather, get_user_profile, send_email";
  expect(stderr.split("\n").slice(1)).toEqual([
    `error: unknown tool ${name}; there are ${known}`,
    "",
  ]);
  expect(code).toBe(1);
});

test("arguments that do not fit are refused before the tool runs", async () => {
  const args = '{"from":"a@example.com","to":"b@example.com"}';
  const { code, stdout, stderr } = await runScript(FILE, [call("send_email", args)]);
  expect(stderr).toMatch(
    /\nerror: invalid arguments: ✖ Invalid input: expected string.* → at message\n$/,
  );
  expect(stdout).not.toContain("Mail box:");
  expect(code).toBe(1);
});

test("a tool that throws ends the program with one line", async () => {
  const { code, stderr } = await run(FILE, ["How is the weather in Atlantis?"]);
  expect(stderr).toMatch(/\nerror: no station in Atlantis; known places: beijing, .*\n$/);
  expect(code).toBe(1);
});
