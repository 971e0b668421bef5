// What the tools remember is kept in files, since threads and processes share no variables.
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** WORLD_DIR, or a folder of this run's own that vanishes with it and that its threads inherit. */
function openWorld(): string {
  if (process.env.WORLD_DIR) return process.env.WORLD_DIR;
  const folder = join(tmpdir(), `world-${crypto.randomUUID()}`);
  process.env.WORLD_DIR = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const folder = openWorld();

/** The place of one file of the world; its folder is there. */
export function worldFile(name: string): string {
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}
