import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { atEnd } from "../../mock-tools/at-end.ts";

/** If the network fails, npm tries twice more, after one second and after five. */
const ARGUMENTS = [
  ...["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
  ...["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"],
];

const NETWORK =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/;

/** Takes npm's output, returns in one line what went wrong and what to do. */
function explain(written: string, folder: string): string {
  const [, code = ""] = /^npm (?:error|ERR!) code (\S+)/m.exec(written) ?? [];
  if (NETWORK.test(code))
    return `npm does not reach its registry (${code}): try again with a network`;
  if (code === "ENOSPC") return `the disk is full: make room for 500 MB in ${folder}`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return `npm may not write (${code}): make ${folder} and npm's cache writable`;
  }
  const lines = written.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  const said = lines.find((line) => line !== "" && !/^(code|errno|syscall|path|dest) /.test(line));
  return `npm ci has failed: ${said ?? "it does not say why"}`;
}

/** Says in one line why npm cannot be started. */
function explainStart(error: unknown): string {
  const isMissing = Object(error).code === "ENOENT";
  if (isMissing)
    return "there is no npm on the PATH: install it, it comes with Node (https://nodejs.org)";
  return `npm cannot be started: ${Object(error).message}`;
}

function endedOf(npm: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    npm.once("error", (error) => reject(new Error(explainStart(error))));
    npm.once("close", resolve);
  });
}

/**
 * Installs the packages of the lock file in a folder, without running their scripts. npm ends when
 * this program ends.
 *
 * @throws an error that says what went wrong and what to do, in one line
 */
export async function runNpm(folder: string): Promise<void> {
  const npm = spawn("npm", ARGUMENTS, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  atEnd(() => npm.kill("SIGKILL"));
  const [written, code] = await Promise.all([text(npm.stderr), endedOf(npm)]);
  if (code !== 0) throw new Error(explain(written, folder));
}
