// Fits the patches of exercises to a chapter that has changed, by three-way merges.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../chapters.ts";
import { chapterFiles, type Files, patch, patchBetween, readPatch, wrongStages } from "./files.ts";
import type { Stage } from "./files.ts";
import { type Exercise, FOLDER } from "./list.ts";
import { exercisesOf } from "./names.ts";
import { folderOf, writeOwn } from "./own.ts";

function git(...args: string[]): { status: number | null; stdout: string } {
  return spawnSync("git", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 26 });
}

/** A program before and after a patch. */
type Change = { readonly before: Files; readonly after: Files };

/** Applies a patch, or gives nothing if it does not fit. */
function tryPatch(files: Files, text: string): Files | undefined {
  try {
    return patch(files, text, "a patch");
  } catch {
    return undefined;
  }
}

/** The files of a chapter in a commit. */
function filesIn(commit: string, { chapter }: Exercise): Files {
  const path = `chapters/${chapter.folder}/`;
  const names = git("ls-tree", "-r", "--name-only", commit, path).stdout.split("\n");
  const files = names.filter((name) => name.endsWith(".ts"));
  return new Map(
    files.map((name) => [name.slice(path.length), git("show", `${commit}:${name}`).stdout]),
  );
}

/** The patch of a stage as it was committed last. */
function committedPatch({ name }: Exercise, stage: Stage): string {
  return git("show", `HEAD:${FOLDER}/${name}/${stage}.patch`).stdout;
}

/** What a stage changed in the last version of the chapter that its patches fit. */
function findChange(exercise: Exercise, stage: Stage): Change | undefined {
  const path = `chapters/${exercise.chapter.folder}`;
  const commits = git("log", "--format=%H", "--", path).stdout.split("\n").filter(Boolean);
  for (const commit of commits) {
    const original = filesIn(commit, exercise);
    const start = tryPatch(original, committedPatch(exercise, "start"));
    if (start && stage === "start") return { before: original, after: start };
    const after = start && tryPatch(start, committedPatch(exercise, stage));
    if (start && after) return { before: start, after };
  }
  return undefined;
}

/** Merges what changed in a file into the file as it is now; conflicts are marked as git marks them. */
function mergeFile(
  now: string,
  before: string,
  after: string,
): { text: string; conflicts: number } {
  const folder = mkdtempSync(join(tmpdir(), "refresh-"));
  const paths = [now, before, after].map((text, index) => {
    const path = join(folder, String(index));
    writeFileSync(path, text);
    return path;
  });
  const { status, stdout } = git(
    "merge-file",
    "-p",
    "-L",
    "now",
    "-L",
    "before",
    "-L",
    "after",
    ...paths,
  );
  rmSync(folder, { recursive: true });
  return { text: stdout, conflicts: status ?? 1 };
}

function merge(now: Files, { before, after }: Change): { files: Files; conflicts: number } {
  const names = [...after.keys()].filter((name) => before.get(name) !== after.get(name));
  const merged = names.map((name) => {
    const [own = "", old = "", changed = ""] = [now, before, after].map((files) => files.get(name));
    return { name, ...mergeFile(own, old, changed) };
  });
  const files = new Map([...now, ...merged.map(({ name, text }) => [name, text] as const)]);
  return { files, conflicts: merged.reduce((sum, { conflicts }) => sum + conflicts, 0) };
}

/** Lays what a merge could not decide, unless the author has files of their own there. */
function layConflicts(exercise: Exercise, stage: Stage, files: Files): string {
  const own = join(folderOf(exercise), "main.ts");
  if (existsSync(own)) return `move ${FOLDER}/${exercise.name}/main.ts away, and refresh again`;
  writeOwn(exercise, files);
  return `decide the conflicts in ${FOLDER}/${exercise.name}, then: npx tsx scripts/exercises/author.ts save ${exercise.name} ${stage}`;
}

/** Fits one stage to the files that it is a patch on. Says what was done, and gives the fitted files. */
function fitStage(exercise: Exercise, stage: Stage, now: Files): { said: string; files?: Files } {
  const fitting = tryPatch(now, readPatch(exercise, stage));
  if (fitting) return { said: "fits", files: fitting };
  const change = findChange(exercise, stage);
  if (!change) return { said: "fits no version of the chapter; write it anew" };
  const { files, conflicts } = merge(now, change);
  if (conflicts > 0) return { said: layConflicts(exercise, stage, files) };
  writeFileSync(join(folderOf(exercise), `${stage}.patch`), patchBetween(now, files));
  return { said: "merged", files };
}

/**
 * Fits the patches of a chapter's exercises to the chapter as it is, and prints what was done and what is
 * left to do by hand.
 *
 * @throws an error if the word is no chapter's number
 */
export function refresh(word = ""): void {
  const all = exercisesOf(word);
  if (all.length === 0)
    throw new Error(`expected the number of a chapter, got ${word || "nothing"}`);
  for (const exercise of all) {
    const start = fitStage(exercise, "start", chapterFiles(exercise));
    console.log(`${exercise.name} start: ${start.said}`);
    if (!start.files) continue;
    for (const stage of ["solution", ...wrongStages(exercise)] satisfies Stage[]) {
      console.log(`${exercise.name} ${stage}: ${fitStage(exercise, stage, start.files).said}`);
    }
  }
}
