import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { applyPatch, createTwoFilesPatch, parsePatch } from "diff";
import { ROOT } from "../chapters.ts";
import { type Exercise, FOLDER } from "./list.ts";

/** The contents of a program's files, by name: "main.ts" and what stands beside it, also "trace/bars.ts". */
export type Files = ReadonlyMap<string, string>;

/** A state of an exercise: how it begins, a right answer, or a wrong one that looks right. */
export type Stage = "start" | "solution" | `wrong-${string}`;

/** The TypeScript files in a folder and in its subfolders, as paths with slashes. */
export function programFiles(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => path.endsWith(".ts")).map((path) => path.replaceAll("\\", "/"));
}

/** The TypeScript files of a chapter. */
export function chapterFiles({ chapter }: Exercise): Files {
  const folder = join(ROOT, "chapters", chapter.folder);
  const names = programFiles(folder);
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** The patch of a stage; empty if the stage changes nothing. */
export function readPatch({ name }: Exercise, stage: Stage): string {
  const file = join(ROOT, FOLDER, name, `${stage}.patch`);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/**
 * Applies a patch, each of its lines as it stands in the files.
 *
 * @param what the name of the patch, for the error
 * @throws an error that names the patch and the file if a line is not there
 */
export function patch(files: Files, text: string, what: string): Files {
  const result = new Map(files);
  for (const part of parsePatch(text)) {
    // An empty patch is one part without a name.
    if (part.newFileName === undefined) continue;
    const name = part.newFileName.replace(/^b\//, "");
    const changed = applyPatch(files.get(name) ?? "", part, { fuzzFactor: 0 });
    if (changed === false) throw new Error(`${what} does not fit ${name}`);
    result.set(name, changed);
  }
  return result;
}

/** The patch between two programs, in the form of git. */
export function patchBetween(from: Files, to: Files): string {
  const names = [...to.keys()].filter((name) => from.get(name) !== to.get(name));
  return names
    .map((name) => {
      const [before = "", after = ""] = [from.get(name), to.get(name)];
      const text = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, "", "", {
        context: 3,
      });
      return text.replace(/^=+\n/, "").replaceAll(/^(---|\+\+\+) (.*)\t$/gm, "$1 $2");
    })
    .join("");
}

/** The names of the wrong answers of an exercise. */
export function wrongStages({ name }: Exercise): Stage[] {
  return readdirSync(join(ROOT, FOLDER, name)).flatMap((file): Stage[] => {
    const [, stage] = /^wrong-(.*)\.patch$/.exec(file) ?? [];
    return stage === undefined ? [] : [`wrong-${stage}`];
  });
}

/** A path in the comment at the top of a chapter leads to the chapter; an exercise's leads to itself. */
function aimAtExercise(files: Files, { name, chapter }: Exercise): Files {
  const aim = (text: string) => text.replace(`chapters/${chapter.folder}/`, `${FOLDER}/${name}/`);
  return new Map([...files].map(([file, text]) => [file, file === "main.ts" ? aim(text) : text]));
}

/**
 * The files of an exercise at one of its stages. All but the start are patches on the start.
 *
 * @throws an error if a patch does not fit the chapter as it is
 */
export function filesAt(exercise: Exercise, stage: Stage): Files {
  const apply = (files: Files, one: Stage) => {
    return patch(files, readPatch(exercise, one), `${FOLDER}/${exercise.name}/${one}.patch`);
  };
  const start = apply(chapterFiles(exercise), "start");
  return aimAtExercise(stage === "start" ? start : apply(start, stage), exercise);
}
