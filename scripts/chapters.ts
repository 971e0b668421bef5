import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** The folder that holds the book. */
export const ROOT = join(import.meta.dirname, "..");

/** The folder that programs run from: a compiled copy if the tests have made one, otherwise the book. */
export function bookFolder(): string {
  return process.env.COMPILED_BOOK || ROOT;
}

/** The pages that belong to no chapter, as paths from the root. */
export const APPENDICES = ["chapters/GLOSSARY.md", "chapters/RELIABILITY.md"] as const;

/** Every chapter of the book, and the number of its base. */
const TREE = new Map([
  ["01-structured-output", ""],
  ["02-tool-use", "01"],
  ["03-agent-loop", "02"],
  ["04-parallel-tools", "03"],
  ["05-error-recovery", "04"],
  ["06-retries", "05"],
  ["07-tool-runners", "05"],
  ["08-tracing", "07"],
  ["09-async-tools", "07"],
  ["10-cancellation", "07"],
  ["11-dynamic-parallelism", "07"],
  ["12-exclusive-tools", "07"],
  ["13-dependency-detection", "12"],
  ["14-native-tools", "07"],
  ["15-parallel-knobs", "14"],
  ["16-providers", "15"],
  ["17-streaming", "14"],
  ["18-tool-output", "14"],
  ["19-background-tools", "14"],
  ["20-human-approval", "14"],
  ["21-replay", "14"],
  ["22-durable-execution", "21"],
  ["23-scale-out", "22"],
]);

export type Chapter = {
  readonly number: string;
  readonly folder: string;
  /** main.ts, as a path from the root. */
  readonly file: string;
  readonly source: string;
  /** The first two lines of main.ts: "Parallel tools", and the claim in one sentence. */
  readonly title: string;
  readonly claim: string;
  /** The number of its base; empty for the first chapter. */
  readonly base: string;
};

function load(folder: string, base: string): Chapter {
  const file = `chapters/${folder}/main.ts`;
  const source = readFileSync(join(ROOT, file), "utf8");
  const [title = "", claim = ""] = source
    .split("\n")
    .map((line) => line.replace(/^\/\/ (\d\d · )?/, ""));
  return { number: folder.slice(0, 2), folder, file, source, title, claim, base };
}

let loaded: readonly Chapter[] | undefined;

/** The chapters that are in the book so far, in order. Their files are read once. */
export function chapters(): readonly Chapter[] {
  loaded ??= [...TREE]
    .filter(([folder]) => existsSync(join(ROOT, "chapters", folder)))
    .map(([folder, base]) => load(folder, base));
  return loaded;
}

/**
 * Finds a chapter by number ("4", "04"), folder ("04-parallel-tools") or path.
 *
 * @throws an error that names the chapters there are
 */
export function findChapter(name: string): Chapter {
  const wanted = name.replace(/\/(main\.ts)?$/, "").replace(/^.*\//, "");
  const all = chapters();
  const found = all.find(({ number, folder }) => {
    return folder === wanted || folder.slice(3) === wanted || number === wanted.padStart(2, "0");
  });
  if (found) return found;
  const known = all.map(({ folder }) => folder).join(", ");
  throw new Error(`there is no chapter ${name}; there are ${known}`);
}

/** The planned chapters, in order, each as its number and the words of its folder: "23 scale out". */
export function planned(): string[] {
  const written = new Set(chapters().map(({ folder }) => folder));
  const left = [...TREE.keys()].filter((folder) => !written.has(folder));
  return left.map((folder) => folder.replaceAll("-", " "));
}

/**
 * "[03 · Agent loop](…)" for a chapter that is in the book, "a later chapter" for one that is planned.
 *
 * @param page the page that holds the link, as a path from the root; or else a page of a chapter
 * @throws an error that names the chapters there are, for any other number
 */
export function linkTo(number: string, page = "chapters/NN-name/README.md"): string {
  if (planned().some((words) => words.startsWith(`${number} `))) return "a later chapter";
  const { title, folder } = findChapter(number);
  const path = posix.relative(posix.dirname(page), `chapters/${folder}/README.md`);
  return `[${number} · ${title}](${path})`;
}
