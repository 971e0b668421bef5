import { compileBook } from "../../scripts/copy.ts";

/** Compiles the book once for all test files, whose processes inherit where it is. */
export async function setup(): Promise<void> {
  // The folder goes with this process.
  process.env.COMPILED_BOOK = await compileBook();
}
