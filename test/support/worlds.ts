import { copyBook } from "../../scripts/copy.ts";

const folders = new Map<string, string>();

/**
 * The content of a file that exports what another file of the book exports.
 *
 * @param root the path from the file's folder to the root of the book
 */
export function like(file: string, root = ".."): string {
  return `export * from "${root}/${file}";\n`;
}

/**
 * A copy of the book with the weather of a file in test/worlds, such as "nasty". It is made once
 * for many tests, so a test must not change it.
 */
export function worldOf(name: string): string {
  const made = folders.get(name);
  if (made !== undefined) return made;
  const folder = copyBook({ "mock-tools/weather.ts": like(`test/worlds/${name}.ts`) });
  folders.set(name, folder);
  return folder;
}
