// Builds the book as a website: npm run book
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findChapter, chapters, ROOT } from "../scripts/chapters.ts";
import { run } from "../scripts/run.ts";
import { type Book, chapterPage, otherFiles } from "./chapter.ts";
import { pageScripts } from "./bundle.ts";
import { comparePage } from "./compare.ts";
import { filePage, makeSite, pagesOfTexts } from "./files.ts";
import type { Html } from "./html.ts";
import { partsOf, readLinks, renderMarkdown, type Site } from "./markdown.ts";
import { searchData, type Searched } from "./search.ts";
import { chapterTree, type Page, pageOf, renderPage } from "./shell.ts";
import { hoverTypes } from "./types.ts";
import { write } from "./write.ts";

const USAGE = `npm run book                    build the book as a website into dist, and open it
npm run book -- --out FOLDER    build it into another folder, which it replaces
npm run book -- --no-open       build it, and open nothing`;

/** The title of a page, without marks: the words of its first heading. */
function titleOf(text: string): string {
  return (/^# (.*)/m.exec(text)?.[1] ?? "").replaceAll("`", "");
}

/** A text of the book, as markup and as what the search finds in it. */
type Text = {
  /** The folder of its chapter, if it belongs to one. */
  readonly folder: string | undefined;
  readonly html: Html;
  readonly searched: Searched;
};

function readBook(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

function readText(path: string, file: string, site: Site): Text {
  const text = readBook(path);
  const folder = /^chapters\/(\d\d-[^/]*)/.exec(path)?.[1];
  const html = renderMarkdown({ path, text, file, chapter: folder?.slice(0, 2) ?? "" }, site);
  return { folder, html, searched: { file, title: titleOf(text), parts: partsOf(text) } };
}

function textPage({ folder, html, searched: { file, title } }: Text, book: Book): Page {
  if (folder !== undefined) return chapterPage(findChapter(folder), html, book);
  const main = file === "index.html" ? withTree(linkWays(html), file) : html;
  return { file, title, main: `<article class="text">${main}</article>` };
}

/** Makes links of the numbers of chapters in a way through the book: "03 → 04 → 05". */
function linkWays(html: Html): Html {
  return html.replaceAll(/<td>\d\d(?: → \d\d)+<\/td>/g, (way) =>
    way.replaceAll(/\d\d/g, (number) => `<a href="${pageOf(findChapter(number))}">${number}</a>`),
  );
}

/** The start page: the picture of the tree is followed by the tree to click. */
function withTree(html: Html, file: string): Html {
  const tree = `<nav class="start" aria-label="The tree of chapters">${chapterTree(file)}</nav>`;
  const table = html.search(/<div class="scroll"[^>]*><table>/);
  return html.slice(0, table) + tree + html.slice(table);
}

/** Writes the pages of some files in a process of its own, on another core. */
async function showFiles(out: string, files: readonly string[]): Promise<void> {
  const { code, stderr } = await run("desk/show-files.ts", [out, ...files], { folder: ROOT });
  if (code !== 0) throw new Error(`the pages of other files were not written: ${stderr}`);
}

const PICTURES = "chapters/pictures";

/** What the pages need besides themselves: the styles, the scripts, the pictures. */
function writeParts(out: string): void {
  const css = readdirSync(join(import.meta.dirname, "css")).toSorted();
  const styles = css.map((name) => readFileSync(join(import.meta.dirname, "css", name), "utf8"));
  write(out, "desk.css", styles.join("\n"));
  const client = join(import.meta.dirname, "client");
  const scripts = readdirSync(client).filter((name) => name.endsWith(".js"));
  for (const name of scripts) write(out, name, readFileSync(join(client, name), "utf8"));
  for (const name of readdirSync(join(ROOT, PICTURES)))
    write(out, `${PICTURES}/${name}`, readBook(`${PICTURES}/${name}`));
  write(out, ".nojekyll", "");
}

/** Begins what is awaited later. Then a failure is told, and not before. */
function begin<Result>(work: Promise<Result>): Promise<Result> {
  work.catch(() => undefined);
  return work;
}

/** Builds the site into a folder, which is replaced. Returns how many pages it has. */
async function build(out: string): Promise<number> {
  const all = chapters();
  console.log("reading the types, what runs in a page and other files, all in the background …");
  const asked = begin(hoverTypes(all.map(({ file }) => file)));
  const play = begin(pageScripts());
  const wanted = new Set<string>();
  const site = makeSite(wanted);
  for (const [path, file] of pagesOfTexts()) readLinks(path, readBook(path), file, site);
  for (const chapter of all) otherFiles(chapter, site);
  const linked = [...wanted];
  rmSync(out, { recursive: true, force: true });
  writeParts(out);
  const shown = begin(showFiles(out, linked));
  console.log("reading the texts, and comparing all chapters …");
  const texts = [...pagesOfTexts()].map(([path, file]) => readText(path, file, site));
  const { html, scripts } = comparePage(site);
  const client = [...Object.keys(scripts), "code.js", "compare.js"];
  const compare = { file: "compare.html", title: "Compare", main: html, scripts: client };
  const [types, played] = await Promise.all([asked, play]);
  console.log(`laying out ${all.length} chapters …`);
  const pages = [...texts.map((text) => textPage(text, { site, types })), compare];
  const others = [...wanted].filter((path) => !linked.includes(path));
  pages.push(...others.map(filePage));
  for (const page of pages) write(out, page.file, renderPage(page));
  for (const [file, text] of Object.entries({ ...scripts, ...played })) write(out, file, text);
  write(out, "search-data.js", searchData(texts.map(({ searched }) => searched)));
  await shown;
  return pages.length + linked.length;
}

/** What opens a file on each system; on all others it is xdg-open. */
const OPENERS = new Map<string, readonly string[]>([
  ["darwin", ["open"]],
  ["win32", ["cmd", "/c", "start", ""]],
]);

/** Opens a file in the reader's browser. */
function open(file: string): void {
  const [command = "", ...args] = OPENERS.get(process.platform) ?? ["xdg-open"];
  const program = spawn(command, [...args, file], { detached: true, stdio: "ignore" });
  program.on("error", () => console.error(`open ${file} in your browser`));
  program.unref();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "dist" },
      "no-open": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const out = resolve(ROOT, values.out);
  const files = existsSync(out) ? readdirSync(out) : [];
  const isOurs = files.length === 0 || files.includes("desk.css");
  if (!isOurs) throw new Error(`expected a folder for the website alone, got ${values.out}`);
  const start = performance.now();
  const count = await build(out);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const index = join(out, "index.html");
  console.log(`${count} pages in ${seconds} s: ${index}`);
  if (!values["no-open"] && !process.env.CI && process.stdout.isTTY) open(index);
}

await main().catch((error: unknown) => {
  const [message = ""] = String(error instanceof Error ? error.message : error).split("\n");
  console.error(`error: ${message}`);
  // What runs in the background ends by itself. Ended here, it would report that as an error of its own.
  process.exitCode = 1;
});
