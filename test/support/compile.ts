import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../../mock-tools/at-end.ts";
import { compileBook } from "../../scripts/copy.ts";
import { findEngine } from "../../shared/engine/install.ts";
import { printStatus } from "../../shared/print.ts";

/**
 * Makes one folder for all files of the tests and their processes, since vitest ends its workers
 * before they can clean up. Compiles the book into it, once for all test files.
 */
export async function setup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "the-agent-loop-tests-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  process.env.TMPDIR = folder;
  process.env.TEMP = folder;
  process.env.COMPILED_BOOK = await compileBook();
  if (findEngine()) return;
  printStatus("tests that need the engine are skipped; npm run durable:setup installs it");
}
