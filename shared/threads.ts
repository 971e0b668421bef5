import { createRequire } from "node:module";
import type { Piscina } from "piscina";
import { printStatus } from "./print.ts";
import { watchThreads } from "./timeline.ts";

const isTypeScript = import.meta.url.endsWith(".ts");
const { resolve } = createRequire(import.meta.url);

/**
 * Node 22.18 and later run TypeScript by themselves. Older ones need tsx; with its require hook, a thread
 * starts in half the time that its import hook takes. The worker is also loaded here, so that a mistake
 * in it is reported with its place; the pool would only say "unknown file extension".
 */
function withTsx(): string[] {
  const needed = ["tsx/cjs", "../mock-tools/worker.ts"];
  return needed.flatMap((file) => ["--require", resolve(file)]);
}

/**
 * With this option the pool imports the worker. Otherwise it would require it, and if the program ended at
 * that moment, Node 20.20 could abort ("IsGraphAsync must be used on an instantiated module").
 */
const NO_REQUIRE = "--no-experimental-require-module";

function withoutTsx(): string[] {
  return process.allowedNodeEnvironmentFlags.has(NO_REQUIRE) ? [NO_REQUIRE] : [];
}

/** Node's options for a thread that runs mock-tools/worker.ts. */
export const execArgv: string[] =
  isTypeScript && !process.features.typescript ? withTsx() : withoutTsx();

/**
 * Prints a warning on stderr if a thread dies between two calls, for example because its memory was
 * full after it had returned a result. If a thread cannot start at all, the program ends.
 */
export function reportDeadThreads(pool: Piscina): void {
  watchThreads(pool);
  pool.on("error", (error: Error) => {
    // The pool has already replaced a thread that ran before, but not a thread that cannot start.
    const cannotStart = pool.threads.length < pool.options.minThreads;
    // Tools' errors reach the pool as plain errors, so a SyntaxError is a mistake in the worker's own source.
    if (cannotStart || error instanceof SyntaxError) throw error;
    printStatus(`warning: a thread died: ${error.message}`);
  });
}
