import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { APPENDICES, chapters, ROOT } from "../scripts/chapters.ts";

/** A diagram of the book, as it is written on its page. */
export type Block = {
  readonly page: string;
  /** The line of the page that opens the block. */
  readonly line: number;
  readonly source: string;
};

/** The folder of the pictures. */
const PICTURES = join(import.meta.dirname, "pictures");

/** The name of a diagram's picture: the beginning of the SHA-256 of the diagram. */
export function pictureName(source: string): string {
  return createHash("sha256").update(source.trim()).digest("hex").slice(0, 16);
}

/** The file that holds the picture of a diagram. */
export function pictureFile(source: string, folder = PICTURES): string {
  return join(folder, `${pictureName(source)}.svg`);
}

const PAGES = ["README.md", "CONTRIBUTING.md", ...APPENDICES];

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```mermaid\n(.*?)^```/gms)].map(({ index, 1: source = "" }) => {
    return { page, line: text.slice(0, index).split("\n").length, source };
  });
}

/** Every Mermaid block of the book, page by page. */
export function blocks(): Block[] {
  const own = chapters().map(({ folder }) => `chapters/${folder}/README.md`);
  return [...PAGES, ...own].flatMap(blocksOf);
}

/** The blocks that have no picture. */
export function missing(all: readonly Block[], folder = PICTURES): Block[] {
  return all.filter(({ source }) => !existsSync(pictureFile(source, folder)));
}

/** The files of pictures whose block is gone. */
export function leftOver(all: readonly Block[], folder = PICTURES): string[] {
  const wanted = new Set(all.map(({ source }) => pictureFile(source, folder)));
  const files = readdirSync(folder).map((name) => join(folder, name));
  return files.filter((file) => !wanted.has(file));
}
