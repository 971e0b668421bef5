import { createRequire } from "node:module";

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
