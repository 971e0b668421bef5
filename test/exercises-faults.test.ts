import { expect, test } from "vitest";
import { programOf } from "../exercises/support/program.ts";
import { asking, weather } from "../exercises/support/replies.ts";
import { type Files, filesAt } from "../scripts/exercises/files.ts";
import { findExercise } from "../scripts/exercises/names.ts";

// A reader's program may do anything. Whatever it does, the check ends, and says in one line what the
// program did and where.

const exercise = findExercise("04-order");
const files = filesAt(exercise, "solution");
const main = files.get("main.ts") ?? "";

const PLACE = "async function runCalls(calls: readonly FunctionCall[]): Promise<CallResult[]> {\n";
/** The number of the line behind the place. */
const LINE = main.slice(0, main.indexOf(PLACE)).split("\n").length + 1;

/** The solution with some lines at the beginning of runCalls. */
function withLines(...lines: string[]): Files {
  expect(main).toContain(PLACE);
  const text = main.replace(PLACE, PLACE + lines.map((line) => `  ${line}\n`).join(""));
  return new Map([["main.ts", text]]);
}

/** What the check is told of a program. */
async function faultOf(program: Files, limit = 30_000): Promise<string> {
  const { ask, remove } = programOf(exercise, program);
  try {
    await ask({ replies: [asking(weather("LA"))], limit });
    return "none";
  } catch (error) {
    return Object(error).message;
  } finally {
    remove();
  }
}

/** Makes a test's process run the sources, as a reader's does. */
async function fromSources<Value>(act: () => Promise<Value>): Promise<Value> {
  const compiled = process.env.COMPILED_BOOK;
  process.env.COMPILED_BOOK = "";
  try {
    return await act();
  } finally {
    process.env.COMPILED_BOOK = compiled;
  }
}

const WAIT = "await new Promise((resolve) => setTimeout(resolve, 500));";

const faults: readonly (readonly [what: string, lines: readonly string[], said: string])[] = [
  ["ends the process", ["process.exit(3);"], "L ended the program with process.exit(3)"],
  ["ends it as if all were well", ["process.exit(0);"], "L ended the program with process.exit(0)"],
  [
    "reads what is not there",
    ["Object(undefined).a.b();"],
    "L failed: TypeError: Cannot read properties of undefined (reading 'b')",
  ],
  [
    "throws later",
    ["setTimeout(() => { throw new Error('later'); }, 1);", WAIT],
    "L failed: Error: later",
  ],
  [
    "rejects and nobody listens",
    ["Promise.reject(new Error('nobody'));", WAIT],
    "L failed: Error: nobody",
  ],
  [
    "waits for ever",
    ["await new Promise(() => undefined);"],
    "the program waited for a promise that is never settled",
  ],
  [
    "throws an error of its own",
    ["throw new Error('too many calls');"],
    "the program ended with error: too many calls",
  ],
];

test.each(faults)("a program that %s gets one line", async (_, lines, said) => {
  const found = await faultOf(withLines(...lines));
  expect(
    found.replace(/^main\.ts:(\d+):\d+/, (_, line) => (Number(line) === LINE ? "L" : line)),
  ).toBe(said);
});

const endless: readonly (readonly [what: string, line: string, said: RegExp])[] = [
  [
    "loops",
    "for (;;) Math.sqrt(2);",
    /^main\.ts:L still runs, and the program has (computed for|not ended after) 5 s$/,
  ],
  [
    "eats memory",
    "for (const all = []; ; ) all.push(new Array(1000).fill(1.5));",
    /^(main\.ts:L still runs, and )?the program (takes more than 1 GB of memory|has (computed for|not ended after) 5 s)$/,
  ],
];

test.each(endless)("a program that %s is ended, and the place is named", async (_, line, said) => {
  const found = await fromSources(() => faultOf(withLines(line), 5_000));
  expect(found.replace(`main.ts:${LINE} `, "main.ts:L ")).toMatch(said);
});

test("a program that does not end after its answer is ended", async () => {
  const text = main.replace("await pool.close();", "setInterval(() => undefined, 1_000);");
  expect(await faultOf(new Map([["main.ts", text]]), 4_000)).toBe(
    "the program answered, but then: the program has not ended after 4 s",
  );
});

test("a mistake in the syntax, and a file that does not exist, are named with their place", async () => {
  const [syntax, missing] = await fromSources(() =>
    Promise.all([
      faultOf(withLines("const x = ;")),
      faultOf(new Map([["main.ts", main.replace("shared/print.ts", "shared/prnt.ts")]])),
    ]),
  );
  expect(syntax).toMatch(new RegExp(`^main\\.ts:${LINE} failed: `));
  expect(missing).toMatch(/^main\.ts failed: Error: Cannot find module '.*shared\/prnt\.ts'/);
});

test("a program that answers is at no fault", async () => {
  expect(await faultOf(files)).toBe("none");
});
