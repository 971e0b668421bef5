// The journal alone: a recorded effect returns its value without running, in whatever order the lines
// stand. Text after the last newline is cut off, since a crash may leave it. Anything else that has
// changed is refused with an error that says where, and so is a file that another process may be using.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { canonicalJson, hashOf, summarize } from "../shared/canonical.ts";
import { inline } from "../shared/effects.ts";
import { type Journal, openJournal } from "../chapters/21-replay/journal.ts";

const warn = vi.spyOn(console, "error");
beforeEach(() => {
  warn.mockClear();
  warn.mockImplementation(() => undefined);
});
afterAll(() => warn.mockRestore());

const QUESTION = "a question";
// Errors name a journal by its real path.
const temporary = realpathSync(mkdtempSync(join(tmpdir(), "journals-")));
let count = 0;

function freshFile(): string {
  return join(temporary, `${count++}.jsonl`);
}

function open(file: string, question = QUESTION): Journal {
  return openJournal(file, { question, sync: false });
}

/** What the effects of a run return, by their keys; each has its own input. */
type Values = Readonly<Record<string, unknown>>;

/** Runs some effects with a journal. Returns the end of each, which of them ran, and their keys. */
async function runAll(file: string, values: Values) {
  const { execute, counts, close } = open(file);
  const ran: string[] = [];
  const came: unknown[] = [];
  for (const [key, value] of Object.entries(values)) {
    const act = async (idempotencyKey: string) => {
      ran.push(idempotencyKey);
      return value;
    };
    came.push(await execute(key, { key }, act));
  }
  close();
  return { came, ran, counts };
}

/** A journal in which these effects are recorded: its file and its lines, each with its newline. */
async function record(values: Values) {
  const file = freshFile();
  const { ran } = await runAll(file, values);
  const lines = readFileSync(file, "utf8").split(/(?<=\n)/);
  return { file, lines, ran };
}

const THREE = { one: 1, two: { deep: ["ü", "\u2028", "\ud83d\ude00", null] }, three: "\n\u0000" };

// ── One text for each input ──────────────────────────────────────────────────────────────────────

test("equal inputs have one text: keys in order at every depth, lists as they stand [L24]", () => {
  const one = { b: [{ z: 1, y: 2 }, "x"], a: { d: null, c: true } };
  const other = { a: { c: true, d: null }, b: [{ y: 2, z: 1 }, "x"] };
  expect(canonicalJson(one)).toBe('{"a":{"c":true,"d":null},"b":[{"y":2,"z":1},"x"]}');
  expect(canonicalJson(other)).toBe(canonicalJson(one));
  expect(hashOf(other)).toBe(hashOf(one));
});

test("keys are ordered by their UTF-16 units, and numbers written as in RFC 8785", () => {
  const keys = { "€": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, ö: 7 };
  expect(canonicalJson(keys)).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\ud83d\ude00":5,"\ufb33":3}',
  );
  const numbers = [333333333.3333333, 1e30, 4.5, 0.002, 1e-27, -0, 1e21, 5e-324, 2 ** 53];
  expect(canonicalJson(numbers)).toBe(
    "[333333333.3333333,1e+30,4.5,0.002,1e-27,0,1e+21,5e-324,9007199254740992]",
  );
  expect(canonicalJson(JSON.parse('{"constructor":2,"__proto__":1}'))).toBe(
    '{"__proto__":1,"constructor":2}',
  );
});

test("what JSON has no place for is left out or null, as in JSON itself", () => {
  expect(canonicalJson({ a: undefined, b: [undefined, Number.NaN, 1 / 0] })).toBe(
    '{"b":[null,null,null]}',
  );
  expect(canonicalJson(undefined)).toBe("null");
  expect(canonicalJson(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
  expect(canonicalJson("\ud800")).toBe('"\\ud800"');
});

test("the hash of a batch differs for another id, name, order or arguments [L24]", () => {
  const call = {
    type: "function_call",
    id: "a",
    name: "get_weather",
    arguments: '{"location":"LA"}',
  };
  const batches = [
    [call, { ...call, id: "b" }],
    [{ ...call, id: "b" }, call],
    [call, { ...call, id: "c" }],
    [call, { ...call, id: "b", name: "send_email" }],
    [call, { ...call, id: "b", arguments: '{"location":"Lima"}' }],
    [call],
    [],
  ];
  expect(new Set(batches.map(hashOf)).size).toBe(batches.length);
  expect(batches.map(hashOf)).toEqual(batches.map(() => expect.stringMatching(/^[\da-f]{64}$/)));
});

test("an input is summed up for a person: short parts whole, long ones by length and hash", () => {
  const long = "x".repeat(201);
  expect(summarize({ name: "get_weather", list: [1, { b: 1, a: 2 }], long })).toEqual({
    name: "get_weather",
    list: '[1,{"a":2,"b":1}]',
    long: `201 characters (${hashOf(long).slice(0, 8)})`,
  });
  expect(summarize({ none: undefined })).toEqual({ none: "null" });
});

// ── What is recorded does not run ────────────────────────────────────────────────────────────────

test("a rerun returns what is recorded and runs nothing of it [L26]", async () => {
  const { file, ran } = await record(THREE);
  const rerun = await runAll(file, THREE);
  expect(ran).toHaveLength(3);
  expect(rerun).toEqual({
    came: Object.values(THREE),
    ran: [],
    counts: { replayed: 3, executed: 0 },
  });
});

test("entries are found by key, in whatever order their lines stand [L27]", async () => {
  const { file, lines } = await record(THREE);
  const [head = "", ...entries] = lines;
  writeFileSync(file, head + entries.toReversed().join(""));
  const { came, ran } = await runAll(file, THREE);
  expect({ came, ran }).toEqual({ came: Object.values(THREE), ran: [] });
});

test("what is not recorded runs, and has the same idempotency key in each run [L25]", async () => {
  const { file, lines, ran } = await record(THREE);
  const [head = "", one = "", , three = ""] = lines;
  writeFileSync(file, head + one + three);
  const rerun = await runAll(file, THREE);
  expect(rerun.ran).toEqual(ran.filter((key) => key.endsWith(" two")));
  expect(rerun.counts).toEqual({ replayed: 2, executed: 1 });
  const other = await record(THREE);
  expect(new Set([...ran, ...other.ran]).size).toBe(6);
});

test("without a journal every effect runs, each time with another key [L29]", async () => {
  const keys = [];
  for (const key of ["one", "one"]) {
    keys.push(await inline(key, {}, async (idempotencyKey) => idempotencyKey));
  }
  expect(new Set(keys).size).toBe(2);
});

test("an effect that throws is not recorded, and runs again [L27]", async () => {
  const file = freshFile();
  const first = open(file);
  const lost = first.execute("one", {}, async () => Promise.reject(new Error("no network")));
  await expect(lost).rejects.toThrow("no network");
  expect(await first.execute("two", {}, async () => 2)).toBe(2);
  first.close();
  const { execute, counts, close } = open(file);
  expect(await execute("one", {}, async () => 1)).toBe(1);
  expect(await execute("two", {}, async () => "never")).toBe(2);
  expect(counts).toEqual({ replayed: 1, executed: 1 });
  close();
});

// ── What has changed is refused ──────────────────────────────────────────────────────────────────

test("another input is refused by naming both sides, and nothing runs after it [L26]", async () => {
  const file = freshFile();
  const first = open(file);
  await first.execute("one", { name: "get_weather", arguments: "LA", tools: [1] }, async () => 1);
  first.close();
  const { execute, counts, close } = open(file);
  const never = async () => {
    throw new Error("this ran");
  };
  const input = { tools: [1], arguments: "Lima", name: "get_weather", extra: 2 };
  const words =
    "the journal holds another one: arguments was LA and is Lima; extra was missing and is 2";
  await expect(execute("one", input, never)).rejects.toThrow(words);
  await expect(execute("two", {}, never)).rejects.toThrow(words);
  expect(counts).toEqual({ replayed: 0, executed: 0 });
  close();
});

test("what runs beside a refused effect is recorded all the same", async () => {
  const { file } = await record({ one: 1 });
  const first = open(file);
  let end = (_: unknown): void => undefined;
  const beside = first.execute("two", {}, () => new Promise((resolve) => (end = resolve)));
  await expect(first.execute("one", { other: 1 }, async () => 0)).rejects.toThrow("another one");
  end(2);
  expect(await beside).toBe(2);
  first.close();
  const { execute, close } = open(file);
  expect(await execute("two", {}, async () => "never")).toBe(2);
  close();
});

test("a hash that was edited is refused, too", async () => {
  const { file, lines } = await record({ one: 1 });
  const hash = hashOf({ key: "one" });
  writeFileSync(file, lines.join("").replace(hash, "0".repeat(64)));
  const words = `the journal holds another one: its hash was ${"0".repeat(64)} and is ${hash}`;
  await expect(runAll(file, { one: 1 })).rejects.toThrow(words);
});

test("another question or grain is refused, and what is there stays", async () => {
  const { file, lines } = await record({ one: 1 });
  expect(() => open(file, "another")).toThrow(
    "the question of the journal was a question and is another",
  );
  const options = { question: QUESTION, sync: false };
  expect(() => openJournal(file, { ...options, grain: "batch" })).toThrow(
    "the grain of the journal was call and is batch",
  );
  expect(readFileSync(file, "utf8")).toBe(lines.join(""));
  const other = freshFile();
  openJournal(other, { ...options, grain: "batch" }).close();
  expect(() => open(other)).toThrow("the grain of the journal was batch and is call");
});

// ── Lines that a crash can leave, and other broken lines ─────────────────────────────────────────

test("a last line that was torn anywhere is cut off, and its effect runs again", async () => {
  const { lines, ran } = await record(THREE);
  const [last = ""] = lines.splice(-1);
  const whole = Buffer.from(lines.join(""));
  const bytes = Buffer.from(last);
  for (let length = 0; length < bytes.length; length++) {
    const file = freshFile();
    writeFileSync(file, Buffer.concat([whole, bytes.subarray(0, length)]));
    warn.mockClear();
    const rerun = await runAll(file, THREE);
    expect(rerun.ran).toEqual(ran.slice(2));
    expect(readFileSync(file, "utf8")).toBe(lines.join("") + last);
    const warning = `warning: the last line of ${file} was torn, and is cut off`;
    expect(warn.mock.calls).toEqual(length > 0 ? [[warning]] : []);
  }
});

test("a first line that was torn anywhere is cut off, and the journal begins anew", async () => {
  const { lines } = await record({ one: 1 });
  const head = Buffer.from(lines[0] ?? "");
  for (let length = 0; length < head.length; length++) {
    const file = freshFile();
    writeFileSync(file, head.subarray(0, length));
    const { counts } = await runAll(file, { one: 1 });
    expect(counts).toEqual({ replayed: 0, executed: 1 });
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
  }
});

test("zeros at the end, which some disks leave, are cut off like a torn line", async () => {
  const { lines, ran } = await record(THREE);
  const [last = ""] = lines.splice(-1);
  for (const length of [0, 20]) {
    const file = freshFile();
    writeFileSync(file, `${lines.join("")}${last.slice(0, length)}${"\0".repeat(100)}`);
    expect((await runAll(file, THREE)).ran).toEqual(ran.slice(2));
  }
});

test("an error names the number of any other broken line, and nothing is changed", async () => {
  const { file, lines } = await record(THREE);
  const [head = "", one = "", two = "", three = ""] = lines;
  const hole = three.replace(/(?<=.{20}).{20}/, "\0".repeat(20));
  const broken: readonly (readonly [string, readonly string[]])[] = [
    ["line 1 of the journal is broken", ["{}\n", one]],
    ["line 1 of the journal is broken", [head.replace('"run"', '"runs"'), one]],
    ["expected a journal of format 1, got one of 2", ['{"journal":2,"run":"a","question":"b"}\n']],
    ["line 1 of the journal is broken", [one, two]],
    ["line 1 of the journal is broken", ["# Notes\n", "Call Bob\n", "half a li"]],
    ["line 1 of the journal is broken", ["Call Bob"]],
    ["line 1 of the journal is broken", ["Call Bob\n"]],
    ["line 1 of the journal is broken", ['{"journal": "my diary"}']],
    ["line 1 of the journal is broken", ['{"journal":"my diary"}']],
    ["line 1 of the journal is broken", [head.slice(0, 22).replace("run", "fun")]],
    ["line 2 of the journal is broken", [head, "\n", one]],
    ["line 2 of the journal is broken", [head, `${one.slice(0, 30)}\n`, two]],
    ["line 3 of the journal is broken", [head, one, "[]\n", three]],
    ["line 4 of the journal is broken", [head, one, two, "{}\n"]],
    ["line 4 of the journal is broken", [head, one, two, hole]],
    ["line 4 of the journal is broken", [head, one, two, three.slice(0, 40), "\n"]],
    ["line 5 of the journal is broken", [head, one, two, three, "\n"]],
    ["line 3 of the journal is broken", [head, one, two.replace('"key":"two"', '"key":2'), "torn"]],
    ["line 4 of the journal repeats a key", [head, one, two, one]],
  ];
  for (const [words, parts] of broken) {
    writeFileSync(file, parts.join(""));
    expect(() => open(file)).toThrow(words);
    expect(readFileSync(file, "utf8")).toBe(parts.join(""));
  }
});

test("a line that is not UTF-8 is refused, because its text would come back changed", async () => {
  const { file, lines } = await record({ one: "Zürich" });
  const bytes = Buffer.from(lines.join(""), "latin1");
  expect(bytes.includes(0xfc)).toBe(true);
  writeFileSync(file, bytes);
  expect(() => open(file)).toThrow("line 2 of the journal is broken");
  expect(readFileSync(file)).toEqual(bytes);
});

test("a path that is not a file, or whose folder is missing, is refused", () => {
  expect(() => open(temporary)).toThrow(`expected a file for the journal, got ${temporary}`);
  expect(() => open(join(temporary, "missing", "journal"))).toThrow(
    "the journal cannot be opened to write into it",
  );
});

test.skipIf(process.platform === "win32")(
  "a device and a named pipe are refused, and nothing waits for a reader",
  () => {
    expect(() => open("/dev/null")).toThrow("expected a file for the journal, got /dev/null");
    const pipe = freshFile();
    execFileSync("mkfifo", [pipe]);
    expect(() => open(pipe)).toThrow(`expected a file for the journal, got ${pipe}`);
  },
);

test("a file with two names is refused, since its lock has only one of them", async () => {
  const { file, lines } = await record({ one: 1 });
  linkSync(file, freshFile());
  expect(() => open(file)).toThrow(`expected a file with one name, and ${file} has 2`);
  expect(readFileSync(file, "utf8")).toBe(lines.join(""));
});

// ── One process at a time ────────────────────────────────────────────────────────────────────────

/** A process that does nothing until it is ended. */
async function startIdle() {
  const child = spawn(process.execPath, ["--eval", "setInterval(() => 0, 1000)"]);
  await once(child, "spawn");
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { pid: Number(child.pid), end };
}

function locksOf(file: string): string[] {
  return readdirSync(temporary).filter((name) => join(temporary, name).startsWith(`${file}.lock-`));
}

/** The text after the process id in the names of the locks that are made here. */
async function placeOf(file: string): Promise<string> {
  const { close } = open(file);
  const [name = ""] = locksOf(file);
  close();
  const [, id = "", place = ""] = /\.lock-(\d+)-(\w+)$/.exec(name) ?? [];
  expect(Number(id)).toBe(process.pid);
  return place;
}

/** Checks that a lock keeps this process from the file, and that it stays. */
function expectLocked(file: string, other: string): void {
  expect(() => open(file)).toThrow(`${file} is locked: if no program uses it, delete ${other}`);
  expect(locksOf(file)).toEqual([basename(other)]);
}

test("a file that another process uses is refused until that process has died", async () => {
  const { file } = await record({ one: 1 });
  const { pid, end } = await startIdle();
  const other = `${file}.lock-${pid}-${await placeOf(file)}`;
  writeFileSync(other, "");
  expectLocked(file, other);
  await end();
  expect((await runAll(file, { one: 1 })).ran).toEqual([]);
  expect(locksOf(file)).toEqual([]);
});

test("a lock is respected where nobody can tell whether its process is alive", async () => {
  const { file } = await record({ one: 1 });
  const { pid, end } = await startIdle();
  await end();
  const place = await placeOf(file);
  // A dead process of another container or machine, which may have the id of a living one there.
  const names = [`${pid}-${"0".repeat(16)}`, `${process.pid}-${"0".repeat(16)}`];
  const strange = ["", "abc", `${pid}`, `-${place}`, `0-${place}`, `-1-${place}`, `1e3-${place}`];
  for (const name of [...names, ...strange]) {
    const other = `${file}.lock-${name}`;
    writeFileSync(other, "");
    expectLocked(file, other);
    rmSync(other);
  }
  mkdirSync(`${file}.lock-folder`);
  expectLocked(file, `${file}.lock-folder`);
});

test("a lock with this process's id that it has not made is respected", async () => {
  const { file } = await record({ one: 1 });
  const own = `${file}.lock-${process.pid}-${await placeOf(file)}`;
  writeFileSync(own, "");
  expectLocked(file, own);
});

// On Windows such a path is too long for the journal itself.
test.skipIf(process.platform === "win32")("an error says that a lock cannot be made", () => {
  const file = join(temporary, "n".repeat(250));
  expect(() => open(file)).toThrow("the lock of the journal cannot be made");
});

test("a process that has the file open does not open it again", async () => {
  const { file } = await record({ one: 1 });
  const { close } = open(file);
  expect(() => open(file)).toThrow(`this process uses ${file} already`);
  close();
  expect((await runAll(file, { one: 1 })).ran).toEqual([]);
});

// Windows lets only some users make links.
test.skipIf(process.platform === "win32")("a link is the file that it leads to", async () => {
  const { file } = await record({ one: 1 });
  const name = freshFile();
  symlinkSync(file, name);
  const { close } = open(file);
  expect(() => open(name)).toThrow(`this process uses ${file} already`);
  close();
  expect((await runAll(name, { one: 1 })).ran).toEqual([]);
});
