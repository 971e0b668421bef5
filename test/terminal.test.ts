// What the book prints: no control sequences, no secrets, no endless texts, and
// a quiet end if the reader has gone.
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bookFolder } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run, start } from "../scripts/run.ts";
import { complete, listen } from "../scripts/serve.ts";
import { lengthOfHalfSecret } from "../shared/secrets.ts";
import { clean, onOneLine, shorten } from "../shared/terminal.ts";
import { outputs, runScript, weather } from "./support/script.ts";
import { SEQUENCES } from "./support/sequences.ts";
import { worldOf } from "./support/worlds.ts";

const FILE = "chapters/04-parallel-tools/main.ts";
const KEY = "sk-first-line\nsecond-line-of-it";
const PASSWORD = "p%40ss-word";

/** Everything that must not arrive at a terminal. */
const BARRED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const ALL = SEQUENCES.map(([, text]) => text).join(" ");
const EVIL = `${ALL} ${KEY} ${encodeURIComponent(KEY)} p@ss-word ${PASSWORD}`;
const SECRETS = ["first-line", "second-line", "ss-word"];

function expectSafe(printed: string): void {
  expect(BARRED.exec(printed)).toBe(null);
  expect(SECRETS.filter((secret) => printed.includes(secret))).toEqual([]);
}

test.each(SEQUENCES)("nothing that a terminal would obey reaches it: %s", (_, text, left) => {
  expect(clean(text)).toBe(left);
});

test("a text is cleaned in a time that grows with its length alone", () => {
  const beginnings = [
    "\u001b]",
    "\u001b[1;2",
    "\u009b1 ",
    "\u001b]8;;http://",
    "\u001b[",
    "\u009d",
    "\u001b]a;",
    "\u001b[1;",
    "://",
    "a",
    "\u0090",
  ];
  for (const beginning of beginnings) {
    const text = beginning.repeat(200_000);
    expect(clean(text).length).toBeLessThanOrEqual(text.length);
  }
});

test("a long text is cut, and says by how much", () => {
  expect(shorten("x".repeat(4_000))).toBe("x".repeat(4_000));
  expect(shorten("x".repeat(4_001))).toBe(`${"x".repeat(4_000)}… (1 more characters)`);
  expect(shorten("x".repeat(5_000_000))).toBe(`${"x".repeat(4_000)}… (4996000 more characters)`);
  expect(onOneLine(" a\n\n b\tc ")).toBe("a b c");
});

test("if only a part of a long text is read, its end does not show half a secret", () => {
  process.env.TEST_API_KEY = "the-whole-secret";
  const escapes = "\u001b[0m".repeat(24_998);
  expect(shorten(`${escapes}the-whole-secret${"x".repeat(100_000)}`)).not.toContain("the-");
  delete process.env.TEST_API_KEY;
});

test.each([
  ["a key", "Bearer sk-1234567", "Bearer ***"],
  ["a key in a text", '{"key":"sk-1234567"}', '{"key":"***"}'],
  ["a key with other letters around", "xsk-1234567x", "x***x"],
  ["each line of a key", "one-line other-line", "*** ***"],
  ["a key as JSON has it", '"one-line\\nother-line"', '"***"'],
  ["a key in a URL", "?key=one-line%0Aother-line", "?key=***"],
  ["a password, encoded or not", "p%40ssword p@ssword", "*** ***"],
  ["what stands before any host", "http://somebody:else@host/ a@b", "http://***@host/ a@b"],
  ["a password in what is no URL", "super/secret#1", "***"],
  ["a part of such a password", "at secret#1: no port", "at ***#1: no port"],
  ["a key without its control characters", "sk-abcdefgh", "***"],
  ["the value of a header", "no SECRET12345 of x-api-key", "no *** of x-api-key"],
  ["no placeholder", "ollama none", "ollama none"],
])("a secret is hidden wherever it stands: %s", (_, text, hidden) => {
  const env = {
    A_KEY: "sk-1234567",
    B_TOKEN: "one-line\nother-line",
    C_API_KEY: "ollama",
    D_BASE_URL: "http://jack:p%40ssword@host/v1",
    E_BASE_URL: "jack:super/secret#1@host/v1",
    F_SECRET: "sk-ab\u0085cd\u001befgh",
    G_HEADERS: "x-api-key=SECRET12345,other=1",
  };
  Object.assign(process.env, env);
  expect(clean(text)).toBe(hidden);
  for (const name of Object.keys(env)) delete process.env[name];
});

const hostile = {
  OPENAI_API_KEY: "sk-12345678",
  OTHER_API_KEY: KEY,
  OTHER_URL: `http://jack:${PASSWORD}@host`,
  OPENAI_MODEL: `model ${EVIL.replaceAll("\u0000", "")}`,
};
const evilMail = {
  id: EVIL,
  name: "send_email",
  arguments: JSON.stringify({ from: EVIL, to: EVIL, message: EVIL }),
};
const evilCalls = outputs(
  evilMail,
  weather(EVIL, EVIL),
  { id: EVIL, name: EVIL, arguments: EVIL },
  { id: "x", name: "get_weather", arguments: EVIL },
);
const evilText = JSON.stringify({ mode: EVIL, outputs: [{ type: "message", text: EVIL }] });
const withMode = JSON.stringify({ mode: EVIL, ...JSON.parse(evilCalls) });

test.each([
  ["04", "chapters/04-parallel-tools/main.ts"],
  ["08", "chapters/08-tracing/main.ts"],
  ["11", "chapters/11-dynamic-parallelism/main.ts"],
  ["13", "chapters/13-dependency-detection/main.ts"],
])("whatever a model and its tools say, %s prints it safely", async (number, file) => {
  const env = { ...hostile, ...(number === "08" && { TRACE_FILE: "/dev/null" }) };
  const script = [EVIL, withMode, evilText];
  const { stdout, stderr, code } = await runScript(file, script, { env });
  expect(code).toBe(0);
  expectSafe(stdout);
  expectSafe(stderr);
  for (const part of ["Mail box:", "no station in", "unknown tool", "Reply error", "A:"]) {
    expect(stdout).toContain(part);
  }
});

test("any refusal of a model gives one safe error line", async () => {
  const refuse = (response: ServerResponse) => complete(response, { refusal: EVIL });
  const { stdout, stderr, code } = await runScript(FILE, [refuse], { env: hostile });
  expect(code).toBe(1);
  expectSafe(stdout);
  expectSafe(stderr);
  expect(stderr).toMatch(/^model: .*\nerror: the model refuses: .*\n$/);
});

test("the error of a server is printed safely, and cut", async () => {
  const fail = [
    (response: ServerResponse) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `${EVIL}${"x".repeat(1_000_000)}` } }));
    },
  ];
  const { stderr, code } = await runScript(FILE, fail, { env: hostile });
  expect(code).toBe(1);
  expectSafe(stderr);
  expect(stderr).toMatch(/^model: .*\nerror: 400 .*x… \(\d+ more characters\)\n$/);
  expect(stderr.length).toBeLessThan(10_000);
});

test("a stream that is not JSON gives one safe error line", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${EVIL.replaceAll("\n", " ")}\n\n`);
  });
  const { url, close } = await listen(server);
  const env = { ...hostile, OPENAI_BASE_URL: `${url}/v1`, OPENAI_PROTOCOL: "chat" };
  const ended = await run("chapters/17-streaming/main.ts", ["a question"], { env });
  close();
  expect(ended.code).toBe(1);
  expectSafe(ended.stdout);
  expectSafe(ended.stderr);
  expect(ended.stderr).toMatch(/^model: .*\nerror: .*\n$/);
});

test("the first half of a secret is held back until the next piece comes", () => {
  process.env.TEST_PASSWORD = "pässwort 99";
  const halves = ["", "p", "pä", "xyz pässwort ", `${"x".repeat(2_000)}pässwort 9`];
  expect(halves.map(lengthOfHalfSecret)).toEqual([0, 1, 2, 9, 10]);
  expect(lengthOfHalfSecret("pässwort 99")).toBe(0);
  delete process.env.TEST_PASSWORD;
});

test.each([
  "http://user:abc@supersecret@127.0.0.1:9/v1",
  "http://user:supersecret#1@127.0.0.1:9/v1",
  "http://user:supersecret/x@127.0.0.1:9/v1",
  "user:supersecret@127.0.0.1:9/v1",
])("a password is hidden in an address, valid or not: %s", async (OPENAI_BASE_URL) => {
  const { stderr, code } = await run(FILE, ["a question"], { env: { OPENAI_BASE_URL } });
  expect(stderr).not.toContain("supersecret");
  expect(stderr).toMatch(/^model: .*\*\*\*.*\nerror: .*\n$/);
  expect(code).toBe(1);
});

test.each([
  ["a key with a newline in it", { OPENAI_API_KEY: KEY }],
  ["credentials in the URL", { OPENAI_BASE_URL: `http://jack:${PASSWORD}@127.0.0.1:9/v1` }],
])("no error line and no line of the model shows %s", async (_, env) => {
  const { stderr, code } = await run(FILE, ["a question"], { env });
  expect(code).toBe(1);
  expectSafe(stderr);
  expect(stderr).toMatch(/^model: .*\nerror: .*\*\*\*.*\n$/);
});

test("keys of the other providers are not shown either", async () => {
  const ask = (provider: string, name: string) => {
    const env = { PROVIDER: provider, [name]: KEY };
    return run("chapters/16-providers/main.ts", ["a question"], { env });
  };
  const all = [ask("claude", "ANTHROPIC_API_KEY"), ask("gemini", "GEMINI_API_KEY")];
  for (const { stderr, code } of await Promise.all(all)) {
    expect(code).toBe(1);
    expectSafe(stderr);
    expect(stderr).toMatch(/^model: .*\nerror: .*\n$/);
  }
});

test("an answer is printed whole; other texts are cut, and say by how much", async () => {
  const long = "long ".repeat(20_000);
  const mail = { from: "a@b.c", to: "a@b.c", message: long };
  const call = { name: "send_email", arguments: JSON.stringify(mail) };
  const texts = [long, ...Array.from({ length: 29 }, () => "again")];
  const answer = JSON.stringify({ outputs: texts.map((text) => ({ type: "message", text })) });
  const { stdout } = await runScript(FILE, [outputs(call), answer]);
  const [transcript = "", rest = ""] = stdout.split("\nA:\n");
  const [end = "", mailbox = ""] = rest.split("\nMail box:\n");
  expect(end).toBe(`${texts.join("\n")}\n`);
  expect(transcript).toContain("\n… (10 more messages)\n");
  for (const part of [transcript, mailbox]) {
    expect(part).toMatch(/… \(\d+ more characters\)/);
    expect(part.length).toBeLessThan(15_000);
  }
});

const onUnix = test.skipIf(process.platform === "win32");

onUnix("a program ends quietly if its reader stops reading, as head does", async () => {
  for (const file of [FILE, "scripts/diff.ts"]) {
    const program = start(file, file === FILE ? [] : ["04"]);
    program.stdout.destroy();
    let stderr = "";
    program.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    expect(await once(program, "close")).toEqual([0, null]);
    expect(stderr.replace(/^model: .*\n/, "")).toBe("");
  }
});

test.skipIf(!existsSync("/dev/full"))("a full disk gives one error line", () => {
  const program = join(bookFolder(), FILE.replace(/ts$/, "js"));
  const command = '"$0" "$1" "a question" > /dev/full';
  const { status, stderr } = spawnSync("sh", ["-c", command, process.execPath, program]);
  expect(String(stderr)).toMatch(/\nerror: the output cannot be written: ENOSPC.*\n$/);
  expect(status).toBe(1);
});

test.each([
  [
    "a WORLD_DIR that is a file",
    { WORLD_DIR: "MAILBOX" },
    /^error: the folder .* cannot be made: EEXIST.*\n$/,
  ],
  [
    "a mailbox that holds something else",
    { MAILBOX_FILE: "MAILBOX" },
    /^error: expected an e-mail in each line of the mailbox, got null\n$/,
  ],
])("%s is one line", async (_, names, line) => {
  const folder = mkdtempSync(join(tmpdir(), "place-"));
  const file = join(folder, "file");
  writeFileSync(file, "null\n");
  const env = Object.fromEntries(Object.keys(names).map((name) => [name, file]));
  const { stderr, code } = await run(FILE, ["a question"], { env });
  expect(stderr.replace(/^model: .*\n/, "")).toMatch(line);
  expect(code).toBe(1);
  rmSync(folder, { recursive: true });
});

test("without stderr, the transcript is whole", () => {
  const program = join(bookFolder(), FILE.replace(/ts$/, "js"));
  const command = '"$0" "$1" "Weather in LA?" 2>&-';
  const printed = execFileSync("sh", ["-c", command, process.execPath, program]);
  expect(String(printed)).toMatch(/\nA:\nHere's the weather: LA is sunny at 20 degrees\.\n$/);
});

test("a .env that cannot be read gives one error line", async () => {
  const folder = copyBook();
  mkdirSync(join(folder, ".env"));
  const { stderr, code } = await run(FILE, ["a question"], { folder });
  expect(stderr).toMatch(/^error: the file \.env cannot be read: .*\n$/);
  expect(code).toBe(1);
});

test("a mailbox that can no longer be read does not hide the answer", async () => {
  const spoil = { name: "get_weather", arguments: '{"location":"here"}' };
  const folder = worldOf("spoiling");
  const { stdout, stderr, code } = await runScript(FILE, [outputs(spoil), outputs()], { folder });
  expect(stdout).toMatch(/\nA:\ndone\n$/);
  expect(stderr).toMatch(/\nwarning: the mailbox cannot be read: .*\n$/);
  expect(code).toBe(0);
});

onUnix.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s leaves nothing behind, though threads go on writing",
  async (signal) => {
    const temporary = mkdtempSync(join(tmpdir(), "only-"));
    const env = { TMPDIR: temporary };
    const program = start(FILE, ["Weather in LA, Lima and Paris?"], {
      env,
      folder: worldOf("writing"),
    });
    const ended = Promise.all([once(program, "exit"), text(program.stderr)]);
    for await (const chunk of program.stdout) {
      if (!String(chunk).includes("writing")) continue;
      // The second signal comes while the program ends.
      program.kill(signal);
      program.kill(signal);
    }
    const code = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal];
    expect(await ended).toEqual([[code, null], expect.stringMatching(/^model: .*\n$/)]);
    expect(readdirSync(temporary)).toEqual([]);
    rmSync(temporary, { recursive: true });
  },
);
