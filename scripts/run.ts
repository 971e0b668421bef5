import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { atEnd } from "../mock-tools/at-end.ts";
import { bookFolder } from "./chapters.ts";

/** How a process ended: its exit code or the signal that ended it, and its output. */
export type Ended = {
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** The environment of a reader without a key. It replaces that of the tests. */
const OFFLINE = {
  OPENAI_API_KEY: "",
  OPENAI_BASE_URL: "",
  OPENAI_MODEL: "",
  OPENAI_PROTOCOL: "",
  MAX_OUTPUT_BYTES: "",
  MAX_OUTPUT_LINES: "",
  BACKGROUND: "",
  MAILBOX_FILE: "",
  WORLD_DIR: "",
  CONVERSATION: "",
  WORKERS: "",
  APPROVALS: "",
  KILL_WORKER: "",
  SERVICE_URL: "",
  JOURNAL: "",
  JOURNAL_GRAIN: "",
  JOURNAL_SYNC: "",
  KILL_AT: "",
  RUN: "",
  RESTATE_INGRESS_URL: "",
  RESTATE_ADMIN_URL: "",
  ANTHROPIC_API_KEY: "",
  GEMINI_API_KEY: "",
  PROVIDER: "",
  ANTHROPIC_BASE_URL: "",
  ANTHROPIC_MODEL: "",
  GEMINI_MODEL: "",
  GOOGLE_GEMINI_BASE_URL: "",
  APPROVALS_DIR: "",
  APPROVAL_SECONDS: "",
  OFFLINE_LATENCY_MS: "",
  OFFLINE_TOKENS_PER_SECOND: "",
  COLUMNS: "",
};

const running = new Set<ChildProcess>();
atEnd(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends a process when the tests end, if it still runs. */
function watch<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

type Options = {
  readonly env?: Record<string, string | undefined>;
  readonly folder?: string;
  /** After so many milliseconds the process is ended. */
  readonly limit?: number;
  /** Ends the process. */
  readonly signal?: AbortSignal | undefined;
};

/** Node's own TypeScript loader without its warning, or tsx if Node has none. */
const LOADER = process.features.typescript
  ? ["--disable-warning=ExperimentalWarning"]
  : ["--import", "tsx"];

/** The compiled file beside a TypeScript file, if there is one; otherwise the file itself. */
export function compiledOf(file: string): string {
  const compiled = file.replace(/\.ts$/, ".js");
  return existsSync(compiled) ? compiled : file;
}

/** The command of `npx tsx FILE`, without the second that npx itself takes. */
function command(file: string, args: readonly string[], folder: string): string[] {
  const program = compiledOf(join(folder, file));
  return program.endsWith(".js") ? [program, ...args] : [...LOADER, program, ...args];
}

/** Runs one of the book's programs to its end, as `npx tsx FILE ARGS` would. */
export function run(
  file: string,
  args: readonly string[] = [],
  options: Options = {},
): Promise<Ended> {
  const { env = {}, folder = bookFolder(), limit = 240_000, signal } = options;
  return new Promise((resolve) => {
    const settings = {
      cwd: folder,
      env: { ...process.env, ...OFFLINE, ...env },
      maxBuffer: 2 ** 26,
      timeout: limit,
      // A program in an endless loop handles no other signal.
      killSignal: "SIGKILL" as const,
      signal,
    };
    const finish: Parameters<typeof execFile>[3] = (error, stdout, stderr) => {
      const code = error ? (error.code ?? error.signal ?? null) : 0;
      resolve({ code, stdout: String(stdout), stderr: String(stderr) });
    };
    watch(execFile(process.execPath, command(file, args, folder), settings, finish));
  });
}

/** Starts one of the book's programs, and returns it while it runs. */
export function start(
  file: string,
  args: readonly string[] = [],
  options: Options = {},
): ChildProcessWithoutNullStreams {
  const { env = {}, folder = bookFolder() } = options;
  const settings = { cwd: folder, env: { ...process.env, ...OFFLINE, ...env } };
  return watch(spawn(process.execPath, command(file, args, folder), settings));
}
