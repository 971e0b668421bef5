import { spawnSync } from "node:child_process";
import { devNull } from "node:os";
import { ROOT } from "./chapters.ts";

/**
 * The difference between two files as git shows it, independent of the user's git settings.
 *
 * @param from a path from the root of the book, as `to`
 * @param option one more option of git diff, such as --numstat or -U0
 */
export function gitDiff(from: string, to: string, option: string): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" };
  const args = ["diff", "--no-index", "--no-color", option, from, to];
  const { error, stdout, stderr } = spawnSync("git", args, { cwd: ROOT, encoding: "utf8", env });
  if (error ?? stderr) throw new Error(`git diff failed: ${error?.message ?? stderr}`);
  return stdout;
}
