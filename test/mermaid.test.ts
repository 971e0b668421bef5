// If Mermaid cannot parse a picture, the page shows a red box, which no other check notices.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { chapters, ROOT } from "../scripts/chapters.ts";

const PAGES = chapters().map(({ folder }) => `chapters/${folder}/README.md`);
const TEXTS = ["README.md", "CONTRIBUTING.md", "chapters/RELIABILITY.md", ...PAGES];

/**
 * Mermaid cleans labels with DOMPurify, which needs a window when it is loaded. In a window without a DOM
 * it leaves every text as it is. The grammars accept the same texts.
 */
const WINDOW = {
  document: { nodeType: 9, createElement: () => undefined },
  Element: Object,
  addEventListener: () => undefined,
};

/** Mermaid comes as a script for browsers, so it gets a global object of its own. */
function loadMermaid(): (text: string) => Promise<unknown> {
  const file = createRequire(import.meta.url).resolve("@mermaid-js/tiny");
  const context = createContext({ window: WINDOW });
  runInContext(readFileSync(file, "utf8"), context);
  return runInContext("(text) => mermaid.parse(text)", context);
}

const parse = loadMermaid();

/** The pictures of a page that Mermaid cannot parse: where each begins, and what is wrong. */
async function findFaults(page: string, text: string): Promise<string[]> {
  const faults: string[] = [];
  for (const { index, 1: picture = "" } of text.matchAll(/^```mermaid\n(.*?)^```/gms)) {
    const line = text.slice(0, index).split("\n").length;
    await parse(picture).catch((error) => faults.push(`${page}:${line}: ${error}`));
  }
  return faults;
}

test("Mermaid parses every picture of the book", async () => {
  const faults: string[] = [];
  for (const page of TEXTS) {
    faults.push(...(await findFaults(page, readFileSync(join(ROOT, page), "utf8"))));
  }
  expect(faults).toEqual([]);
});

test("a picture that it cannot parse is named by its page and line", async () => {
  const pictures = [
    "gantt\n    section the reply\n    call 0 : 0, 12",
    "gantt\n    section the reply\n    first : 0, 12",
    "flowchart LR\n    a[a (b)] --> c",
    "flowchart LR\n    a[a, b] --> c",
    "sequenceDiagram\n    A->>B: one; two",
    "a picture of no kind",
  ];
  const text = pictures.map((picture) => `Words.\n\`\`\`mermaid\n${picture}\n\`\`\`\n`).join("");
  expect(await findFaults("page.md", text)).toEqual([
    expect.stringMatching(/^page\.md:2: Error: Parse error on line 3:/),
    expect.stringMatching(/^page\.md:14: Error: Parse error on line 2:/),
    expect.stringMatching(/^page\.md:24: Error: Parse error on line 2:/),
    expect.stringMatching(/^page\.md:29: UnknownDiagramError: No diagram type detected/),
  ]);
});
