import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { PagesFirst } from "./test/support/pages-first.ts";

// biome-ignore lint/style/noDefaultExport: vitest reads its settings from the default export
export default defineConfig({
  test: {
    include: ["test/*.test.ts"],
    globalSetup: "test/support/compile.ts",
    testTimeout: 60_000,
    // Once in hundreds of runs, on a busy machine, a page showed nothing for half a minute. Such a test runs again.
    retry: { count: 1, condition: /^locator\.\w+: Timeout/ },
    // The tests mostly wait for processes of their own, so every core gets a worker.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: PagesFirst },
    // What a worker has loaded, such as zod, serves all its test files.
    isolate: false,
  },
});
