import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { copyBook } from "../scripts/copy.ts";
import { filesAt } from "../scripts/exercises/files.ts";
import { exercises } from "../scripts/exercises/list.ts";
import { findExercise } from "../scripts/exercises/names.ts";
import { compiledOf, run, start } from "../scripts/run.ts";

// npm run exercises shows where a reader is, opens exercises and checks them. What a reader has written is
// never replaced without a question.

const COMMAND = "exercises/run.ts";
const exercise = findExercise("04-order");
const solution = filesAt(exercise, "solution").get("main.ts") ?? "";
const [first] = exercises();

/** A copy of the book, a function that runs the command there, and the reader's file of the exercise. */
function openBook() {
  const folder = copyBook();
  const file = join(folder, "exercises", exercise.name, "main.ts");
  return { folder, file, command: (...args: string[]) => run(COMMAND, args, { folder }) };
}

test("without a terminal, the command prints where the reader is, opens the next exercise, and ends", async () => {
  const { folder, command } = openBook();
  const { code, stdout } = await command();
  expect(stdout).toContain(`0 of ${exercises().length} exercises are done.\n`);
  expect(stdout).toContain(`▸ ${first?.name}`);
  expect(stdout).toContain(`Check it with: npm run exercises ${first?.name} check\n`);
  expect(existsSync(join(folder, "exercises", first?.name ?? "", "main.ts"))).toBe(true);
  expect(code).toBe(0);
});

test("a check fails with the sentence of the task, and passes with what it saw; what passed stays done", async () => {
  const { file, command } = openBook();
  const before = await command("04-order", "check");
  expect(before.stdout).toBe(
    `04-order ✖ not yet: ${exercise.says}\nStuck? npm run exercises 04-order hint\n`,
  );
  expect(before.code).toBe(1);
  writeFileSync(file, solution);
  const after = await command("order", "--check");
  expect(after.stdout).toMatch(
    /^04-order ✓ passed: .*slow, quick.*\nNext: npm run exercises \S+\n$/,
  );
  expect(after.code).toBe(0);
  writeFileSync(file, "no program any more");
  expect((await command("list")).stdout).toContain("✓ 04-order");
});

test("opening an exercise again leaves the reader's file, and a reset needs a terminal", async () => {
  const { file, command } = openBook();
  await command("04-order");
  expect(readFileSync(file, "utf8")).toBe(filesAt(exercise, "start").get("main.ts"));
  writeFileSync(file, "mine");
  await command("exercises/04-order/main.ts");
  const { code, stderr } = await command("04-order", "reset");
  expect(stderr).toBe("error: expected a terminal, to ask whether your files may be replaced\n");
  expect(code).toBe(1);
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("hint and solution are printed, and a number opens an exercise of that chapter", async () => {
  const { command } = openBook();
  expect((await command("04-order", "hint")).stdout).toBe(`${exercise.hint.trim()}\n`);
  expect((await command("04-order", "solution")).stdout).toContain(
    "\n+  return Promise.all(calls.map(async (call) =>",
  );
  expect((await command("4")).stdout).toMatch(/^04 · /);
});

test("a wrong name, too many words and a broken file of progress get one line", async () => {
  const { folder, command } = openBook();
  const wrong = await command("04-ordr");
  expect(wrong.stderr).toMatch(
    /^error: there is no exercise 04-ordr; the nearest are 04-order, .*\n$/,
  );
  expect(wrong.code).toBe(1);
  expect((await command("04-order", "06-jitter")).stderr).toMatch(
    /^error: expected one exercise, got 04-order 06-jitter/,
  );
  writeFileSync(join(folder, "exercises/.progress.json"), "{");
  expect((await command("list")).stderr).toBe(
    "error: expected the passed exercises as JSON in exercises/.progress.json; move the file away\n",
  );
});

/** A program in a terminal: what it has printed so far, and a function that waits for a text in it. */
function openTerminal(folder: string, ...args: string[]) {
  const file = compiledOf(join(folder, COMMAND));
  const program = start("test/programs/as-terminal.ts", [file, ...args], {
    folder,
    env: { NO_COLOR: "1" },
  });
  let printed = "";
  const ended = once(program, "close");
  const lost = ended.then(async () => {
    throw new Error(`the program has ended: ${await text(program.stderr)}`);
  });
  lost.catch(() => undefined);
  program.stdout.on("data", (piece) => {
    printed += piece;
  });
  return {
    ended,
    press: (key: string) => program.stdin.write(key),
    /** Waits for a text, and forgets what was printed up to its end. */
    async see(wanted: string): Promise<string> {
      while (!printed.includes(wanted)) await Promise.race([once(program.stdout, "data"), lost]);
      const end = printed.indexOf(wanted) + wanted.length;
      const seen = printed.slice(0, end);
      printed = printed.slice(end);
      return seen;
    },
  };
}

test("in a terminal, a save is checked, keys help, and only Enter goes on", async () => {
  const { folder, file } = openBook();
  const { ended, press, see } = openTerminal(folder, "04-order");
  await see(`not yet: ${exercise.says}`);
  press("\r");
  await see("Enter goes on when the check passes.");
  press("h");
  await see(exercise.hint.trim());
  press("s");
  await see("Show the solution before yours? (y/n)");
  press("n");
  await see("Nothing has changed.");
  writeFileSync(file, solution);
  await see("passed: the quick call ended first");
  await see("Enter goes on");
  press("s");
  await see("+  return Promise.all(");
  press("r");
  await see("Replace your files by those of the start? (y/n)");
  press("y");
  await see("The start is back.");
  await see(`not yet: ${exercise.says}`);
  expect(readFileSync(file, "utf8")).toBe(filesAt(exercise, "start").get("main.ts"));
  press("n");
  expect(await see("Edit exercises/")).not.toContain("04 · Results in the order asked");
  press("q");
  expect(await ended).toEqual([0, null]);
});
