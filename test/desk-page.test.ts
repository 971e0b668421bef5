// The chapters run in their pages as they run in a terminal. The pages are opened from files, in a real browser.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { PLAYED } from "../desk/bundle.ts";
import { findChapter, ROOT } from "../scripts/chapters.ts";
import { run } from "../scripts/run.ts";
import { listen } from "../scripts/serve.ts";
import { useBrowser } from "./support/browser.ts";
import { printed } from "./support/pages.ts";
import { makePlayed, type Played, writeSite } from "./support/played.ts";

const MOST_KB = 350;
const MOST_BUILD_MS = 60_000;
/** How long a test waits for what a page shows, in milliseconds. */
const PATIENCE = { timeout: 20_000 };
/** How long a run may take, in milliseconds. In 15 the question is asked four times, and McMurdo takes ten seconds. */
const LONGEST_MS = 100_000;
const ALL = process.env.DESK_PAGES === "all";

let played: Played;
let site = "";

beforeAll(async () => {
  played = await makePlayed();
  site = writeSite(played.files);
}, 120_000);

const { browserTest, browser } = await useBrowser();

function kilobytes(names: readonly string[]): number {
  const sizes = names.map((name) => gzipSync(played.files.get(`play/${name}.js`) ?? "").length);
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

test("the first chapter loads at most 350 KB, compressed, and each further one at most 12", () => {
  expect(kilobytes(["book", "thread", "panel", "03", "04"])).toBeLessThan(MOST_KB);
  for (const number of PLAYED) {
    expect(kilobytes([number])).toBeGreaterThan(0);
    expect(kilobytes([number])).toBeLessThan(12);
  }
  expect(played.ms).toBeLessThan(MOST_BUILD_MS);
});

test("a chapter's code is in its script as it is, but for its types and its numbers", () => {
  const script = played.files.get("play/04.js") ?? "";
  expect(script).toContain('var MAX_THREADS = knob("MAX_THREADS", 4);');
  expect(script).toContain("return await pool.run(task);");
  expect(script).not.toContain("class Piscina");
});

test("a chapter that cannot run in a page says why in one line", () => {
  const page = played.files.get("chapters/16-providers/index.html") ?? "";
  expect(page).toContain("This chapter does not run in a page: its clients ask the servers");
  expect(page).not.toContain("<form");
});

// ── In a real browser ────────────────────────────────────────────────────────────────────────────

type Setting = {
  readonly folder?: string;
  readonly width?: number;
  readonly theme?: "light" | "dark";
  readonly javaScriptEnabled?: boolean;
};

/** A chapter's page, and what went wrong on it: errors, and requests to anywhere but the site. */
type Opened = { readonly page: Page; readonly troubles: string[]; readonly loaded: string[] };

/** Prints what a page shows if the test that has opened it fails. */
function tellIfFailed(page: Page, troubles: readonly string[]): void {
  onTestFailed(async () => {
    if (page.isClosed()) return;
    const shown = await page.locator(".play").innerText();
    console.error(["The page shows:", shown, ...troubles].join("\n"));
    await page.context().close();
  });
}

async function openAt(url: string, setting: Setting = {}): Promise<Opened> {
  const { width = 1280, theme = "light", javaScriptEnabled = true } = setting;
  const context = await browser().newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    javaScriptEnabled,
    // While a page scrolls smoothly, a button may move away under a click.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const [troubles, loaded]: string[][] = [[], []];
  page.on("pageerror", ({ message }) => troubles?.push(message));
  page.on("console", (said) => said.type() === "error" && troubles?.push(said.text()));
  page.on("request", (request) => {
    const [base = ""] = url.split("chapters/");
    if (/^(?:data|blob):/.test(request.url())) return;
    if (request.url().startsWith(base)) loaded?.push(request.url().slice(base.length));
    else troubles?.push(request.url());
  });
  tellIfFailed(page, troubles ?? []);
  await page.goto(url);
  return { page, troubles: troubles ?? [], loaded: loaded ?? [] };
}

function openChapter(number: string, setting: Setting = {}): Promise<Opened> {
  const { folder } = findChapter(number);
  return openAt(`file://${setting.folder ?? site}/chapters/${folder}/index.html`, setting);
}

function press(page: Page, name: string): Promise<void> {
  return page.locator("#ask").getByRole("button", { name, exact: true }).click();
}

async function ask(page: Page, question: string): Promise<void> {
  await page.locator("#question").fill(question);
  await press(page, "Run");
}

/** The line that says how a run has ended, when it has. */
async function ended(page: Page, number: string): Promise<string> {
  const news = page.locator("[data-part=news]");
  const last = news.filter({ hasText: new RegExp(`${number} (?:has ended|was stopped)`) });
  await last.waitFor({ timeout: LONGEST_MS });
  await page.locator(".play[data-running=false]").waitFor();
  return (await news.textContent()) ?? "";
}

/** What a run has printed, without the steps' details: the transcript, and the lines of errors. */
async function printedIn(page: Page, which = "own"): Promise<{ stdout: string; stderr: string }> {
  const steps = page.locator(`[data-part=${which}-transcript] .said-list > li`);
  const said = await steps.evaluateAll((items) =>
    items.map((item) => ({
      isError: item.classList.contains("status"),
      text: item.querySelector(".said")?.textContent ?? "",
    })),
  );
  const join = (isError: boolean) =>
    said.flatMap((one) => (one.isError === isError ? [one.text] : [])).join("");
  return { stdout: join(false), stderr: join(true).replace(/^model: .*\n/, "") };
}

/** Asks a chapter in its page, and returns what it has printed. */
async function askChapter(number: string, question?: string, setting: Setting = {}) {
  const { page, troubles } = await openChapter(number, setting);
  if (question === undefined) await press(page, "Run the demo");
  else await ask(page, question);
  const said = await ended(page, number);
  const output = await printedIn(page);
  expect(troubles).toEqual([]);
  await page.context().close();
  return { ...output, said };
}

/** What the terminal prints for a question. */
async function inTerminal(number: string, question: string) {
  const { stdout, stderr, code } = await run(`${findChapter(number).file}`, [question]);
  return { stdout, stderr: stderr.replace(/^model: .*\n/, ""), code };
}

const SAMPLE = ["01", "04", "07", "13", "15"];

describe.each(PLAYED.filter((number) => number !== "10" && (ALL || SAMPLE.includes(number))))(
  "the page of %s",
  (number) => {
    browserTest("prints the demo as the chapter's page shows it", async () => {
      const { stdout, stderr, said } = await askChapter(number);
      expect(stdout + stderr).toBe(printed(number));
      expect(said).toMatch(new RegExp(`^${number} has ended, after \\d+ ms\\.$`));
    });
  },
);

browserTest("nothing is loaded before the reader asks, and nothing twice", async () => {
  const { page, loaded, troubles } = await openChapter("04");
  const scripts = () => loaded.filter((name) => name.startsWith("play/"));
  expect(scripts()).toEqual([]);
  await ask(page, "How is the weather in LA?");
  await ended(page, "04");
  const wanted = ["play/03.js", "play/04.js", "play/book.js", "play/panel.js", "play/thread.js"];
  expect(scripts().sort()).toEqual(wanted);
  await ask(page, "How is the weather in Lima?");
  await expect
    .poll(async () => (await printedIn(page)).stdout, PATIENCE)
    .toContain("A:\nHere's the weather: Lima");
  expect(scripts().length).toBe(wanted.length);
  expect(troubles).toEqual([]);
  await page.context().close();
});

/** The labels of the bars that look like this. */
function bars(page: Page, how: string): Promise<(string | null)[]> {
  const found = page.locator(`[data-part=times] .bar.${how}`);
  return found.evaluateAll((all) => all.map((bar) => bar.getAttribute("data-label")));
}

browserTest(
  "in 04 a call runs while another one does, and a third waits in the queue",
  async () => {
    const { page } = await openChapter("04");
    await page.locator(".knobs summary").click();
    await page.getByLabel("MAX_THREADS").fill("2");
    await ask(page, "How is the weather in Vostok, LA and Lima?");
    await expect
      .poll(() => bars(page, "done"), PATIENCE)
      .toEqual(["get_weather LA", "get_weather Lima"]);
    // Vostok's call never ends, so the others have run beside it.
    expect(await bars(page, "running")).toEqual(["get_weather Vostok"]);
    await press(page, "Stop");
    expect(await ended(page, "04")).toBe("04 was stopped.");
    expect(await page.locator("[data-part=counts]").textContent()).toBe(
      "04: 2 calls have ended, 1 was stopped, at most 2 at the same time; 1 request to the model" +
        "Each ( is a start and each ) an end, in order: (()() and 1 call without an end",
    );
    const stopped = page.locator("[data-part=times] .bar.stopped");
    expect(await stopped.getAttribute("aria-label")).toMatch(
      /^get_weather Vostok: starts at \d+ ms, runs \d+ ms, stopped$/,
    );
    expect(await bars(page, "running")).toEqual([]);
    await expect.poll(() => page.workers().length, PATIENCE).toBe(0);
    await page.context().close();
  },
);

browserTest(
  "in 03 no call begins before the one before it has ended; a second run starts clean",
  async () => {
    const { page } = await openChapter("03");
    await ask(page, "How is the weather in LA, Vostok and Lima?");
    await expect.poll(() => bars(page, "running"), PATIENCE).toEqual(["get_weather Vostok"]);
    expect(await bars(page, "done")).toEqual(["get_weather LA"]);
    await press(page, "Stop");
    expect(await ended(page, "03")).toBe("03 was stopped.");
    const question = "Get the weather in LA and send an summary email to me.";
    for (let time = 1; time <= 2; time++) {
      await ask(page, question);
      await expect.poll(() => ended(page, "03"), PATIENCE).toMatch(/^03 has ended/);
      expect(await page.locator("[data-part=mailbox] li").count()).toBe(1);
      expect(await bars(page, "lost")).toEqual([]);
    }
    expect(await page.locator("[data-part=counts]").textContent()).toMatch(
      /at most 1 at the same time; .*in order: \(\)\(\)\(\)$/,
    );
    await page.context().close();
  },
);

browserTest(
  "the base beside it has the same question, in one figure, and its calls queue",
  async () => {
    const { page } = await openChapter("04");
    await press(page, "Six cities");
    await ended(page, "04");
    await press(page, "Ask 03 the same");
    expect(await ended(page, "03")).toMatch(/^04 has ended, after \d+ ms\. 03 has ended, after/);
    // The chapter has not run again.
    expect(await page.locator("[data-part=times] .bar.done").count()).toBe(12);
    const figures = page.locator("[data-part=times] figure");
    expect(await figures.count()).toBe(1);
    const titles = await figures.locator(".lane .title").allTextContents();
    expect(titles).toEqual(["03 · Agent loop, the base", "04 · Parallel tools"]);
    const answer = (text: string) => text.split("\nA:\n")[1];
    const [own, base] = [await printedIn(page), await printedIn(page, "base")];
    expect(answer(base.stdout)).toBe(answer(own.stdout));
    const counts = await page.locator("[data-part=counts]").innerText();
    expect(counts).toMatch(
      /^03: 6 calls have ended, at most 1 at the same time; 7 requests to the model\n.*: \(\)\(\)\(\)\(\)\(\)\(\)\n+04/,
    );
    expect(await page.locator("[data-part=answer]").textContent()).toBe(answer(own.stdout)?.trim());
    // The first bar can be chosen, as in the recorded run.
    await figures.locator(".bar").first().focus();
    await page.keyboard.press("Enter");
    await expect
      .poll(() => figures.locator(".panel").textContent(), PATIENCE)
      .toMatch(/Beijing.*what the model got.*5 degrees/s);
    await page.context().close();
  },
  60_000,
);

browserTest(
  "the base may be asked first: the chapter runs, and then the base, each with the question of the field",
  async () => {
    const { page } = await openChapter("04");
    await page.locator("#question").fill("How is the weather in LA?");
    const titles = page.locator("[data-part=times] .lane .title");
    const both = ["03 · Agent loop, the base", "04 · Parallel tools"];
    await press(page, "Ask 03 the same");
    expect(await ended(page, "03")).toMatch(/^04 has ended/);
    expect(await titles.allTextContents()).toEqual(both);
    await page.locator("#question").fill("How is the weather in Lima?");
    await press(page, "Ask 03 the same");
    await page.locator("[data-part=answer]", { hasText: "Lima" }).waitFor();
    await expect.poll(() => titles.allTextContents(), PATIENCE).toEqual(both);
    await ended(page, "03");
    expect(await page.locator("[data-part=times] figcaption").allTextContents()).toEqual([
      "How is the weather in Lima?",
    ]);
    // After a stop nothing follows.
    await page.locator("#question").fill("How is the weather in Vostok?");
    await press(page, "Ask 03 the same");
    await expect.poll(() => bars(page, "running"), PATIENCE).toEqual(["get_weather Vostok"]);
    await press(page, "Stop");
    expect(await ended(page, "04")).toBe("04 was stopped.");
    expect(await titles.allTextContents()).toEqual(["04 · Parallel tools"]);
    await page.context().close();
  },
  60_000,
);

browserTest.each([
  [390, 800],
  [1280, 800],
  [1280, 4000],
])("at %i × %i px a run comes into view, if it is not", async (width, height) => {
  const { page } = await openChapter("04", { width });
  await page.setViewportSize({ width, height });
  await page.locator("#question").scrollIntoViewIfNeeded();
  const before = await page.evaluate("scrollY");
  await press(page, "Six cities");
  await ended(page, "04");
  const isInView = async (part: string) => {
    const box = await page.locator(part).first().boundingBox();
    return box !== null && box.y >= 0 && box.y + box.height <= height;
  };
  for (const part of ["[data-part=news]", "[data-part=answer]", "[data-part=times] .bar"]) {
    await expect.poll(() => isInView(part), PATIENCE).toBe(true);
  }
  if (height === 4000) expect(await page.evaluate("scrollY")).toBe(before);
  await page.context().close();
});

browserTest(
  "the rows stand in the order of the reply, also where calls start in another",
  async () => {
    const { page } = await openChapter("12");
    await ask(page, "Send an email to bob@example.com saying hello and list my e-mails.");
    await ended(page, "12");
    const rows = page.locator("[data-part=times] .bar");
    const told = await rows.evaluateAll((bars) =>
      bars.map((bar) => ({
        label: bar.getAttribute("data-label"),
        start: Number(bar.getAttribute("data-start")),
      })),
    );
    expect(told.map(({ label }) => label)).toEqual(["send_email bob@example.com", "list_emails"]);
    // A serial call waits for all parallel ones.
    expect(told[1]?.start).toBeLessThanOrEqual(told[0]?.start ?? 0);
    await page.context().close();
  },
);

browserTest("in 13 a call has one row, although its arguments are filled in", async () => {
  const { page } = await openChapter("13");
  await ask(page, "Get the weather in LA and send an summary email to me.");
  await ended(page, "13");
  const told = await page.locator("[data-part=times] .calls li p").allTextContents();
  expect(told.map((words) => words.replace(/:.*/, ""))).toEqual([
    "get_weather LA",
    "get_user_profile",
    "send_email jack@example.com",
  ]);
  const last = page.locator("[data-part=times] .calls li").last();
  expect(await last.textContent()).toMatch(/what the model got.*message sent/);
  await page.context().close();
});

browserTest("a step shows its request and its reply", async () => {
  const { page } = await openChapter("04");
  await ask(page, "How is the weather in LA?");
  await ended(page, "04");
  const step = page.locator("[data-part=own-transcript] li.reply").first();
  await step.locator("summary", { hasText: "Request" }).first().click();
  expect(await step.textContent()).toContain("POST /v1/chat/completions, in messages:");
  await step.locator("summary", { hasText: "Reply, after" }).click();
  expect(await step.locator(".json").last().textContent()).toContain('"chat.completion"');
  await page.context().close();
});

browserTest.each([
  ["03", "How is the weather in LA and Pompeii?"],
  ["04", "How is the weather in Pompeii and El Dorado?"],
  ["06", "Send an email to carol@lossy.example saying hello."],
  ["06", "How is the weather in Oslo, Pompeii and LA?"],
])("in %s trouble is as in the terminal: %s", async (number, question) => {
  const [page, terminal] = [await askChapter(number, question), await inTerminal(number, question)];
  expect(page.stdout).toBe(terminal.stdout);
  expect(page.stderr).toBe(terminal.stderr);
  expect(page.said).toContain(terminal.code === 0 ? "has ended, after" : `code ${terminal.code}`);
});

browserTest("nothing runs without a question, or with a number that cannot be", async () => {
  const { page, loaded } = await openChapter("04");
  await ask(page, "");
  expect(await page.locator("#question:invalid:focus").count()).toBe(1);
  await page.locator("#question").fill("How is the weather in LA?");
  await page.locator(".knobs summary").click();
  await page.getByLabel("MAX_THREADS").fill("0");
  await page.locator(".knobs summary").click();
  await press(page, "Run the demo");
  await expect.poll(() => page.locator("input:invalid:focus").count()).toBe(1);
  expect(loaded.filter((name) => name.startsWith("play/"))).toEqual([]);
  await page.context().close();
});

browserTest("the line of the model says what is true in a page", async () => {
  const { page } = await openChapter("04");
  await ask(page, "How is the weather in LA?");
  await ended(page, "04");
  const status = page.locator("[data-part=own-transcript] .status").first();
  expect(await status.textContent()).toBe("model: offline (in this page)\n");
  await page.context().close();
});

browserTest("an error is the chapter's own line", async () => {
  const { stderr, said } = await askChapter("04", " ");
  expect(stderr).toBe("error: expected a question, got an empty one\n");
  expect(said).toContain("04 has ended with exit code 1");
});

browserTest(
  "10 can be cancelled, and says what a page without shared memory does",
  async () => {
    const { page } = await openChapter("10");
    expect(await page.locator("[data-part=unshared]").isVisible()).toBe(true);
    await page.locator(".knobs summary").click();
    await page.getByLabel("CALL_MS").fill("300");
    await ask(page, "How is the weather in McMurdo?");
    await ended(page, "10");
    expect((await printedIn(page)).stdout).toContain('"cancelled": "its thread was ended"');
    await page.getByLabel("CALL_MS").fill("60000");
    await page.getByLabel("BATCH_MS").fill("60000");
    await ask(page, "How is the weather in Vostok?");
    await expect.poll(() => bars(page, "running"), PATIENCE).toEqual(["get_weather Vostok"]);
    await press(page, "Cancel, as Ctrl-C does");
    expect(await ended(page, "10")).toContain("10 has ended with exit code 130");
    expect((await printedIn(page)).stderr).toBe("cancelled\n");
    await page.context().close();
  },
  60_000,
);

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
};

/** Serves the site under a path, to pages that get shared memory. */
async function serveSite(): Promise<{ url: string; close: () => void }> {
  const server = createServer(({ url = "" }, response) => {
    const file = url.replace(/^\/book\//, "");
    const text = played.files.get(file);
    response.writeHead(text === undefined ? 404 : 200, {
      "content-type": TYPES[file.replace(/^.*\./, "")] ?? "text/plain",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end(text);
  });
  const { url } = await listen(server);
  return { url: `${url}/book/`, close: () => server.close() };
}

browserTest(
  "from a server that isolates it, under a path, 10 prints its demo to the letter",
  async () => {
    const { url, close } = await serveSite();
    const { page, troubles } = await openAt(
      `${url}chapters/${findChapter("10").folder}/index.html`,
    );
    expect(await page.locator("[data-part=unshared]").isVisible()).toBe(false);
    await press(page, "Run the demo");
    await ended(page, "10");
    expect((await printedIn(page)).stdout).toBe(printed("10"));
    expect(troubles).toEqual([]);
    await page.context().close();
    close();
  },
  60_000,
);

browserTest("without JavaScript the recorded run is there, and no form", async () => {
  const { page } = await openChapter("04", { javaScriptEnabled: false });
  expect(await page.locator("#ask form").isVisible()).toBe(false);
  expect(await page.locator("#ask").innerText()).toContain("It needs JavaScript.");
  expect(await page.locator("#time .bar").first().isVisible()).toBe(true);
  await page.context().close();
});

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

browserTest.each([
  ["light", 320],
  ["dark", 390],
] as const)(
  "after a run in %s colours at %i px, axe finds nothing and nothing is wider",
  async (theme, width) => {
    const { page } = await openChapter("04", { theme, width });
    await page.locator(".knobs summary").click();
    await ask(page, "Get the weather in Oslo, Pompeii and LA and send an summary email to me.");
    await ended(page, "04");
    for (const summary of await page.locator("#ask details:not([open]) > summary").all()) {
      if (await summary.isVisible()) await summary.click();
    }
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    await page.evaluate(AXE);
    const found = await page.evaluate(
      "axe.run('#ask').then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
    );
    expect(found).toEqual([]);
    await page.context().close();
  },
  60_000,
);

browserTest("the live region tells which calls start, and that the run has ended", async () => {
  const { page } = await openChapter("04");
  await page.locator("[data-part=news][role=status]").waitFor({ state: "attached" });
  await page.evaluate(`
    self.told = [];
    new MutationObserver(() => told.push(document.querySelector("[data-part=news]").textContent))
      .observe(document.querySelector("[data-part=news]"), { childList: true });
  `);
  await ask(page, "How is the weather in LA and Lima?");
  await ended(page, "04");
  const told = String(await page.evaluate("told.join(' ')"));
  expect(told).toMatch(
    /^Loading the chapter\. 04 runs\. .*Started: get_weather L.*Ended: 1 of .* 04 has ended/,
  );
  await page.context().close();
});

browserTest(
  "a mailbox that is a variable stays empty for the program, as 04 says",
  async () => {
    const { files } = await makePlayed(["02", "03", "04"], {
      "mock-tools/mailbox.ts": "test/worlds/variable-mailbox.ts",
    });
    const question = "Send an email to bob@example.com saying hello.";
    const folder = writeSite(files);
    const [three, four] = [
      await askChapter("03", question, { folder }),
      await askChapter("04", question, { folder }),
    ];
    // The program of 03 runs its tools itself. Each thread of 04 has an array of its own.
    expect(three.stdout).toContain("\nMail box:\n");
    expect(four.stdout).toContain('"message sent"');
    expect(four.stdout).not.toContain("Mail box");
  },
  60_000,
);

// ── With DESK_PAGES=all ──────────────────────────────────────────────────────────────────────────

/** Questions that are unlike those of the demos. */
const ODD = [
  "--help",
  "?",
  "🌦️ Lima?",
  '<b>LA</b> & "Lima" `Paris`',
  "Slip twice. How is the weather in LA?",
  "Use the teleport tool.",
  "Who am I?",
  "How is the weather in Atlantis, El Dorado and Lima?",
  "Send an email to nobody saying nothing, then list my e-mails.",
  "How is the weather in LA, LA, LA, LA, LA and LA?",
];

describe.skipIf(!ALL).each(PLAYED)("ten odd questions to %s", (number) => {
  browserTest.each(ODD)("%s", async (question) => {
    const page = await askChapter(number, question);
    // A terminal takes a word with a dash for an option; a page has none.
    const [asked] = question.startsWith("-") ? [] : [question];
    if (asked === undefined) return expect(page.stdout).toContain(`Q: ${question}`);
    const { stdout, stderr } = await inTerminal(number, asked);
    expect(page).toMatchObject({ stdout, stderr });
  });
});

describe.skipIf(!ALL).each(PLAYED.filter((number) => number >= "03"))("trouble in %s", (number) => {
  browserTest.each([
    "How is the weather in Oslo and LA?",
    "How is the weather in Pompeii and LA?",
    "How is the weather in McMurdo?",
  ])(
    "%s",
    async (question) => {
      // Without shared memory, 10 and those that grow from it end the thread instead.
      const [page, terminal] = [
        await askChapter(number, question),
        await inTerminal(number, question),
      ];
      if (number === "10" && question.includes("McMurdo")) return;
      expect(page).toMatchObject({ stdout: terminal.stdout, stderr: terminal.stderr });
    },
    120_000,
  );

  browserTest("Vostok can be stopped", async () => {
    const { page } = await openChapter(number);
    await ask(page, "How is the weather in Vostok?");
    await expect.poll(() => bars(page, "running"), PATIENCE).toEqual(["get_weather Vostok"]);
    await press(page, "Stop");
    expect(await ended(page, number)).toBe(`${number} was stopped.`);
    await page.context().close();
  });
});
