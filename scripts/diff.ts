// Shows how a chapter differs from its base, or any two chapters: npm run diff 04, npm run diff 02 04
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { endWithOutput } from "../shared/output.ts";
import { clean } from "../shared/terminal.ts";
import { findChapter, ROOT } from "./chapters.ts";

const USAGE = `npm run diff 04       chapter 04 against the chapter it grows from
npm run diff 02 04    any two chapters`;

function main(): number {
  const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
  if (values.help || values.h) {
    console.log(USAGE);
    return 0;
  }
  const [first, second, ...rest] = positionals;
  if (!first || rest.length > 0 || Object.keys(values).length > 0) {
    throw new Error(`expected one chapter number or two\n\n${USAGE}`);
  }
  const from = second ? findChapter(first) : findChapter(findChapter(first).base || first);
  const to = findChapter(second ?? first);
  const same = from.file === to.file;
  if (same && second) throw new Error(`expected two different chapters, got ${to.number} twice`);
  if (same) throw new Error(`chapter ${to.number} has no base: the book starts there`);
  const git = ["diff", "--no-index", "--no-ext-diff", "--stat", "--patch", from.file, to.file];
  const { error, status, signal } = spawnSync("git", git, { cwd: ROOT, stdio: "inherit" });
  if (error) throw new Error(`git is needed to show a diff: ${error.message}`);
  // Git says 1 where there are differences, and ends by this signal where nobody reads on.
  return status === 1 || signal === "SIGPIPE" ? 0 : (status ?? 1);
}

endWithOutput();
try {
  process.exitCode = main();
} catch (error) {
  console.error(clean(`error: ${error instanceof Error ? error.message : error}`));
  process.exitCode = 1;
}
