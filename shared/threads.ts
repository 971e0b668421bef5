import { createRequire } from "node:module";

const isTypeScript = import.meta.url.endsWith(".ts");
const { resolve } = createRequire(import.meta.url);

/**
 * Node's options for a thread that runs mock-tools/worker.ts: none where Node strips types itself
 * (22.18 and later), else tsx as a hook of require. Its hook of import, which the main thread has,
 * needs a helper thread per thread and doubles the time to start one. The second option loads the
 * worker before the pool does, which would hide a mistake in it behind "unknown file extension".
 */
export const execArgv: string[] =
  isTypeScript && !process.features.typescript
    ? ["--require", resolve("tsx/cjs"), "--require", resolve("../mock-tools/worker.ts")]
    : [];
