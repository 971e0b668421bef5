import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { chapters } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { listen } from "../scripts/serve.ts";

/** Serves until the test ends: its address, and what was asked of it, such as "HEAD /good". */
async function serve(
  answer: (path: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request.url ?? "", request, response);
  });
  const { url, close } = await listen(server);
  onTestFinished(close);
  return { url, asked };
}

/** A copy of the book in which some pages have other texts, and all others hold no link. */
function bookWith(texts: Readonly<Record<string, string>>): string {
  const pages = chapters().map(({ folder }) => `chapters/${folder}/README.md`);
  const others = [
    "README.md",
    "CONTRIBUTING.md",
    "chapters/GLOSSARY.md",
    "chapters/RELIABILITY.md",
  ];
  const empty = Object.fromEntries([...pages, ...others].map((page) => [page, "# Empty\n"]));
  return copyBook({ ...empty, ...texts });
}

test("links says of each link whether it is fine, has moved or is broken, and exits with 1", async () => {
  const { url, asked } = await serve((path, { method }, response) => {
    if (path === "/hangs") return;
    if (path === "/breaks-off") return void response.destroy();
    if (path === "/moved") response.setHeader("location", "/good");
    const statuses = new Map([
      ["/moved", 301],
      ["/gone", 404],
      ["/get-only", method === "HEAD" ? 405 : 200],
    ]);
    response.statusCode = statuses.get(path) ?? 200;
    response.end();
  });
  const folder = bookWith({
    "README.md": `[one](${url}/good) [two](${url}/gone) [three](${url}/get-only)\n`,
    "chapters/GLOSSARY.md": `[one](${url}/good#place) [two](${url}/gone) [three](${url}/moved)\n`,
    "chapters/04-parallel-tools/README.md": `[one](${url}/hangs)\n\n[two](${url}/breaks-off)\n`,
  });
  const ended = await run("scripts/links.ts", ["--seconds", "1"], { folder });
  const lines = ended.stdout.replaceAll(url, "URL").trim().split("\n");
  expect(lines).toEqual([
    expect.stringMatching(
      /^broken \([a-z ]+\): URL\/breaks-off, in chapters\/04-parallel-tools\/README\.md$/,
    ),
    "ok: URL/get-only",
    "broken (404): URL/gone, in README.md, chapters/GLOSSARY.md",
    "ok: URL/good",
    "broken (no answer within 1 s): URL/hangs, in chapters/04-parallel-tools/README.md",
    "moved to URL/good: URL/moved, in chapters/GLOSSARY.md",
  ]);
  expect(ended.stderr).toBe("error: 3 of 6 links are broken\n");
  expect(ended.code).toBe(1);
  // One for the link, and one because another has moved there.
  expect(asked.filter((request) => request.endsWith("/good"))).toEqual([
    "HEAD /good",
    "HEAD /good",
  ]);
});

test("links exits with 0 where no link is broken, and tells servers its name", async () => {
  const names: (string | undefined)[] = [];
  const { url } = await serve((_, { headers }, response) => {
    names.push(headers["user-agent"]);
    response.end();
  });
  const folder = bookWith({ "CONTRIBUTING.md": `[a page](${url}/good)\n` });
  const ended = await run("scripts/links.ts", [], { folder });
  expect(ended).toEqual({ code: 0, stdout: `ok: ${url}/good\n`, stderr: "" });
  expect(names).toEqual(["the-agent-loop (npm run links)"]);
});

test("links asks four at a time", async () => {
  const waiting: ServerResponse[] = [];
  let peak = 0;
  const { url } = await serve((path, _, response) => {
    if (path === "/round") return void response.end();
    waiting.push(response);
    peak = Math.max(peak, waiting.length);
    if (waiting.length === 4) void letGo();
  });
  // A fifth request that was sent with these four would come before these rounds are over.
  const letGo = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) await fetch(`${url}/round`);
    for (const one of waiting.splice(0)) one.end();
  };
  const links = Array.from({ length: 8 }, (_, index) => `[link](${url}/${index})`);
  const folder = bookWith({ "README.md": `${links.join(" ")}\n` });
  const { code } = await run("scripts/links.ts", [], { folder });
  expect(code).toBe(0);
  expect(peak).toBe(4);
});

test("links --list asks nothing, and lists no address in code", async () => {
  const { url, asked } = await serve((_, __, response) => response.end());
  const text = `[a page](${url}/a) and \`${url}/b\`\n\n\`\`\`sh\ncurl ${url}/c\n\`\`\`\n`;
  const folder = bookWith({
    "README.md": text,
    "chapters/RELIABILITY.md": text.replace("/a", "/d"),
  });
  const all = await run("scripts/links.ts", ["--list"], { folder });
  expect(all).toEqual({
    code: 0,
    stdout: `${url}/a, in README.md\n${url}/d, in chapters/RELIABILITY.md\n`,
    stderr: "",
  });
  const one = await run("scripts/links.ts", ["--list", "README.md"], { folder });
  expect(one.stdout).toBe(`${url}/a, in README.md\n`);
  expect(asked).toEqual([]);
});

test("links explains itself, and says what it cannot do", async () => {
  const help = await run("scripts/links.ts", ["--help"]);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/^npm run links /) });
  const wait = await run("scripts/links.ts", ["--seconds", "soon"]);
  expect(wait).toMatchObject({
    code: 1,
    stderr: 'error: expected --seconds above 0 and up to 600, got "soon"\n',
  });
  const page = await run("scripts/links.ts", ["--list", "chapters/README.md"]);
  expect(page).toMatchObject({ code: 1, stderr: "error: chapters/README.md is missing\n" });
});
