import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyBook } from "./support/book.ts";
import { run } from "./support/run.ts";

const folder = mkdtempSync(join(tmpdir(), "world-"));
process.env.MAILBOX_FILE = join(folder, "mailbox.jsonl");
afterAll(() => rmSync(folder, { recursive: true }));

const { lookUpProfile } = await import("../mock-tools/profile.ts");
const { getUserProfile, getWeather, sendEmail } = await import("../mock-tools/tools.ts");
const { forecast } = await import("../mock-tools/weather.ts");
const { runTool } = await import("../mock-tools/worker.ts");

test("the weather is computed from the readings", () => {
  expect(forecast({ location: "Beijing" })).toBe("cloudy, 5 degrees");
  expect(forecast({ location: "LA" })).toBe("sunny, 20 degrees");
});

test.each(["los angeles", " LA ", "Los Angeles, CA", "la"])("the weather knows %j", (location) => {
  expect(forecast({ location })).toBe("sunny, 20 degrees");
});

test.each(["Atlantis", "El Dorado", "", "__proto__", "constructor"])(
  "no station in %j",
  (location) => {
    expect(() => forecast({ location })).toThrow(
      `no station in ${location}; known places: beijing, cairo, la,`,
    );
  },
);

test("the user is Jack", async () => {
  expect(await lookUpProfile()).toEqual({ name: "Jack", email: "jack@example.com" });
});

test("the thread runs every tool that a chapter can offer, and no other", async () => {
  const mail = { from: "a@example.com", to: "b@example.com", message: "hi" };
  expect(runTool({ name: getWeather.name, args: { location: "LA" } })).toBe("sunny, 20 degrees");
  expect(await runTool({ name: getUserProfile.name, args: {} })).toMatchObject({ name: "Jack" });
  expect(runTool({ name: sendEmail.name, args: mail })).toBe("message sent");
  expect(() => runTool({ name: "toString", args: {} })).toThrow(
    "no tool named toString in this thread",
  );
});

const TWO_MAILS = `
import { deliver, readMailbox } from "./mock-tools/mailbox.ts";
const [message = ""] = process.argv.slice(2);
deliver({ from: "a@example.com", to: "b@example.com", message });
console.log(readMailbox().map((mail) => mail.message).join(" "));
`;

test("the mailbox outlives a process if it is given a file, and vanishes if it is not", async () => {
  const book = copyBook({ "send.ts": TWO_MAILS });
  const env = { MAILBOX_FILE: join(folder, "kept.jsonl") };
  await run("send.ts", ["one"], { folder: book, env });
  const { stdout } = await run("send.ts", ["two\nlines"], { folder: book, env });
  expect(stdout).toBe("one two\nlines\n");
  const fresh = await run("send.ts", ["three"], { folder: book });
  expect(fresh.stdout).toBe("three\n");
});
