// Asks every outward link of the pages whether it still leads somewhere: npm run links
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lexer, walkTokens } from "marked";
import pLimit from "p-limit";
import { endWithOutput } from "../shared/output.ts";
import { clean } from "../shared/terminal.ts";
import { APPENDICES, chapters, ROOT } from "./chapters.ts";

const USAGE = `npm run links                    ask every outward link of the pages, and say which are broken
npm run links -- README.md       ask the links of some pages only
npm run links -- --list          list the links and the pages that hold them, and ask nothing
npm run links -- --seconds 60    wait so long for each answer, instead of 15 seconds`;

const MAX_CONCURRENT = 4;

/** Some servers refuse a client without a name. */
const USER_AGENT = "the-agent-loop (npm run links)";

/** Every page and text of the book, as paths from the root. */
function allTexts(): string[] {
  const pages = chapters().map(({ folder }) => `chapters/${folder}/README.md`);
  return ["README.md", "CONTRIBUTING.md", ...APPENDICES, ...pages];
}

/** The web addresses that a text links to, without the place within their page. Code holds no links. */
function linksIn(text: string): string[] {
  const links: string[] = [];
  walkTokens(lexer(text), (token) => {
    if (token.type === "link") links.push(String(token.href).replace(/#.*/, ""));
  });
  return links.filter((link) => /^https?:/.test(link));
}

/** Each outward link of some pages, in the order of the alphabet, with the pages that hold it. */
function findLinks(pages: readonly string[]): [link: string, pages: string[]][] {
  const found = new Map<string, string[]>();
  for (const page of pages) {
    const file = join(ROOT, page);
    if (!existsSync(file)) throw new Error(`${page} is missing`);
    const links = new Set(linksIn(readFileSync(file, "utf8")));
    for (const link of links) found.set(link, [...(found.get(link) ?? []), page]);
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

type Answer = { readonly status: number; readonly url: string } | { readonly error: string };

/** Sends one request and follows its redirects. It never rejects. */
async function request(link: string, method: "HEAD" | "GET", seconds: number): Promise<Answer> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), seconds * 1000);
  const headers = { "user-agent": USER_AGENT };
  try {
    const response = await fetch(link, { method, headers, signal: controller.signal });
    // An unread body would keep its connection open.
    await response.body?.cancel();
    return { status: response.status, url: response.url };
  } catch (error) {
    if (controller.signal.aborted) return { error: `no answer within ${seconds} s` };
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return { error: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    clearTimeout(timer);
  }
}

function isGood(answer: Answer): boolean {
  return "status" in answer && answer.status < 400;
}

/** Asks a link, in the cheap way first. Many servers that refuse HEAD answer to GET. */
async function ask(link: string, seconds: number): Promise<Answer> {
  const answer = await request(link, "HEAD", seconds);
  return isGood(answer) ? answer : request(link, "GET", seconds);
}

/** How a link is, in words. */
function describe(link: string, answer: Answer): string {
  if (!("status" in answer)) return `broken (${answer.error})`;
  if (!isGood(answer)) return `broken (${answer.status})`;
  return answer.url === new URL(link).href ? "ok" : `moved to ${answer.url}`;
}

/** Asks links, prints a line for each, and returns how many are broken. */
async function askAll(links: ReturnType<typeof findLinks>, seconds: number): Promise<number> {
  const limit = pLimit(MAX_CONCURRENT);
  const asked = links.map(([link, pages]) => {
    return limit(async () => ({ link, pages, answer: await ask(link, seconds) }));
  });
  let broken = 0;
  for await (const { link, pages, answer } of asked) {
    if (!isGood(answer)) broken++;
    const words = describe(link, answer);
    const where = words === "ok" ? "" : `, in ${pages.join(", ")}`;
    console.log(clean(`${words}: ${link}${where}`));
  }
  return broken;
}

async function main(): Promise<void> {
  const options = {
    list: { type: "boolean", default: false },
    seconds: { type: "string", default: "15" },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(USAGE);
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 600)) {
    throw new Error(`expected --seconds above 0 and up to 600, got "${values.seconds}"`);
  }
  const links = findLinks(positionals.length > 0 ? positionals : allTexts());
  if (values.list) {
    for (const [link, pages] of links) console.log(`${link}, in ${pages.join(", ")}`);
    return;
  }
  const broken = await askAll(links, seconds);
  if (broken > 0) throw new Error(`${broken} of ${links.length} links are broken`);
}

endWithOutput();
await main().catch((error: unknown) => {
  console.error(clean(`error: ${error instanceof Error ? error.message : error}`));
  process.exitCode = 1;
});
