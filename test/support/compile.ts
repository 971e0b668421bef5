import { compileBook } from "../../scripts/copy.ts";

/** Compiles the book once for all test files, where Node cannot run TypeScript by itself. */
export async function setup(): Promise<void> {
  if (process.features.typescript) return;
  // The test files run in processes that inherit it; the folder goes with this one.
  process.env.COMPILED_BOOK = await compileBook();
}
