/**
 * Node's options for a worker thread whose entry is a TypeScript file: none where Node strips the
 * types itself (22.18 and later), tsx's loader elsewhere. A thread takes over no loader by itself.
 */
export const execArgv: string[] = process.features.typescript
  ? []
  : ["--import", new URL("./register-tsx.mjs", import.meta.url).href];
