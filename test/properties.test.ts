// The promise of 05 as a property: for any calls of a reply and any behaviour of their tools, each
// call gets one outcome, in the order asked, and what is printed is safe.
import { expect, test } from "vitest";
import { run } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { like } from "./support/worlds.ts";
import { copyBook } from "../scripts/copy.ts";

const folder = copyBook({
  "mock-tools/weather.ts": like("test/worlds/odd.ts"),
  "mock-tools/mailbox.ts": like("test/worlds/mailed-weather.ts"),
  // A program approves each e-mail.
  "chapters/20-human-approval/people.ts": like("test/worlds/askers.ts", "../.."),
});

const RUNS = 25;

test.each([
  ["04-parallel-tools", "texts"],
  ["05-error-recovery", "outputs"],
  ["09-async-tools", "outputs"],
  ["13-dependency-detection", "outputs"],
  ["14-native-tools", "responses"],
  ["17-streaming", "streamed chat"],
  ["20-human-approval", "responses"],
  ["21-replay", "responses"],
])("%s gives every call of any batch one outcome, over %s [T10 M5]", async (chapter, talk) => {
  const args = [chapter, talk, String(RUNS)];
  const { stdout, stderr } = await run("test/programs/odd-batches.ts", args, { folder });
  const calls = readReports(stdout).get("calls");
  expect(calls?.value, stderr).toEqual(expect.any(Number));
  expect(calls?.value).toBeGreaterThan(RUNS);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  expect(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.exec(stdout)).toBe(null);
});
