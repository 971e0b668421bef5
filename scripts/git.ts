import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./chapters.ts";

function diff(from: string, to: string, options: readonly string[], cwd: string): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" };
  const args = ["diff", "--no-index", "--no-color", ...options, from, to];
  const settings = { cwd, encoding: "utf8", env, maxBuffer: Number.POSITIVE_INFINITY } as const;
  const { error, stdout, stderr } = spawnSync("git", args, settings);
  if (error ?? stderr) throw new Error(`git diff failed: ${error?.message ?? stderr}`);
  return stdout;
}

/**
 * The difference between two files as git shows it, independent of the user's git settings.
 *
 * @param from a path from the root of the book, as `to`
 * @param option one more option of git diff, such as --numstat or -U0
 */
export function gitDiff(from: string, to: string, option: string): string {
  return diff(from, to, [option], ROOT);
}

/** Two files, as paths from the root of the book. */
export type Pair = readonly [from: string, to: string];

/**
 * The differences between the files of each pair, as gitDiff has them apart from the names of the files.
 * One process of git compares them all: starting one takes longer than comparing two files.
 */
export function gitDiffs(pairs: readonly Pair[], option: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "git-diffs-"));
  try {
    for (const side of ["before", "after"]) mkdirSync(join(folder, side));
    for (const [index, [from, to]] of pairs.entries()) {
      copyFileSync(join(ROOT, from), join(folder, "before", `${index}`));
      copyFileSync(join(ROOT, to), join(folder, "after", `${index}`));
    }
    const text = diff("before", "after", [option, "--no-renames"], folder);
    const sections = text.split(/^(?=diff --git )/m).map((section) => {
      return [/before\/(\d+)/.exec(section)?.[1], section] as const;
    });
    const found = new Map(sections);
    return pairs.map((_, index) => found.get(`${index}`) ?? "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
