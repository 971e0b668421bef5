import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { askInOneProcess } from "./support/ask.ts";
import { printed } from "./support/pages.ts";
import { runScript } from "./support/script.ts";
import { chapters } from "../scripts/chapters.ts";
import { complete } from "../scripts/serve.ts";

// If a reply does not fit, the model reads why and may try again, a limited number of times.

const GOOD = JSON.stringify({ response: { type: "message", text: "fine" } });
const UNFIT = '{"response":{"type":"message"}}';

const ask = askInOneProcess("01-structured-output");

test("a question that slips once is answered after the error has been fed back", () => {
  const [, slipping] = printed("01").split("Q: Slip once, then say who you are.\n");
  expect(slipping).toMatch(
    /\[Step 1\] Agent: Sure! .*\n-{10}\nReply error: .*not valid JSON\n-{10}\n\n\[Step 2\]/,
  );
  expect(slipping).toMatch(/\nA:\nI am the offline model: /);
});

const unfit = ask("an unfit reply, then a good one", UNFIT, GOOD);

test("the error follows the bad reply in the conversation", async () => {
  const { answer, requests } = await unfit();
  expect(requests.map(({ messages }) => messages.map(({ role }) => role))).toEqual([
    ["system", "user"],
    ["system", "user", "assistant", "user"],
  ]);
  const [, , reply, feedback] = requests[1]?.messages ?? [];
  expect(reply?.content).toBe(UNFIT);
  expect(feedback?.content).toMatch(
    /^Reply error: ✖ .*expected string, received undefined\n {2}→ at response\.text$/,
  );
  expect(answer).toBe("fine");
});

const bad = ask("bad replies without end", "bad");

test("the third bad reply is the last", async () => {
  const { error, requests } = await bad();
  expect(requests).toHaveLength(3);
  expect(error).toBe("Max step reached: no answer after 3 steps");
});

const page = ask("a page instead of a completion", (response) => {
  response.setHeader("content-type", "text/html");
  response.end("<html>Welcome!</html>");
});

test("a server that is not a model is an error", async () => {
  const { error } = await page();
  expect(error).toBe('expected a chat completion, got "<html>Welcome!</html>"');
});

/** Bodies without a message. */
const NO_BODIES = [
  null,
  7,
  [],
  { choices: null },
  { choices: {} },
  { choices: [] },
  { choices: [null] },
  { choices: [{ message: null }] },
];
const bodies = NO_BODIES.map((body) => {
  const text = JSON.stringify(body);
  const asked = ask(`the body ${text}`, (response: ServerResponse) => {
    response.setHeader("content-type", "application/json").end(text);
  });
  return [text, asked] as const;
});
const nothing = ask("a response without a body", (response) => void response.writeHead(204).end());

test("an error names any body that is not a completion", async () => {
  for (const [text, asked] of bodies) {
    expect((await asked()).error).toBe(`expected a chat completion, got ${text}`);
  }
  expect((await nothing()).error).toBe("expected a chat completion, got null");
});

const contents = [[{ type: "text", text: "a part" }], { text: "an object" }, 7, true].map(
  (content) => {
    const asked = ask(`the content ${JSON.stringify(content)}`, (response) =>
      complete(response, { content }),
    );
    return [content, asked] as const;
  },
);

test("an error names a content that is not a text, such as a list of parts", async () => {
  for (const [content, asked] of contents) {
    const { error, requests } = await asked();
    expect(error).toBe(`expected a text, got ${JSON.stringify(content)}`);
    expect(requests).toHaveLength(1);
  }
});

test("each chapter that asks for JSON reads the completion as this one does", () => {
  const readings = chapters().map(({ source }) => {
    return /^ {2}const message = completion.*?^\}$/ms.exec(source)?.[0];
  });
  expect(readings.slice(0, 13)).toEqual(readings.slice(0, 13).map(() => readings[0]));
  expect(readings[0]).toContain("return text;");
});

test("a body that is not even JSON ends the program with one line", async () => {
  const { code, stderr } = await runScript("chapters/01-structured-output/main.ts", [
    (response) => response.setHeader("content-type", "application/json").end("{oops"),
  ]);
  expect(stderr.split("\n").slice(1)).toEqual([expect.stringMatching(/^error: .*JSON/), ""]);
  expect(code).toBe(1);
});

test("a refusal ends the program with one line", async () => {
  const { code, stderr } = await runScript("chapters/01-structured-output/main.ts", [
    (response) => complete(response, { refusal: "I'd rather\nnot." }),
  ]);
  expect(stderr.split("\n").slice(1)).toEqual(["error: the model refuses: I'd rather not", ""]);
  expect(code).toBe(1);
});
