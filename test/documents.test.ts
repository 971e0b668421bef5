import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { lexer } from "marked";
import { describe, expect, test } from "vitest";
import { chapters, linkTo, planned, ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { pictures } from "../scripts/pictures.ts";
import { run } from "../scripts/run.ts";

const PAGES = chapters().map(({ folder }) => `chapters/${folder}/README.md`);
const TEXTS = [
  "README.md",
  "CONTRIBUTING.md",
  "chapters/GLOSSARY.md",
  "chapters/RELIABILITY.md",
  ...PAGES,
];
const GENERATED = /<!-- generated: .*? -->.*?<!-- end -->/gs;

function read(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

test("what is generated in the READMEs is what the code gives", async () => {
  // A reader runs the sources. That is slow, so only pages that differ are checked with them.
  const typed = process.env.CI ? { folder: ROOT, env: { COMPILED_BOOK: "" } } : {};
  const limit = 1_200_000;
  const { code, stderr } = await run("scripts/docs.ts", ["--check"], { ...typed, limit });
  expect(stderr).toBe("");
  expect(code).toBe(0);
}, 1_220_000);

test("a page links to a chapter of the book, and names no number that has no chapter yet", () => {
  expect(linkTo("04")).toBe("[04 · Parallel tools](../04-parallel-tools/README.md)");
  expect(linkTo("04", "chapters/GLOSSARY.md")).toBe(
    "[04 · Parallel tools](04-parallel-tools/README.md)",
  );
  const later = planned().map((words) => linkTo(words.slice(0, 2)));
  expect(later).toEqual(planned().map(() => "a later chapter"));
  expect(() => linkTo("99")).toThrow("there is no chapter 99; there are 01-structured-output,");
});

/** A generated text in the READMEs, and the same text with a mistake. */
const FALSEHOODS: readonly (readonly [recipe: string, old: string, edited: string])[] = [
  ['output npx tsx chapters/02-tool-use/main.ts "How', "5 degrees", "6 degrees"],
  ["code mock-tools/worker.ts", "throw new Error", "return"],
  ["diff 04", "-async function runCalls", "-async function runAll"],
  ["graph 13", "-->", "---"],
  ["wire 04", '"weather_la"', '"weather_LA"'],
  ["bench batches", "| 8 | ", "| 8 | 1"],
  ["chapter 05", "05", "06"],
  ["chapters", "+", "+1"],
  ["planned", "lanned", "lanted"],
  ["tests holds", "41 calls", "42 calls"],
];

test("a mistake in what is generated is noticed, for every recipe, and so is a missing picture", async () => {
  const all = [...PAGES, "README.md", "chapters/RELIABILITY.md", "chapters/GLOSSARY.md"];
  const blocks = all.flatMap((page) => read(page).match(GENERATED) ?? []);
  const found = FALSEHOODS.map(([recipe]) => {
    return blocks.find((block) => block.startsWith(`<!-- generated: ${recipe}`)) ?? "";
  });
  const lies = FALSEHOODS.map(([, old, edited], index) => {
    const block = found[index] ?? "";
    const body = block.indexOf("-->");
    const lie = block.slice(0, body) + block.slice(body).replace(old, edited);
    expect(lie).not.toBe(block);
    return lie;
  });
  // The first page is right, and each of the next pages has one mistake.
  const texts = [found.join("\n\n"), ...lies];
  const pages = all.map((page, index) => {
    return [page, texts[index] ?? "# Nothing generated\n"] as const;
  });
  // A link is right on one page and false on another, whose folder is another one.
  const link = `<!-- generated: chapter 05 -->${linkTo("05")}<!-- end -->`;
  const glossary = { "chapters/GLOSSARY.md": `# Glossary\n\nSee ${link}.\n` };
  const [missing = "", edited = ""] = pictures().keys();
  const picture = read(edited).replace(">get_weather LA<", ">get_weather Lima<");
  expect(picture).not.toBe(read(edited));
  const folder = copyBook({ ...Object.fromEntries(pages), ...glossary, [edited]: picture });
  rmSync(join(folder, missing));
  const { code, stderr } = await run("scripts/docs.ts", ["--check"], { folder });
  const lying = [...PAGES.slice(1, 1 + FALSEHOODS.length), "chapters/GLOSSARY.md", missing, edited];
  expect(stderr).toBe(`error: out of date: ${lying.join(", ")}; npm run docs rewrites them\n`);
  expect(code).toBe(1);
});

describe.each(TEXTS)("%s", (page) => {
  const text = read(page);
  const prose = text.replaceAll(GENERATED, "").replaceAll(/```.*?```/gs, "");

  test("links to files that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].flatMap(([, link]) => link ?? []);
    const files = links.filter((link) => !/^https?:/.test(link));
    expect(files.filter((file) => !existsSync(join(ROOT, dirname(page), file)))).toEqual([]);
  });

  test("shows pictures that exist, and says in words what each of them shows", () => {
    const files = [...prose.matchAll(/ (?:src|srcset)="([^"]*)"/g)].flatMap(
      ([, file]) => file ?? [],
    );
    expect(files.filter((file) => !existsSync(join(ROOT, dirname(page), file)))).toEqual([]);
    const images = prose.match(/<img [^>]*>/g) ?? [];
    expect(images.filter((image) => !/ alt="[^"]*\w[^"]*"/.test(image))).toEqual([]);
  });

  test("shows no raw Markdown: a line that begins with a comment is HTML to its end", () => {
    const html = lexer(text).filter(({ type }) => type === "html");
    const hidden =
      /<!--.*?-->|<\/?(?:details|picture)>|<summary>.*?<\/summary>|<(?:source|img)(?: \w+="[^"]*")+>/gs;
    const shown = html.map(({ raw }) => raw.replaceAll(hidden, "").trim());
    expect(shown.filter((raw) => raw !== "")).toEqual([]);
  });

  test("has no number with a unit outside of generated text", () => {
    const plain = prose.replaceAll(/`[^`]*`|<!--.*?-->/g, "");
    expect(
      plain.match(/\d[\d.,]*\s?(ms|milliseconds?|seconds?|s|minutes?|×|times|%|lines|MB|KB)\b/g),
    ).toBeNull();
  });

  test("has only commands that the project knows", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(
      ([, block]) => block?.trim().split("\n") ?? [],
    );
    for (const command of blocks.flatMap((line) => line.split(" && "))) {
      const [, chapter] = /^npx tsx (chapters\/\S+)/.exec(command) ?? [];
      const [, script] = /^npm (?:run )?([\w:]+)/.exec(command) ?? [];
      if (chapter) expect(existsSync(join(ROOT, chapter))).toBe(true);
      else if (script) expect(["install", ...Object.keys(scripts)]).toContain(script);
      else expect(command).toMatch(/^curl http:\/\/127\.0\.0\.1:4010\/v1\//);
    }
  });

  test("has no fence that is neither generated nor a command, a picture or a quotation of Markdown", () => {
    const fences = text.replaceAll(GENERATED, "").match(/^```\w+/gm) ?? [];
    expect(
      fences.filter((fence) => !["```sh", "```mermaid", "```md", "```yaml"].includes(fence)),
    ).toEqual([]);
  });
});

describe.each(PAGES)("%s", (page) => {
  test("has the parts of a chapter's page, in their order", () => {
    const heads = [...read(page).matchAll(/^## (.*)$/gm)].map(([, head]) => head);
    const parts = [
      "What this teaches",
      "Why",
      ...(page.includes("/01-") ? [] : ["What changed from \\d\\d"]),
      "Run it",
      "Expected output",
      "What happens underneath",
      "Break it",
      "In the wild",
      "Try it",
      "Left for later",
    ];
    expect(heads).toEqual(parts.map((part) => expect.stringMatching(new RegExp(`^${part}$`))));
  });

  test("repeats the claim of its main.ts", () => {
    const chapter = chapters().find(({ folder }) => page.includes(folder));
    expect(read(page).split("\n").slice(0, 3)).toEqual([
      `# ${chapter?.number} · ${chapter?.title}`,
      "",
      chapter?.claim,
    ]);
  });
});
