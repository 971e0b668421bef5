import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fetchOffline, OFFLINE_URL } from "../shared/offline/wire/here.ts";
import { reply } from "../shared/offline/wire/reply.ts";
import { run } from "./run.ts";
import { listen, serveScript } from "./serve.ts";
import { chapters, findChapter, linkTo, planned, ROOT } from "./chapters.ts";
import { exercises } from "./exercises/list.ts";
import { figure, table } from "./figures.ts";
import { gitDiff } from "./git.ts";

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** Splits a command at spaces, except within double quotes. The READMEs need no more of a shell. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}

/**
 * The output of a command of the book: its transcript and its error, if there is one. Settings may
 * stand before it, as in a shell: "NAME=VALUE npx tsx FILE".
 */
async function output(command: string): Promise<string> {
  const all = words(command);
  const start = all.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const env: Record<string, string> = Object.fromEntries(
    all.slice(0, start).map((setting) => setting.split("=")),
  );
  const [program, first = "", file = "", ...args] = all.slice(start);
  const script = program === "npm" ? `scripts/${file}.ts` : file;
  if (!/^(npx tsx|npm run)$/.test(`${program} ${first}`)) throw new Error(`cannot run ${command}`);
  const { stdout, stderr } = await run(script, args, { env });
  const errors = stderr.split("\n").filter((line) => !line.startsWith("model: "));
  return fence("console", `$ ${command}\n${stdout}${errors.join("\n")}`);
}

/** The hunks of a chapter's diff to its base that contain one of the given texts. */
function diff(number: string, ...texts: string[]): string {
  const to = findChapter(number);
  const from = findChapter(to.base);
  const [, ...all] = gitDiff(from.file, to.file, "-U1").split(/^(?=@@ )/m);
  const wanted = all.filter((hunk) => texts.some((text) => hunk.includes(text)));
  if (wanted.length === 0) throw new Error(`the diff of chapter ${number} does not hold ${texts}`);
  return fence("diff", wanted.map((hunk) => hunk.replace(/^@@.*@@.*\n/, "")).join("@@\n"));
}

/** One declaration of a file, with the comment above it. */
function code(file: string, name: string): string {
  const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
  const first = lines.findIndex((line) =>
    new RegExp(`^(export )?(async )?(function|const|type) ${name}\\b`).test(line),
  );
  const length =
    lines.slice(first).findIndex((line) => /^[}\])]|;$/.test(line) && !/^ |\{$/.test(line)) + 1;
  if (first < 0 || length < 1) throw new Error(`${file} declares no ${name}`);
  let from = first;
  while (/^(\/\/ [^─]|\/\*\*| \*)/.test(lines[from - 1] ?? "")) from--;
  return fence("ts", lines.slice(from, first + length).join("\n"));
}

/** The graph of calls that a chapter draws for a question, as a picture. */
async function graph(number: string, question: string): Promise<string> {
  const { stdout } = await run(findChapter(number).file, [question]);
  const picture = /^graph [\s\S]*?(?=\n\n)/m.exec(stdout)?.[0];
  if (picture === undefined) throw new Error(`chapter ${number} draws no graph`);
  return fence("mermaid", picture);
}

/** One message of a chapter's conversation about a question, as it is sent. */
async function wire(number: string, index: string, question: string): Promise<string> {
  let said: string[] = [];
  const server = await serveScript((request) => {
    const { content } = { content: "", ...reply(JSON.parse(JSON.stringify(request))) };
    said = [...request.messages.map((message) => message.content), String(content)];
    return String(content);
  });
  await run(findChapter(number).file, [question], { env: { OPENAI_BASE_URL: server.url } });
  server.close();
  const content = said[Number(index)];
  if (content === undefined) throw new Error(`the conversation has no message ${index}`);
  if (!/^[{[]/.test(content)) return fence("text", content);
  return fence("json", JSON.stringify(JSON.parse(content), null, 2));
}

/** Fields of items that no chapter reads. */
const UNREAD = new Set(["id", "status", "annotations", "logprobs"]);

/** The items of a request over the Responses API, one a line, without the fields that no chapter reads. */
async function items(number: string, index: string, question: string): Promise<string> {
  const sent: unknown[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    sent.push(JSON.parse(body).input);
    const replied = await fetchOffline(`${OFFLINE_URL}${incoming.url}`, { method: "POST", body });
    response.end(await replied.text());
  });
  const { url, close } = await listen(server);
  await run(findChapter(number).file, [question], { env: { OPENAI_BASE_URL: `${url}/v1` } });
  close();
  const input = sent[Number(index)];
  if (!Array.isArray(input)) throw new Error(`chapter ${number} sends no request ${index}`);
  const lines = input.map((item) => {
    return JSON.stringify(item, (key, value) => (UNREAD.has(key) ? undefined : value));
  });
  return fence("json", `[\n  ${lines.join(",\n  ")}\n]`);
}

/** A table of what the tests try and what holds, made by test/programs/reliability.ts. */
async function tests(part: string): Promise<string> {
  const { stdout, stderr } = await run("test/programs/reliability.ts", [part]);
  if (stderr) throw new Error(`the tests cannot be listed: ${stderr}`);
  return stdout.trimEnd();
}

function chapterTable(): string {
  const rows = chapters().map((chapter) => {
    const { number, folder, title, claim, base, source } = chapter;
    const [added = "", deleted = ""] = base
      ? gitDiff(findChapter(base).file, chapter.file, "--numstat").split("\t")
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

/** The sentence about the planned chapters. */
function planSentence(): string {
  const names = planned();
  if (names.length === 0) return "No more chapters are planned.";
  const last = names.slice(-2).join(" and ");
  return `Planned after these: ${[...names.slice(0, -2), last].join(", ")}. Pages call each of them a later chapter.`;
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

/** A table of the exercises of a chapter, each with its command. */
function exerciseTable(number: string): string {
  const own = exercises().filter(({ chapter }) => chapter.number === number);
  if (own.length === 0) throw new Error(`chapter ${number} has no exercises`);
  const rows = own.map(({ name, title, kind, minutes }) => {
    return [`\`npm run exercises ${name}\``, title, kind.toLowerCase(), `${minutes} min`];
  });
  return table(["command", "exercise", "kind", "about"], rows);
}

/** Makes a text from the words after a recipe's name. */
type Recipe = (...args: string[]) => string | Promise<string>;

const RECIPES = new Map<string, Recipe>([
  ["diff", diff],
  ["code", code],
  ["graph", graph],
  ["wire", wire],
  ["items", items],
  ["bench", figure],
  ["tests", tests],
  ["chapters", chapterTable],
  ["planned", planSentence],
  ["navigation", navigation],
  ["exercises", exerciseTable],
]);

/**
 * Makes the text for "<!-- generated: RECIPE -->" on a page.
 *
 * @param page the page, as a path from the root, since a link depends on where it stands
 * @throws an error that lists the known recipes
 */
export async function generate(recipe: string, page: string): Promise<string> {
  const [kind = "", ...args] = words(recipe);
  // A command is printed with its quotes, so it is not split.
  if (kind === "output") return output(recipe.replace("output ", ""));
  if (kind === "chapter") return linkTo(args.join(" "), page);
  const make = RECIPES.get(kind);
  const known = ["output", "chapter", ...RECIPES.keys()].join(", ");
  if (!make) throw new Error(`expected a recipe (${known}), got ${kind}`);
  return make(...args);
}
