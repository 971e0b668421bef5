import { readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { APPENDICES, chapters, ROOT } from "../scripts/chapters.ts";
import { numberedLines } from "./code.ts";
import { highlightLines } from "./highlight.ts";
import { escapeHtml } from "./html.ts";
import type { Site } from "./markdown.ts";
import { type Page, pageOf } from "./shell.ts";

/** The pages that Markdown files of the book become, by the files' paths from the root. */
export function pagesOfTexts(): Map<string, string> {
  const ofChapters = chapters().map((chapter) => {
    return [`chapters/${chapter.folder}/README.md`, pageOf(chapter)] as const;
  });
  const ofAppendices = APPENDICES.map((path) => {
    return [path, `${path.replace(/^.*\//, "").replace(".md", "").toLowerCase()}.html`] as const;
  });
  const others = [
    ["README.md", "index.html"],
    ["CONTRIBUTING.md", "contributing.html"],
  ] as const;
  return new Map([...others, ...ofAppendices, ...ofChapters]);
}

/**
 * Knows the page of each file of the book. A file that is not a text of the book gets a page that shows
 * its source, and is added to `wanted`.
 */
export function makeSite(wanted: Set<string>): Site {
  const texts = pagesOfTexts();
  return {
    fileOf: (path) => {
      const text = texts.get(path);
      if (text !== undefined) return text;
      if (statSync(join(ROOT, path)).isDirectory()) return undefined;
      wanted.add(path);
      return `files/${path}.html`;
    },
  };
}

const LANGUAGES: Readonly<Record<string, string>> = {
  ".ts": "ts",
  ".js": "ts",
  ".json": "json",
  ".md": "md",
  ".yml": "yaml",
};

/** A page that shows one file of the book. */
export function filePage(path: string): Page {
  const text = readFileSync(join(ROOT, path), "utf8").replace(/\n$/, "");
  const language = LANGUAGES[extname(path)];
  const lines = language ? highlightLines(text, language) : text.split("\n").map(escapeHtml);
  const main = `<h1><code>${escapeHtml(path)}</code></h1>\n${numberedLines(path, lines)}`;
  return { file: `files/${path}.html`, title: path, main: `<div class="wide">${main}</div>` };
}
