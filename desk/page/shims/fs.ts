// node:fs over the files in memory. Folders need not be made.
import { change, files } from "../memory.ts";

export function existsSync(path: unknown): boolean {
  return files.has(String(path));
}

export function readFileSync(path: string): string {
  const text = files.get(path);
  if (text !== undefined) return text;
  const message = `ENOENT: no such file or directory, open '${path}'`;
  throw Object.assign(new Error(message), { code: "ENOENT" });
}

export function appendFileSync(path: string, text: string): void {
  change("append", path, text);
}

export function writeFileSync(path: string, text: string): void {
  change("write", path, text);
}

export function rmSync(path: string): void {
  const inside = [...files.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
  for (const name of inside) change("remove", name);
}

export function mkdirSync(): void {
  // A file in memory needs no folder.
}

export function renameSync(from: string, to: string): void {
  const moved = [...files].filter(([name]) => name.startsWith(`${from}/`));
  for (const [name, text] of moved) {
    change("write", to + name.slice(from.length), text);
    change("remove", name);
  }
}

export function realpathSync(path: string): string {
  return path;
}
