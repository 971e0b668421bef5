import { createRequire } from "node:module";

const isTypeScript = import.meta.url.endsWith(".ts");

/**
 * Node's options for a worker thread whose entry is a TypeScript file, given as a path: none where
 * Node strips types itself (22.18 and later), else tsx as a hook of require. Its hook of import,
 * which the main thread has, needs a helper thread per thread and doubles the time to start one.
 */
export const execArgv: string[] =
  isTypeScript && !process.features.typescript
    ? ["--require", createRequire(import.meta.url).resolve("tsx/cjs")]
    : [];
