import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";

const folder = mkdtempSync(join(tmpdir(), "test-world-"));
process.env.WORLD_DIR = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const { readMailbox } = await import("../mock-tools/mailbox.ts");
const { lookUpProfile } = await import("../mock-tools/profile.ts");
const { getUserProfile, getWeather, listEmails, sendEmail } = await import(
  "../mock-tools/tools.ts"
);
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
  expect(await runTool({ name: getWeather.name, args: { location: "LA" } })).toBe(
    "sunny, 20 degrees",
  );
  expect(await runTool({ name: getUserProfile.name, args: {} })).toMatchObject({ name: "Jack" });
  expect(await runTool({ name: sendEmail.name, args: mail })).toBe("message sent");
  expect(await runTool({ name: listEmails.name, args: {} })).toContainEqual(mail);
  await expect(runTool({ name: "toString", args: {} })).rejects.toThrow(
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

test("a thread loads the tools' work alone, and no package", () => {
  const read = (file: string) => readFileSync(join(ROOT, "mock-tools", file), "utf8");
  const loads = (file: string): string[] => {
    const sources = [...read(file).matchAll(/^import (?!type).*? from "(.*)";$/gm)].map(
      ([, from]) => from ?? "",
    );
    const own = sources.filter((source) => source.startsWith("./"));
    return [...sources, ...own.flatMap((source) => loads(source.slice(2)))];
  };
  const packages = loads("worker.ts").filter((source) => !/^(node:|\.\/)/.test(source));
  expect(packages).toEqual([]);
  expect(loads("worker.ts")).not.toContain("./tools.ts");
});

test("a second mail under the same idempotency key is not sent again", () => {
  const mail = { from: "a@example.com", to: "key@example.com", message: "once" };
  const context = { key: "tool:1" };
  const answers = [1, 2].map(() => runTool({ name: "send_email", args: mail, context }));
  return Promise.all(answers).then((results) => {
    expect(results).toEqual(["message sent", "message sent"]);
    expect(readMailbox().filter(({ to }) => to === mail.to)).toEqual([mail]);
  });
});

test("a lost acknowledgement leaves the mail behind and says that another try may help", async () => {
  const mail = { from: "a@example.com", to: "carol@lossy.example", message: "hello" };
  const lost = runTool({ name: "send_email", args: mail, context: { key: "tool:2" } });
  await expect(lost).rejects.toMatchObject({
    message: "the acknowledgement was lost",
    cause: { retry: { after_ms: 10 } },
  });
  expect(await runTool({ name: "send_email", args: mail, context: { key: "tool:2" } })).toBe(
    "message sent",
  );
  expect(readMailbox().filter(({ to }) => to === mail.to)).toEqual([mail]);
});

test("Oslo fails, then works", async () => {
  const ask = () => runTool({ name: "get_weather", args: { location: "Oslo" } });
  await expect(ask()).rejects.toThrow("the line to Oslo dropped");
  expect(await ask()).toBe("snowy, -4 degrees");
});

test("McMurdo stops early, with what it has, once nobody waits any more", async () => {
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const context = { cancelled };
  const result = runTool({ name: "get_weather", args: { location: "McMurdo" }, context });
  Atomics.store(cancelled, 0, 1);
  expect(await result).toBe("an incomplete forecast");
});
