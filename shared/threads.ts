import { createRequire } from "node:module";
import type { Piscina } from "piscina";
import { printStatus } from "./print.ts";
import { watchThreads } from "./timeline.ts";

const isTypeScript = import.meta.url.endsWith(".ts");
const { resolve } = createRequire(import.meta.url);

/**
 * Node's options for a thread that runs mock-tools/worker.ts. Node 22.18 and later run TypeScript
 * by themselves. Older ones need tsx, whose hook of require starts a thread in half the time that its
 * hook of import takes. The worker is loaded here as well, so that a mistake in it is shown where it
 * stands; the pool would only say "unknown file extension".
 */
export const execArgv: string[] =
  isTypeScript && !process.features.typescript
    ? ["--require", resolve("tsx/cjs"), "--require", resolve("../mock-tools/worker.ts")]
    : [];

/**
 * Says so on stderr when a thread dies between two calls, as it does when its memory is found to be
 * full after it has returned a result. Where a thread cannot start at all, the program ends.
 */
export function reportDeadThreads(pool: Piscina): void {
  watchThreads(pool);
  pool.on("error", (error: Error) => {
    // For a thread that has run, the pool has another one by now; for one that cannot start, it has not.
    const cannotStart = pool.threads.length < pool.options.minThreads;
    // The worker makes plain errors of all that its tools throw, so this is a mistake in its own source.
    if (cannotStart || error instanceof SyntaxError) throw error;
    printStatus(`warning: a thread died: ${error.message}`);
  });
}
