import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chapters, ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run, start } from "../scripts/run.ts";
import { outputs, weather } from "./support/script.ts";
import { serveScript } from "../scripts/serve.ts";

const FILE = "chapters/04-parallel-tools/main.ts";

test("npx tsx runs a chapter as the README says", () => {
  const env = { ...process.env, OPENAI_API_KEY: "", OPENAI_BASE_URL: "" };
  const command = `npx tsx ${FILE} "How is the weather in Paris?"`;
  const stdout = execFileSync(command, {
    cwd: ROOT,
    env,
    encoding: "utf8",
    shell: true,
    stdio: "pipe",
  });
  expect(stdout).toMatch(/\nA:\nHere's the weather: Paris is cloudy at 12 degrees\.\n$/);
});

test.skipIf(!process.features.typescript)("a Node that strips types needs no tsx", async () => {
  const { code, stdout } = await run(FILE, ["How is the weather in Paris?"], { folder: ROOT });
  expect(stdout).toMatch(/\nA:\nHere's the weather: Paris is cloudy at 12 degrees\.\n$/);
  expect(code).toBe(0);
});

test("a mistake in a file that the threads load is shown with its place", async () => {
  const broken = { "mock-tools/worker.ts": "export async functio runTool() {}\n" };
  const { code, stderr } = await run(FILE, ["Weather in LA?"], { folder: copyBook(broken, ROOT) });
  expect(stderr).toMatch(/worker\.ts:1/);
  expect(stderr).not.toContain("ERR_UNKNOWN_FILE_EXTENSION");
  expect(code).toBe(1);
});

test("--help says what a chapter is and how to use it", async () => {
  const { code, stdout, stderr } = await run(FILE, ["--help"]);
  expect(stdout.split("\n").slice(0, 4)).toEqual([
    "04 · Parallel tools",
    "A reply may hold several calls; they run at the same time, each in a worker thread.",
    "",
    `With no question, the chapter asks its own. To ask yours:  npx tsx ${FILE} "a question"`,
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

/** Variables with which a program tells something to its own threads and processes. */
const WITHIN = ["NOTE_CALLS", "PORT"];

/** The variables that the files in a folder read, besides those. */
function settingsIn(folder: string): string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts"));
  const names = sources.flatMap((file) => {
    const source = readFileSync(join(ROOT, folder, file), "utf8");
    const read = [...source.matchAll(/process\.env\.(\w+)/g)].map(([, name = ""]) => name);
    const taken = /\{([^}]+)\} = process\.env/.exec(source)?.[1]?.match(/\b[A-Z_]{2,}\b/g) ?? [];
    // A file that reads a variable by a computed name has the name in quotes.
    const named = source.includes("process.env[")
      ? (source.match(/(?<=")[A-Z_]{2,}(?=")/g) ?? [])
      : [];
    return [...read, ...taken, ...named];
  });
  return names.filter((name) => !WITHIN.includes(name));
}

/** Settings that shared reads for all chapters although only some use them: those have these words in their source. */
const PARTLY = { OPENAI_PROTOCOL: /\bprotocol\b/, OFFLINE_TOKENS_PER_SECOND: /stream: true/ };

/** Read by a shared file. The chapters that can be killed list it themselves. */
const KILLING = "KILL_AT";
const common = [...settingsIn("shared"), ...settingsIn("mock-tools")].filter(
  (name) => name !== KILLING,
);
const withSettings = chapters().flatMap(({ number, folder, file }) => {
  const own = settingsIn(`chapters/${folder}`);
  if (own.length === 0 && !["04", "14", "17"].includes(number)) return [];
  const source = readFileSync(join(ROOT, file), "utf8");
  const unused = Object.entries(PARTLY).flatMap(([name, words]) =>
    words.test(source) ? [] : [name],
  );
  const isKilled = ["21", "22"].includes(number);
  const read = [...common, ...own, ...(isKilled ? [KILLING] : [])].filter(
    (name) => !unused.includes(name),
  );
  return [[file, read, unused] as const];
});

test.each(withSettings)(
  "--help of %s lists every setting that it reads, and none without effect",
  async (file, names, unused) => {
    const { stdout } = await run(file, ["--help"]);
    const listed = new Set(stdout.match(/^ {2}[A-Z_]{2,}(?= )/gm)?.map((line) => line.trim()));
    expect(names).toEqual(
      expect.arrayContaining(["OPENAI_API_KEY", "OFFLINE_LATENCY_MS", "WORLD_DIR"]),
    );
    expect(names.filter((name) => !listed.has(name))).toEqual([]);
    expect(unused.filter((name) => listed.has(name))).toEqual([]);
  },
);

test("an unknown option and an empty question give one error line", async () => {
  const unknown = await run(FILE, ["--verbose"]);
  expect(unknown).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: expected a question or --help, got the option verbose\n",
  });
  const empty = await run(FILE, [""]);
  expect(empty).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: expected a question, got an empty one\n",
  });
});

test("an error is printed with the errors that caused it, and without the data beside them", async () => {
  const { stderr, code } = await run("test/programs/fail.ts");
  expect(stderr.split("\n").at(-2)).toBe("error: no forecast: the line dropped");
  expect(code).toBe(1);
});

test("a question without quotes is still one question", async () => {
  const { stdout } = await run(FILE, ["Who", "are", "you?"]);
  expect(stdout.startsWith("Q: Who are you?\n")).toBe(true);
});

test("diff shows a chapter against its base, or two chapters", async () => {
  const one = await run("scripts/diff.ts", ["04"]);
  expect(one.stdout).toContain(
    "--- a/chapters/03-agent-loop/main.ts\n+++ b/chapters/04-parallel-tools/main.ts",
  );
  expect(one.code).toBe(0);
  const two = await run("scripts/diff.ts", ["2", "chapters/04-parallel-tools/"]);
  expect(two.stdout).toContain(
    "--- a/chapters/02-tool-use/main.ts\n+++ b/chapters/04-parallel-tools/main.ts",
  );
});

test("diff explains its use if it gets something else", async () => {
  const folders = chapters()
    .map(({ folder }) => folder)
    .join(", ");
  const wrong = await run("scripts/diff.ts", ["99"]);
  expect(wrong).toMatchObject({
    code: 1,
    stderr: `error: there is no chapter 99; there are ${folders}\n`,
  });
  const first = await run("scripts/diff.ts", ["01"]);
  expect(first).toMatchObject({
    code: 1,
    stderr: "error: chapter 01 has no base: the book starts there\n",
  });
  const twice = await run("scripts/diff.ts", ["04", "chapters/04-parallel-tools/"]);
  expect(twice).toMatchObject({
    code: 1,
    stderr: "error: expected two different chapters, got 04 twice\n",
  });
  const nothing = await run("scripts/diff.ts");
  expect(nothing.stderr).toMatch(/^error: expected one chapter number or two\n\nnpm run diff 04 /);
  const help = await run("scripts/diff.ts", ["--help"]);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/^npm run diff 04 /) });
});

const onUnix = test.skipIf(process.platform === "win32");

onUnix(
  "model serves the offline model until Ctrl-C, and reports a port that is taken",
  async () => {
    const server = start("scripts/model.ts", ["--port", "0"]);
    const [line] = await once(server.stdout, "data");
    const [url = ""] = /http:\S+\/v1/.exec(String(line)) ?? [];
    const body = JSON.stringify({
      model: "offline",
      messages: [{ role: "user", content: "Who are you?" }],
    });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/chat/completions`, { method: "POST", headers, body });
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/^I am the offline model/) } }],
    });
    const { port } = new URL(url);
    const second = await run("scripts/model.ts", ["--port", port]);
    expect(second.stderr).toMatch(/^error: .*EADDRINUSE.*\n$/);
    expect(second.code).toBe(1);
    server.kill("SIGINT");
    expect(await once(server, "exit")).toEqual([130, null]);
  },
);

test.each(["-1", "65536", "abc", "80.5", ""])("model refuses the port %j", async (port) => {
  const { code, stderr } = await run("scripts/model.ts", [`--port=${port}`]);
  expect(stderr).toBe(`error: expected a port from 0 to 65535, got "${port}"\n`);
  expect(code).toBe(1);
});

onUnix("Ctrl-C ends a chapter whose threads never end, and leaves nothing behind", async () => {
  const loop = "export function forecast(): string { while (true); }\n";
  const folder = copyBook({ "mock-tools/weather.ts": loop });
  const mail = { name: "send_email", arguments: '{"from":"a@b.c","to":"a@b.c","message":"hi"}' };
  const script = [outputs(mail), outputs(weather("LA"), weather("Lima"))];
  const server = await serveScript(script);
  const temporary = mkdtempSync(join(tmpdir(), "only-"));
  const env = { OPENAI_BASE_URL: server.url, TMPDIR: temporary };
  const chapter = start(FILE, ["a question"], { folder, env });
  const ended = once(chapter, "exit");
  let printed = "";
  for await (const chunk of chapter.stdout) {
    printed += chunk;
    // The first batch sends the mail, the second never ends.
    if (printed.split("Thinking...").length === 3) chapter.kill("SIGINT");
  }
  expect(await ended).toEqual([130, null]);
  expect(printed).toContain('"result": "message sent"');
  server.close();
  expect(readdirSync(temporary).filter((name) => name.startsWith("world-"))).toEqual([]);
  rmSync(temporary, { recursive: true });
});
