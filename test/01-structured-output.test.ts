import { expect, test } from "vitest";
import { run } from "../scripts/run.ts";
import { runScript } from "./support/script.ts";
import { complete } from "../scripts/serve.ts";

const FILE = "chapters/01-structured-output/main.ts";
const GOOD = JSON.stringify({ response: { type: "message", text: "fine" } });

test("a question that slips once is answered after the error has been fed back", async () => {
  const { code, stdout } = await run(FILE, ["Slip once, then say who you are."]);
  expect(stdout).toMatch(
    /\[Step 1\] Agent: Sure! .*\n-{10}\nReply error: .*not valid JSON\n-{10}\n\n\[Step 2\]/,
  );
  expect(stdout).toMatch(/\nA:\nI am the offline model: /);
  expect(code).toBe(0);
});

test("the error follows the bad reply in the conversation", async () => {
  const { stdout, requests } = await runScript(FILE, ['{"response":{"type":"message"}}', GOOD]);
  expect(requests.map(({ messages }) => messages.map(({ role }) => role))).toEqual([
    ["system", "user"],
    ["system", "user", "assistant", "user"],
  ]);
  const [, , reply, feedback] = requests[1]?.messages ?? [];
  expect(reply?.content).toBe('{"response":{"type":"message"}}');
  expect(feedback?.content).toMatch(
    /^Reply error: ✖ .*expected string, received undefined\n {2}→ at response\.text$/,
  );
  expect(stdout.endsWith("\nA:\nfine\n")).toBe(true);
});

test("the third bad reply is the last", async () => {
  const { code, stderr, requests } = await runScript(FILE, ["bad"]);
  expect(requests).toHaveLength(3);
  expect(stderr).toMatch(/\nerror: Max step reached: no answer after 3 steps\n$/);
  expect(code).toBe(1);
});

test("a refusal ends the program with one line", async () => {
  const { code, stderr } = await runScript(FILE, [
    (response) => complete(response, { refusal: "I'd rather not." }),
  ]);
  expect(stderr.split("\n").slice(1)).toEqual(["error: the model refuses: I'd rather not", ""]);
  expect(code).toBe(1);
});

test("a server that is no model ends the program with one line", async () => {
  const { code, stderr } = await runScript(FILE, [
    (response) => {
      response.setHeader("content-type", "text/html");
      response.end("<html>\n<body>Welcome!</body>\n</html>");
    },
  ]);
  expect(stderr).toMatch(/\nerror: expected a chat completion, got "<html>.*\n$/);
  expect(code).toBe(1);
});
