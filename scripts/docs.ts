// Rewrites what is generated in the READMEs: npm run docs. With --check it only says what would change.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reply } from "../shared/offline/reply.ts";
import { run } from "../test/support/run.ts";
import { serveScript } from "../test/support/server.ts";
import { type Chapter, chapters, findChapter, linkTo, ROOT } from "./chapters.ts";
import { figure, table } from "./figures.ts";

const GENERATED = /(<!-- generated: (.*?) -->)(.*?)(<!-- end -->)/gs;

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** Splits a command as a shell would, as far as the READMEs need it: on spaces, with double quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}

/** What a command of the book prints: its transcript, and the error it ends with, if any. */
async function output(command: string): Promise<string> {
  const [program, first = "", file = "", ...args] = words(command);
  const script = program === "npm" ? `scripts/${file}.ts` : file;
  if (!/^(npx tsx|npm run)$/.test(`${program} ${first}`)) throw new Error(`cannot run ${command}`);
  const { stdout, stderr } = await run(script, args);
  const errors = stderr.split("\n").filter((line) => !line.startsWith("model: "));
  return fence("console", `$ ${command}\n${stdout}${errors.join("\n")}`);
}

function gitDiff(from: Chapter, to: Chapter, option: string): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" };
  try {
    const args = ["diff", "--no-index", "--no-color", option, from.file, to.file];
    return execFileSync("git", args, { cwd: ROOT, encoding: "utf8", env });
  } catch (error) {
    if (error instanceof Error && "stdout" in error && error.stdout) return String(error.stdout);
    throw error;
  }
}

/** The hunks of a chapter's diff against its base that hold one of the given texts. */
function diff(number: string, ...texts: string[]): string {
  const to = findChapter(number);
  const hunks = gitDiff(findChapter(to.base), to, "-U2")
    .split(/^(?=@@ )/m)
    .slice(1);
  const wanted = hunks.filter((hunk) => texts.some((text) => hunk.includes(text)));
  if (wanted.length === 0) throw new Error(`the diff of ${number} does not hold ${texts}`);
  return fence("diff", wanted.map((hunk) => hunk.replace(/^@@.*@@.*\n/, "")).join("@@\n"));
}

/** One declaration of a file, with the comment above it. */
function code(file: string, name: string): string {
  const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
  const first = lines.findIndex((line) =>
    new RegExp(`^(export )?(async )?(function|const|type) ${name}\\b`).test(line),
  );
  const length =
    lines.slice(first).findIndex((line) => /^[}\])]|;$/.test(line) && !/^ /.test(line)) + 1;
  if (first < 0 || length < 1) throw new Error(`${file} declares no ${name}`);
  let from = first;
  while (/^(\/\/ [^─]|\/\*\*| \*)/.test(lines[from - 1] ?? "")) from--;
  return fence("ts", lines.slice(from, first + length).join("\n"));
}

/** One message of the conversation that a chapter has over a question, as it travels. */
async function wire(number: string, index: string, question: string): Promise<string> {
  const server = await serveScript((request) => {
    const { content } = { content: "", ...reply(JSON.parse(JSON.stringify(request))) };
    return String(content);
  });
  await run(findChapter(number).file, [question], { env: { OPENAI_BASE_URL: server.url } });
  server.close();
  const message = server.requests.at(-1)?.messages[Number(index)];
  if (!message) throw new Error(`the conversation has no message ${index}`);
  const json = /^[{[]/.test(message.content);
  if (!json) return fence("text", message.content);
  return fence("json", JSON.stringify(JSON.parse(message.content), null, 2));
}

function chapterTable(): string {
  const rows = chapters().map((chapter) => {
    const { number, folder, title, claim, base, source } = chapter;
    const [added = "", deleted = ""] = base
      ? gitDiff(findChapter(base), chapter, "--numstat").split("\t")
      : [String(source.split("\n").length - 1), "0"];
    const link = `[${title}](chapters/${folder}/README.md)`;
    return [
      number,
      link,
      claim,
      base || "–",
      String(source.split("\n").length - 1),
      `+${added}`,
      `−${deleted}`,
    ];
  });
  return table(["", "chapter", "the one idea", "base", "lines", "+", "−"], rows);
}

function navigation(number: string): string {
  const all = chapters();
  const here = all.findIndex((chapter) => chapter.number === number);
  const [previous, next] = [all[here - 1], all[here + 1]];
  const { base } = findChapter(number);
  return [
    previous ? `previous: ${linkTo(previous.number)}` : "previous: [the book](../../README.md)",
    base ? `base: ${linkTo(base)}` : "base: none",
    next ? `next: ${linkTo(next.number)}` : "next: [the book](../../README.md)",
  ].join(" · ");
}

async function generate(recipe: string): Promise<string> {
  const [kind = "", ...args] = words(recipe);
  const [first = "", second = "", third = ""] = args;
  if (kind === "output") return output(recipe.replace("output ", ""));
  if (kind === "diff") return diff(first, ...args.slice(1));
  if (kind === "code") return code(first, second);
  if (kind === "wire") return wire(first, second, third);
  if (kind === "bench") return figure(first);
  if (kind === "chapters") return chapterTable();
  if (kind === "navigation") return navigation(first);
  if (kind === "chapter") return linkTo(first);
  throw new Error(
    `expected output, diff, code, wire, bench, chapters, navigation or chapter, got ${kind}`,
  );
}

async function rewrite(text: string): Promise<string> {
  const parts: string[] = [];
  let end = 0;
  for (const match of text.matchAll(GENERATED)) {
    const [all, open = "", recipe = "", old = "", close = ""] = match;
    const made = await generate(recipe);
    const block = old.startsWith("\n") ? `\n${made}\n` : made;
    parts.push(text.slice(end, match.index), open, block, close);
    end = match.index + all.length;
  }
  return parts.join("") + text.slice(end);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const pages = ["README.md", ...chapters().map(({ folder }) => `chapters/${folder}/README.md`)];
  const stale: string[] = [];
  const update = async (page: string): Promise<void> => {
    const file = join(ROOT, page);
    if (!existsSync(file)) throw new Error(`${page} is missing`);
    const old = readFileSync(file, "utf8");
    const text = await rewrite(old);
    if (text === old) return;
    stale.push(page);
    if (!values.check) writeFileSync(file, text);
  };
  await Promise.all(pages.map(update));
  if (values.check && stale.length > 0) {
    throw new Error(`out of date: ${stale.toSorted().join(", ")}; npm run docs rewrites them`);
  }
  for (const page of stale.toSorted()) console.log(`rewritten: ${page}`);
}

await main().catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
});
