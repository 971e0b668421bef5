// Bundles the chapters for their pages: one script that all chapters share, a small one for each chapter, and one
// for the threads. Each is a classic script that keeps its code in a function, so that a page opened from a
// file can make workers of it: a page can read the text of a function, but not that of a file.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { type Chapter, findChapter, ROOT } from "../scripts/chapters.ts";

/** The chapters that run in their pages. */
export const PLAYED: readonly string[] = "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 17 18".split(
  " ",
);

const PAGE = join(ROOT, "desk/page");
const SHARED = /^(?:shared|mock-tools)\//;
/** The packages that all chapters share; others go into the script of the chapter that needs them. */
const PACKAGES = /^(?:openai|zod|piscina)(?:\/|$)/;

/** The file that stands for a module of Node. */
function shimOf(name: string): string | undefined {
  const file = join(PAGE, "shims", `${name.replace(/^node:/, "").replace("/promises", "")}.ts`);
  return existsSync(file) ? file : undefined;
}

/** Puts the parts of a page in the place of Node and of all that needs a socket. */
const platform: Plugin = {
  name: "platform",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      // Only aimock's helpers stay in the bundle. What the rest of it needs is left out with it.
      const isLeftOut = importer.includes("aimock") && !importer.endsWith("/helpers.js");
      if (isLeftOut) return { path, namespace: "nothing", sideEffects: false };
      const file = shimOf(path);
      if (file !== undefined) return { path: file };
      throw new Error(`a page has no ${path}, which ${importer} imports`);
    });
    build.onLoad({ filter: /./, namespace: "nothing" }, () => ({
      contents: "module.exports = {};",
    }));
    build.onResolve({ filter: /^piscina$/ }, () => ({ path: join(PAGE, "shims/piscina.ts") }));
    build.onResolve({ filter: /\/trace\/record\.ts$/ }, () => ({
      path: join(PAGE, "shims/record.ts"),
    }));
    build.onResolve({ filter: /\/wire\/client\.ts$/ }, () => ({
      path: join(PAGE, "shims/client.ts"),
    }));
    // Most of aimock serves other APIs, and says nothing about what it needs.
    build.onResolve({ filter: /./ }, async ({ path, ...options }) => {
      if (options.pluginData === "aimock" || !/aimock/.test(path + options.importer)) return null;
      const found = await build.resolve(path, { ...options, pluginData: "aimock" });
      return { ...found, sideEffects: false };
    });
  },
};

/** A constant of a chapter that a reader may change: its name and its number. */
export type Knob = { readonly name: string; readonly value: number };

const CONSTANT = /^const ([A-Z][A-Z_]*) = (\d[\d_]*);$/gm;

/** Finds the constants of a chapter's main.ts that are numbers. */
export function knobsOf({ file }: Chapter): Knob[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(CONSTANT)].map(([, name = "", digits = ""]) => {
    return { name, value: Number(digits.replaceAll("_", "")) };
  });
}

const options = {
  bundle: true,
  write: false,
  format: "esm",
  platform: "browser",
  target: "es2022",
  legalComments: "none",
  logLevel: "silent",
  absWorkingDir: ROOT,
} as const satisfies BuildOptions;

/**
 * Checks that each number of the chapter can be set from its page.
 *
 * @throws an error if a number is not read in exactly one place
 */
function checkKnobs(chapter: Chapter, code: string): void {
  for (const { name } of knobsOf(chapter)) {
    const count = code.split(`knob("${name}",`).length - 1;
    if (count !== 1)
      throw new Error(`${chapter.file} reads ${name} in ${count} places, not in one`);
  }
}

/** Bundles one chapter without what all share. Notes which shared modules it needs. */
async function bundleChapter(chapter: Chapter, needed: Map<string, string>): Promise<string> {
  const { file, folder, number } = chapter;
  const shared: Plugin = {
    name: "shared",
    setup(build) {
      build.onResolve({ filter: /./ }, ({ path, importer, namespace }) => {
        if (namespace !== "file" || path.startsWith("node:")) return null;
        const isFile = path.startsWith(".");
        const name = isFile ? relative(ROOT, resolve(dirname(importer), path)) : path;
        if (!(isFile ? SHARED : PACKAGES).test(name)) return null;
        needed.set(name, isFile ? join(ROOT, name) : path);
        return { path: name, namespace: "shared" };
      });
      build.onLoad({ filter: /./, namespace: "shared" }, ({ path }) => {
        return { contents: `module.exports = modules[${JSON.stringify(path)}];`, loader: "js" };
      });
      build.onLoad({ filter: /\/main\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        return { contents: text.replace(CONSTANT, 'const $1 = knob("$1", $2);'), loader: "ts" };
      });
    },
  };
  const { outputFiles } = await build({
    ...options,
    stdin: { contents: `import "./${file}";`, resolveDir: ROOT },
    define: {
      "import.meta.url": JSON.stringify(`file:///chapters/${folder}/main.ts`),
      "import.meta.dirname": JSON.stringify(`/chapters/${folder}`),
    },
    plugins: [shared, platform],
  });
  const code = outputFiles[0]?.text ?? "";
  checkKnobs(chapter, code);
  return `(self.chapters ??= {})["${number}"] = {
file: "/${file}",
run: async (modules, knob) => {
${code}}};
`;
}

/** Puts other files in the place of some, both as paths from the root. */
export type Swaps = Readonly<Record<string, string>>;

function swapping(swaps: Swaps): Plugin {
  return {
    name: "swaps",
    setup(build) {
      build.onResolve({ filter: /^\.+\// }, ({ path, importer }) => {
        const other = swaps[relative(ROOT, resolve(dirname(importer), path))];
        return other === undefined ? null : { path: join(ROOT, other) };
      });
    },
  };
}

/** Bundles everything that the chapters share. */
async function bundleBook(needed: ReadonlyMap<string, string>, swaps: Swaps): Promise<string> {
  // Chapters are bundled at the same time, so the order in which they need modules varies.
  const names = [...needed].toSorted();
  const imports = names.map(([, path], index) => `import * as m${index} from "${path}";`);
  const entries = names.map(([name], index) => `${JSON.stringify(name)}: m${index}`);
  const contents = `import * as program from "./desk/page/program.ts";
${imports.join("\n")}
export { program };
export const modules = { ${entries.join(", ")} };`;
  const { outputFiles } = await build({
    ...options,
    format: "iife",
    globalName: "book",
    minify: true,
    stdin: { contents, resolveDir: ROOT },
    define: { "import.meta.url": '"file:///book.js"' },
    plugins: [swapping(swaps), platform],
  });
  return `self.book = function () {\n${outputFiles[0]?.text ?? ""}return book;\n};\n`;
}

async function bundleThread(swaps: Swaps): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    format: "iife",
    minify: true,
    entryPoints: [join(PAGE, "thread.ts")],
    plugins: [swapping(swaps), platform],
  });
  return `self.thread = function () {\n${outputFiles[0]?.text ?? ""}};\n`;
}

/** Bundles what draws a run. The page calls it as `panel.play`. */
async function bundlePanel(): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    format: "iife",
    globalName: "panel",
    minify: true,
    entryPoints: [join(PAGE, "panel.ts")],
    plugins: [platform],
  });
  return outputFiles[0]?.text ?? "";
}

/**
 * The scripts with which the chapters run in their pages, by their paths from the root of the site.
 *
 * @param numbers the chapters; tests need only some
 * @param swaps for tests: files of shared or mock-tools that are replaced by others
 */
export async function pageScripts(
  numbers = PLAYED,
  swaps: Swaps = {},
): Promise<Readonly<Record<string, string>>> {
  const needed = new Map<string, string>();
  const chapters = await Promise.all(
    numbers.map(async (number) => {
      return [`play/${number}.js`, await bundleChapter(findChapter(number), needed)] as const;
    }),
  );
  const [book, thread, panel] = await Promise.all([
    bundleBook(needed, swaps),
    bundleThread(swaps),
    bundlePanel(),
  ]);
  const shared = { "play/book.js": book, "play/thread.js": thread, "play/panel.js": panel };
  return { ...Object.fromEntries(chapters), ...shared };
}
