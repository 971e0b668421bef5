// Rewrites what is generated in the READMEs, and their pictures: npm run docs, or npm run docs 04 for
// what one chapter's README has.
// With --check it only says what would change.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { APPENDICES, chapters, findChapter, ROOT } from "./chapters.ts";
import { generate } from "./generate.ts";
import { pictures } from "./pictures.ts";

const GENERATED = /(<!-- generated: (.*?) -->)(.*?)(<!-- end -->)/gs;

async function rewrite(page: string, text: string): Promise<string> {
  const parts: string[] = [];
  let end = 0;
  for (const match of text.matchAll(GENERATED)) {
    const [all, open = "", recipe = "", old = "", close = ""] = match;
    const made = await generate(recipe, page);
    const block = old.startsWith("\n") ? `\n${made}\n` : made;
    parts.push(text.slice(end, match.index), open, block, close);
    end = match.index + all.length;
  }
  return parts.join("") + text.slice(end);
}

function write(path: string, text: string): void {
  const file = join(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The pictures whose files are missing or show something else, with what they should be. */
function stalePictures(): (readonly [path: string, text: string])[] {
  return [...pictures()].filter(([path, text]) => {
    const file = join(ROOT, path);
    return !existsSync(file) || readFileSync(file, "utf8") !== text;
  });
}

async function main(): Promise<void> {
  const options = { check: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const wanted = positionals.length > 0 ? positionals.map(findChapter) : chapters();
  const pages = wanted.map(({ folder }) => `chapters/${folder}/README.md`);
  if (positionals.length === 0) pages.unshift("README.md", ...APPENDICES);
  const read = (page: string): string => {
    const file = join(ROOT, page);
    if (!existsSync(file)) throw new Error(`${page} is missing`);
    return readFileSync(file, "utf8");
  };
  const changed: string[] = [];
  // At most one page per core at a time, since some demos have a deadline.
  const queue = pages.values();
  const lane = async (): Promise<void> => {
    for (const page of queue) {
      if ((await rewrite(page, read(page))) !== read(page)) changed.push(page);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const stale: string[] = [];
  // On a busy machine a demo with a deadline may end differently, so each difference is checked again alone.
  for (const page of changed.toSorted()) {
    const text = await rewrite(page, read(page));
    if (text === read(page)) continue;
    stale.push(page);
    if (!values.check) write(page, text);
  }
  for (const [path, text] of positionals.length === 0 ? stalePictures() : []) {
    stale.push(path);
    if (!values.check) write(path, text);
  }
  if (values.check && stale.length > 0) {
    throw new Error(`out of date: ${stale.join(", ")}; npm run docs rewrites them`);
  }
  for (const page of stale) console.log(`rewritten: ${page}`);
}

await main().catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
});
