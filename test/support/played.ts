// A site with the pages of chapters alone, for tests of what runs in them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pageScripts, PLAYED, type Swaps } from "../../desk/bundle.ts";
import { chapterPage } from "../../desk/chapter.ts";
import { makeSite } from "../../desk/files.ts";
import { pageOf, renderPage } from "../../desk/shell.ts";
import { findChapter, ROOT } from "../../scripts/chapters.ts";

/** The texts of the files in a folder of the desk with this ending, by their names. */
function partsOf(folder: string, ending: string): Map<string, string> {
  const path = join(ROOT, "desk", folder);
  const names = readdirSync(path).filter((name) => name.endsWith(ending));
  return new Map(names.map((name) => [name, readFileSync(join(path, name), "utf8")]));
}

/** The page of a chapter with its panel, but without its text. */
function renderChapter(number: string): string {
  const book = { site: makeSite(new Set()), types: new Map() };
  return renderPage(chapterPage(findChapter(number), "", book));
}

/** The files of the site by their paths, and how long the scripts took to make. */
export type Played = { readonly files: ReadonlyMap<string, string>; readonly ms: number };

/** Makes the site of these chapters. Some files may be replaced by others. */
export async function makePlayed(numbers = PLAYED, swaps: Swaps = {}): Promise<Played> {
  const start = performance.now();
  const scripts = await pageScripts(numbers, swaps);
  const ms = performance.now() - start;
  const pages = [...numbers, "16"].map((number) => {
    return [pageOf(findChapter(number)), renderChapter(number)] as const;
  });
  const css = [...partsOf("css", ".css").values()].join("\n");
  const files = new Map([...pages, ...Object.entries(scripts), ...partsOf("client", ".js")]);
  return { files: files.set("desk.css", css).set("search-data.js", ""), ms };
}

/** Writes a site into a new folder, and returns the folder. */
export function writeSite(files: ReadonlyMap<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "played-"));
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}
