import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../../scripts/chapters.ts";

const PARTS = [
  "chapters",
  "shared",
  "mock-tools",
  "scripts",
  "bench",
  "test",
  "README.md",
  "CONTRIBUTING.md",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];

const copies: string[] = [];
process.on("exit", () => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true });
});

/**
 * Copies the book to a fresh folder and changes files in it, as a reader would in an editor.
 *
 * @param changes new contents by path from the root, such as "mock-tools/weather.ts"
 * @returns the folder; it is removed when the process ends
 */
export function copyBook(changes: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "the-agent-loop-"));
  copies.push(folder);
  for (const part of PARTS) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  for (const [path, text] of Object.entries(changes)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
