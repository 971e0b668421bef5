import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { chapters, ROOT } from "../scripts/chapters.ts";
import { gitDiff } from "../scripts/git.ts";
import { run } from "../scripts/run.ts";
import { makeSite } from "../desk/files.ts";
import { renderMarkdown } from "../desk/markdown.ts";
import { useBrowser } from "./support/browser.ts";

// The website as files: every page is there, every link leads somewhere, and nothing comes from elsewhere.

const OUT = join(mkdtempSync(join(tmpdir(), "desk-")), "dist");
const SOURCES = { folder: ROOT, env: { COMPILED_BOOK: "", CI: "1" }, limit: 120_000 };
const MAX_PAGE_KB = 60;

let pages = new Map<string, string>();

beforeAll(async () => {
  const built = await run("desk/build.ts", ["--no-open", "--out", OUT], SOURCES);
  expect(built.stderr).toBe("");
  const files = readdirSync(OUT, { recursive: true, encoding: "utf8" });
  const html = files.filter((file) => file.endsWith(".html"));
  pages = new Map(html.map((file) => [file, readFileSync(join(OUT, file), "utf8")]));
}, 130_000);

/** The values of an attribute in some markup, with the characters that markup cannot hold. */
function valuesOf(attribute: string, html: string): string[] {
  const found = html.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, "g"));
  return [...found].map(([, value = ""]) =>
    value.replaceAll("&#38;", "&").replaceAll("&amp;", "&"),
  );
}

test("each chapter has a page, and so has each text of the book", () => {
  const wanted = chapters().map(({ folder }) => `chapters/${folder}/index.html`);
  const others = ["index.html", "glossary.html", "reliability.html", "contributing.html"];
  const missing = [...wanted, ...others, "compare.html"].filter((file) => !pages.has(file));
  expect(missing).toEqual([]);
});

/** True for a place that the page of comparisons makes from its address: two of its chapters, as "03-04". */
function isComparison(target: string, anchor: string): boolean {
  const known = valuesOf("value", pages.get(target) ?? "");
  return target === "compare.html" && anchor.split("-").every((number) => known.includes(number));
}

test("every link leads to a page and to a place on it", () => {
  const broken: string[] = [];
  for (const [file, html] of pages) {
    for (const href of valuesOf("href", html)) {
      if (/^(https?:|data:)/.test(href)) continue;
      const [path = "", anchor] = href.split("#");
      const target = path === "" ? file : posix.join(dirname(file), path);
      const text = pages.get(target) ?? (existsSync(join(OUT, target)) ? "" : undefined);
      const places = valuesOf("id", text ?? "");
      const isThere =
        anchor === undefined || places.includes(anchor) || isComparison(target, anchor);
      if (text === undefined || !isThere) broken.push(`${file}: ${href}`);
    }
  }
  expect(broken).toEqual([]);
});

test("no name is given twice on a page", () => {
  const twice: string[] = [];
  for (const [file, html] of pages) {
    const ids = valuesOf("id", html);
    if (new Set(ids).size !== ids.length) twice.push(file);
  }
  expect(twice).toEqual([]);
});

test("nothing is loaded from elsewhere", () => {
  for (const [file, html] of pages) {
    const loaded = [...valuesOf("src", html), ...valuesOf("srcset", html)];
    const styles = [...html.matchAll(/<link [^>]*>/g)].flatMap(([tag]) => valuesOf("href", tag));
    const far = [...loaded, ...styles].filter((address) => /^(https?:)?\/\//.test(address));
    expect([file, ...far]).toEqual([file]);
  }
  const parts = ["desk.css", ...readdirSync(OUT).filter((name) => name.endsWith(".js"))];
  for (const name of parts.filter((part) => !part.endsWith("-data.js"))) {
    const text = readFileSync(join(OUT, name), "utf8");
    expect(text).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|import\(/);
  }
});

describe.each(chapters())("the page of $folder", ({ folder }) => {
  test(`is at most ${MAX_PAGE_KB} KB, compressed`, () => {
    const html = pages.get(`chapters/${folder}/index.html`) ?? "";
    expect(gzipSync(html).length / 1024).toBeLessThan(MAX_PAGE_KB);
  });

  test("has all its words and its whole code without scripts", () => {
    const html = pages.get(`chapters/${folder}/index.html`) ?? "";
    const shown = html.replaceAll(/<script.*?<\/script>/gs, "").replaceAll(/<[^>]*>/g, "");
    const text = shown.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    const source = readFileSync(join(ROOT, "chapters", folder, "main.ts"), "utf8");
    const squeeze = (words: string): string => words.replaceAll(/\s+/g, "");
    expect(squeeze(text)).toContain(squeeze(source));
    const page = readFileSync(join(ROOT, "chapters", folder, "README.md"), "utf8");
    const headings = [...page.matchAll(/^#{2,3} (.*)$/gm)].map(([, words = ""]) => words);
    const missing = headings.filter((words) => {
      return !squeeze(text).includes(squeeze(words.replaceAll(/`/g, "")));
    });
    expect(missing).toEqual([]);
  });
});

test("a folder that holds something else is not replaced", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mine-"));
  writeFileSync(join(folder, "letter.txt"), "mine");
  const { code, stderr } = await run("desk/build.ts", ["--out", folder], SOURCES);
  expect(stderr).toBe(`error: expected a folder for the website alone, got ${folder}\n`);
  expect(readdirSync(folder)).toEqual(["letter.txt"]);
  expect(code).toBe(1);
});

test("a link to a file that is missing ends the build with one line", () => {
  const site = makeSite(new Set());
  const page = { path: "README.md", file: "index.html", chapter: "" };
  expect(() => renderMarkdown({ ...page, text: "[a page](chapters/99.md)" }, site)).toThrow(
    /^README\.md links to chapters\/99\.md, which is missing/,
  );
});

// ── In a real browser ────────────────────────────────────────────────────────────────────────────

const { browserTest, browser } = await useBrowser();

/** All pages where DESK_PAGES says so, as the workflow does. Otherwise those that differ most. */
const SAMPLE = ["index.html", "glossary.html", "compare.html"].concat(
  ["04", "13", "17", "23"].map((number) => `chapters/${folderOf(number)}/index.html`),
);

function folderOf(number: string): string {
  return chapters().find((chapter) => chapter.number === number)?.folder ?? "";
}

function fileOf(number: string): string {
  return `chapters/${folderOf(number)}/main.ts`;
}

function wantedPages(): string[] {
  return process.env.DESK_PAGES === "all" ? [...pages.keys()] : SAMPLE;
}

type Setting = {
  readonly width?: number;
  readonly theme?: "light" | "dark";
  readonly javaScriptEnabled?: boolean;
  readonly hasTouch?: boolean;
};

/** What went wrong on a page: errors, and requests to anywhere but the site. */
type Troubles = { readonly page: Page; readonly troubles: string[] };

/** Opens a page of the site from its file. */
async function open(file: string, setting: Setting = {}): Promise<Troubles> {
  const { width = 1280, theme = "light", javaScriptEnabled = true, hasTouch = false } = setting;
  const viewport = { width, height: 900 };
  const options = { viewport, colorScheme: theme, hasTouch, isMobile: hasTouch };
  const context = await browser().newContext({ ...options, javaScriptEnabled });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(`${file}: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`${file}: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`file://${OUT}/`) && !url.startsWith("data:")) troubles.push(url);
  });
  await page.goto(`file://${OUT}/${file}`);
  return { page, troubles };
}

browserTest(
  "no page fails, or asks for anything from elsewhere",
  async () => {
    for (const file of wantedPages()) {
      const { page, troubles } = await open(file);
      expect(troubles).toEqual([]);
      await page.context().close();
    }
  },
  300_000,
);

browserTest(
  "no page scrolls sideways, on a phone or on a desk",
  async () => {
    for (const file of wantedPages()) {
      const { page } = await open(file);
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate("document.documentElement.scrollWidth");
        expect([file, wide]).toEqual([file, width]);
      }
      await page.context().close();
    }
  },
  300_000,
);

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

browserTest(
  "axe finds nothing, in both themes and at two widths",
  async () => {
    for (const file of wantedPages()) {
      for (const [theme, width] of [
        ["light", 1280],
        ["dark", 390],
      ] as const) {
        const { page } = await open(file, { theme, width });
        await page.evaluate(AXE);
        const found = await page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
        );
        expect([file, theme, found]).toEqual([file, theme, []]);
        await page.context().close();
      }
    }
  },
  // On all pages, axe alone takes several minutes.
  600_000,
);

const CHAPTER = `chapters/${folderOf("04")}/index.html`;

/** What the page of a chapter shows of its demo in the README, without the fence. */
function demoOf(number: string): string {
  const page = readFileSync(join(ROOT, "chapters", folderOf(number), "README.md"), "utf8");
  const command = `npx tsx chapters/${folderOf(number)}/main.ts`;
  const block = page.split(`<!-- generated: output ${command} -->\n\`\`\`console\n`)[1] ?? "";
  return block.split("\n```")[0] ?? "";
}

browserTest(
  "stepping to the end shows exactly the block of the README",
  async () => {
    const { page } = await open(CHAPTER);
    const demo = page.locator(".transcript").filter({ hasText: "Mail box" }).first();
    const shown = (): Promise<string[]> => demo.locator("li:not(.later) > .said").allTextContents();
    await demo.getByRole("button", { name: "Next step" }).click();
    expect((await shown()).length).toBe(1);
    const count = await demo.locator(".said-list > li").count();
    for (let step = 1; step < count; step++) {
      await demo.getByRole("button", { name: "Next step" }).click();
    }
    expect((await shown()).join("")).toBe(demoOf("04"));
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the buttons of a transcript stay under the pointer from the first step on",
  async () => {
    for (const width of [390, 1280]) {
      const { page } = await open(CHAPTER, { width });
      await page.emulateMedia({ reducedMotion: "reduce" });
      const demo = page.locator(".transcript").filter({ hasText: "Mail box" }).first();
      const next = demo.getByRole("button", { name: "Next step" });
      await next.click();
      const { x = 0, y = 0 } = (await next.boundingBox()) ?? {};
      const count = await demo.locator(".said-list > li").count();
      for (let step = 1; step < count; step++) await page.mouse.click(x + 5, y + 5);
      expect(await demo.locator(".place").textContent()).toMatch(`${count} of ${count}: `);
      await page.context().close();
    }
  },
  60_000,
);

browserTest(
  "a step opens what ran, and the kinds of parts that the reader opened before",
  async () => {
    const { page } = await open(CHAPTER);
    const demo = page.locator(".transcript").filter({ hasText: "Mail box" }).first();
    const next = demo.getByRole("button", { name: "Next step" });
    const shown = (): Promise<string[]> =>
      demo.locator("details[open] > summary").allTextContents();
    await next.click();
    await next.click();
    expect(await shown()).toEqual([]);
    await demo.locator(".now summary", { hasText: "Reply" }).click();
    await next.click();
    expect(await shown()).toEqual([expect.stringMatching(/^What ran/)]);
    await demo.locator(".now summary", { hasText: "What ran" }).click();
    await next.click();
    expect(await shown()).toEqual([expect.stringMatching(/^Reply, after/)]);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "a bar can be reached and chosen with the keyboard, and says what its call was",
  async () => {
    const { page } = await open(CHAPTER);
    const bar = page.locator(".timeline .bar").first();
    await bar.focus();
    await page.keyboard.press("Enter");
    const panel = page.locator(".timeline .panel").first();
    await expect.poll(() => panel.textContent()).toContain("Beijing");
    const label = (await bar.getAttribute("aria-label")) ?? "";
    expect(label).toMatch(/^get_weather Beijing.* ms/);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the type of a name is shown when the keyboard reaches it, until Escape",
  async () => {
    const { page } = await open(CHAPTER);
    const name = page.locator("#code [data-type][tabindex='0']").first();
    await page.locator("#code h2").click();
    await page.keyboard.press("Tab");
    expect(await name.evaluate((one) => one.matches(":focus"))).toBe(true);
    const tip = page.locator("[role=tooltip]");
    await tip.waitFor();
    expect(await tip.textContent()).toBe(await name.getAttribute("data-type"));
    await page.keyboard.press("Escape");
    expect(await tip.isVisible()).toBe(false);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the arrow keys go from name to name in a diff's new lines, in both of its views",
  async () => {
    const { page } = await open(CHAPTER);
    for (const view of ["inline", "side by side"]) {
      await page.locator("#diff").getByRole("button", { name: view, exact: true }).click();
      const name = page.locator("#diff [data-type][tabindex='0']");
      expect(await name.isVisible()).toBe(true);
      await name.focus();
      const rowOf = () => page.locator("tr:has(:focus)").textContent();
      const before = await rowOf();
      await page.keyboard.press("ArrowDown");
      expect(await rowOf()).not.toBe(before);
      expect(await page.locator(":focus").isVisible()).toBe(true);
      expect(await page.locator("[role=tooltip]").isVisible()).toBe(true);
    }
    await page.context().close();
  },
  60_000,
);

browserTest(
  "any two chapters can be compared, in both directions",
  async () => {
    const { page, troubles } = await open("compare.html");
    for (const [from, to] of [
      ["07", "13"],
      ["13", "07"],
    ] as const) {
      await page.locator("#from").selectOption(from);
      await page.locator("#to").selectOption(to);
      const [added, deleted] = gitDiff(fileOf(from), fileOf(to), "--numstat").split("\t");
      const caption = page.locator("#compared figcaption");
      await expect.poll(() => caption.textContent()).toContain(`+${added} −${deleted}`);
    }
    expect(troubles).toEqual([]);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the search finds a word, opens the page at its heading, and closes with Escape",
  async () => {
    const { page } = await open("index.html");
    await page.keyboard.press("/");
    await page.keyboard.type("structured clone");
    const first = page.locator("#hits a").first();
    await first.waitFor();
    await page.keyboard.press("Escape");
    expect(await page.locator("#hits").isVisible()).toBe(false);
    await page.keyboard.press("/");
    await page.keyboard.type("what can cross");
    await first.waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/04-parallel-tools\/index\.html#what-can-cross-to-a-thread$/);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "what stays at the top of the window takes the focus without moving the page",
  async () => {
    const { page } = await open(CHAPTER);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.evaluate("scrollTo(0, 3000)");
    await page.keyboard.press("/");
    await page.keyboard.press("Tab");
    await page.locator(".parts a").first().focus();
    expect(await page.evaluate("scrollY")).toBe(3000);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the theme that was chosen is there on the next page",
  async () => {
    const { page } = await open("index.html");
    await page.getByRole("button", { name: /dark/i }).click();
    await page.goto(`file://${OUT}/${CHAPTER}`);
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the first stop of the keyboard skips to the text, and is seen",
  async () => {
    const { page } = await open(CHAPTER);
    await page.keyboard.press("Tab");
    const skip = page.locator(".skip");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    expect((await skip.boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.closest('main') !== null")).toBe(true);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "after a click in the text, Tab goes to the next link, and not to the first of the page",
  async () => {
    const { page } = await open(CHAPTER);
    const paragraph = page.locator("article > p", { has: page.locator("a") }).last();
    await paragraph.click({ position: { x: 1, y: 1 } });
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus");
    expect(await focused.textContent()).toBe(await paragraph.locator("a").first().textContent());
    await page.context().close();
  },
  60_000,
);

browserTest(
  "on a phone, a button opens the list of chapters over the page, and Escape or a click beside it closes it",
  async () => {
    const { page } = await open(CHAPTER, { width: 390 });
    const list = page.locator("#chapters");
    const button = page.getByRole("button", { name: "Chapters" });
    await page.evaluate("scrollTo({ top: 3000, behavior: 'instant' })");
    expect(await list.isVisible()).toBe(false);
    for (const close of [
      () => page.keyboard.press("Escape"),
      () => page.mouse.click(380, 500),
      () => button.click(),
    ]) {
      await button.click();
      const here = list.locator("[aria-current]");
      expect(await here.evaluate((link) => link.matches(":focus"))).toBe(true);
      expect((await here.boundingBox())?.y).toBeGreaterThan(0);
      expect((await here.boundingBox())?.y).toBeLessThan(900);
      await close();
      expect(await list.isVisible()).toBe(false);
      expect(await button.evaluate((one) => one.matches(":focus"))).toBe(true);
    }
    expect(await page.evaluate("scrollY")).toBe(3000);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the line of parts stays in view, and marks what is in view",
  async () => {
    for (const width of [390, 1280, 1800]) {
      const { page } = await open(CHAPTER, { width });
      await page.emulateMedia({ reducedMotion: "reduce" });
      await page.locator(".parts a", { hasText: "Exercises" }).click();
      const marked = page.locator(".parts [aria-current]");
      await expect.poll(() => marked.allTextContents()).toContain("Exercises");
      const { bottom = 0 } = await page.locator(".parts").evaluate((one) => {
        return one.getBoundingClientRect();
      });
      expect(bottom).toBeGreaterThan(80);
      expect(bottom).toBeLessThan(130);
      const heading = await page.locator("#exercises h2").boundingBox();
      expect(heading?.y).toBeGreaterThan(bottom);
      expect(await marked.allTextContents()).not.toContain("Ask");
      await page.context().close();
    }
  },
  60_000,
);

test("each chapter ends with the links that its text ends with", () => {
  for (const { folder } of chapters()) {
    const html = pages.get(`chapters/${folder}/index.html`) ?? "";
    const links = /<p>(previous: .* · base: .* · next: .*)<\/p>\s*<\/article>/.exec(html)?.[1];
    expect(html.slice(html.indexOf('id="code"'))).toContain(`${links}</nav>`);
  }
});

browserTest(
  "where there is no pointer, nothing is said about keys",
  async () => {
    const { page } = await open(CHAPTER, { width: 390, hasTouch: true });
    expect(await page.locator(".keys:visible").count()).toBe(0);
    expect(await page.locator("#find").getAttribute("placeholder")).toBe("Search");
    const first = page.locator(".timeline").first();
    expect(await first.locator(".moment").textContent()).toMatch(/^Tap/);
    await first.locator(".plane").click({ position: { x: 200, y: 60 } });
    expect(await first.locator(".moment").textContent()).toMatch(/^At \d+ ms, running/);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "without scripts, everything is there: chapters, transcript, diff, code and bars",
  async () => {
    const { page, troubles } = await open(CHAPTER, { javaScriptEnabled: false, width: 390 });
    expect(troubles).toEqual([]);
    for (const part of ["#chapters", ".transcript", "#diff table", "#code pre", "#time .bar"]) {
      expect([part, await page.locator(part).first().isVisible()]).toEqual([part, true]);
    }
    expect(await page.locator("[data-js]:visible, .find:visible, #theme:visible").count()).toBe(0);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "on paper there is the text and the code, and no control",
  async () => {
    const { page } = await open(CHAPTER, { width: 720, theme: "dark" });
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".top").isVisible()).toBe(false);
    expect(await page.locator("article.text h1").isVisible()).toBe(true);
    expect(await page.locator(":is(button, input, select, textarea):visible").count()).toBe(0);
    const colours =
      "const { color, backgroundColor } = getComputedStyle(document.documentElement);";
    expect(await page.evaluate(`${colours} [color, backgroundColor].join()`)).toBe(
      "rgb(0, 0, 0),rgb(255, 255, 255)",
    );
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(720);
    await page.context().close();
  },
  60_000,
);
