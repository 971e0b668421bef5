import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, posix } from "node:path";
import { build, type BuildOptions, transformSync } from "esbuild";
import { atEnd } from "../mock-tools/at-end.ts";
import { bookFolder, ROOT } from "./chapters.ts";

const PARTS = [
  "chapters",
  "shared",
  "mock-tools",
  "scripts",
  "bench",
  "test",
  "exercises",
  "README.md",
  "CONTRIBUTING.md",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];

/** The packages, and what a reader has made of the exercises. */
const LEFT_OUT =
  /\/node_modules$|\/exercises\/(\.progress\.json|\d\d-[^/]+\/(?!check\.ts$).*\.ts)$/;

/** Where the engine is installed. It is large, so a copy gets a link to it. */
const ENGINE = "shared/engine/node_modules";

/** The folder of the packages: in the book, or above it if the book is itself a copy. A copy may have bundles. */
const PACKAGES =
  [ROOT, dirname(ROOT)]
    .map((folder) => join(folder, "node_modules"))
    .find((folder) => existsSync(join(folder, "tsx"))) ?? "";

const copies: string[] = [];
atEnd(() => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true });
});

/** Copies the book. The copy finds its packages in the folder above, or uses bundles of its own. */
function copyFolder(from: string, parts: readonly string[] = PARTS): string {
  const above = mkdtempSync(join(tmpdir(), "the-agent-loop-"));
  copies.push(above);
  symlinkSync(PACKAGES, join(above, "node_modules"), "junction");
  const folder = join(above, "book");
  const filter = (file: string): boolean => !LEFT_OUT.test(file.replaceAll("\\", "/"));
  for (const part of parts)
    cpSync(join(from, part), join(folder, part), { recursive: true, filter });
  if (existsSync(join(ROOT, ENGINE))) {
    symlinkSync(join(ROOT, ENGINE), join(folder, ENGINE), "junction");
  }
  if (from !== ROOT) symlinkSync(join(from, BUNDLES), join(folder, BUNDLES), "junction");
  return folder;
}

/**
 * Changes files in a copy of the book, as a reader would in an editor.
 *
 * @param folder a copy of `from`
 * @param changes new contents by path from the root, such as "mock-tools/weather.ts"
 */
export function changeCopy(
  folder: string,
  changes: Readonly<Record<string, string>>,
  from = bookFolder(),
): void {
  for (const [path, text] of Object.entries(changes)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (from !== ROOT && path.endsWith(".ts")) {
      const places = { sourcemap: "inline", sourcefile: basename(path) } as const;
      const { code } = transformSync(text, { ...COMPILE, ...places, loader: "ts" });
      writeFileSync(toJs(file), aimAtJs(code));
    }
  }
}

/**
 * Copies the book to a new folder and changes files in it.
 *
 * @param changes new contents by path from the root, such as "mock-tools/weather.ts"
 * @param from the book to copy: by default the folder that programs run from
 * @param parts what is copied, as paths from the root: by default all that programs and tests need
 * @returns the folder; it is removed when the process ends
 */
export function copyBook(
  changes: Readonly<Record<string, string>> = {},
  from = bookFolder(),
  parts: readonly string[] = PARTS,
): string {
  const folder = copyFolder(from, parts);
  changeCopy(folder, changes, from);
  return folder;
}

const COMPILE = { format: "esm", target: "node20", logLevel: "error" } satisfies BuildOptions;

function toJs(file: string): string {
  return file.replace(/\.ts$/, ".js");
}

/** Imports and the thread's entry name TypeScript files. Compiled code needs the .js files beside them. */
function aimAtJs(code: string): string {
  return (
    code
      .replaceAll(/((?:from|import)\s*\(?\s*["'`]\.[^"'`]*)\.ts(["'`])/g, "$1.js$2")
      // The pattern does not stand here as a whole, since this file is compiled as well.
      .replaceAll(/(\/mock-tools\/worker)\.ts`/g, "$1.js`")
  );
}

/** The lines at the top of a chapter. --help prints them, but the compiler drops them. */
function headerOf(source: string): string {
  return /^(?:\/\/.*\n)*/.exec(source)?.[0] ?? "";
}

const BUNDLES = "node_modules";

/**
 * Packages with very many files: finding them takes a fifth of a short program's time. Each with the
 * modules that the book imports.
 */
const BUNDLED = new Map([
  ["openai", [".", "./helpers/zod", "./lib/responses/ResponseInputItems"]],
  ["zod", ["."]],
  ["@copilotkit/aimock", ["."]],
  ["@anthropic-ai/sdk", ["."]],
  ["@google/genai", ["."]],
]);

/** Bundles each of these modules into one file, in a folder where Node looks first. */
async function bundlePackages(folder: string): Promise<void> {
  const outdir = join(folder, BUNDLES);
  const modules = [...BUNDLED].flatMap(([name, paths]) => {
    return paths.map((path) => posix.join(name, path));
  });
  await build({
    ...COMPILE,
    entryPoints: modules.map((module) => ({ in: module, out: posix.join(module, "index") })),
    outdir,
    absWorkingDir: ROOT,
    bundle: true,
    // Code that two bundles share, such as zod, must exist once.
    splitting: true,
    platform: "node",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  for (const [name, paths] of BUNDLED) {
    const exports = Object.fromEntries(paths.map((path) => [path, `${path}/index.js`]));
    const manifest = { name, type: "module", exports };
    writeFileSync(join(outdir, name, "package.json"), JSON.stringify(manifest));
  }
}

/**
 * Copies the book to a new folder with a JavaScript file beside each program, and with its largest
 * packages in one file each. Node runs the copy at once; loading TypeScript takes longer than the rest
 * of a chapter.
 *
 * @returns the folder; it is removed when the process ends
 */
export async function compileBook(): Promise<string> {
  const folder = copyFolder(ROOT);
  const files = [
    "chapters",
    "shared",
    "mock-tools",
    "scripts",
    "test/programs",
    "test/support",
    "test/worlds",
    "exercises",
  ]
    .flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder, part, file),
      ),
    )
    .filter((file) => file.endsWith(".ts"));
  await build({ ...COMPILE, entryPoints: files, outdir: folder, outbase: folder });
  await bundlePackages(folder);
  for (const file of files) {
    const code = aimAtJs(readFileSync(toJs(file), "utf8"));
    writeFileSync(toJs(file), headerOf(readFileSync(file, "utf8")) + code);
  }
  return folder;
}
