// The reader's own files of an exercise. They are made on demand, and git ignores them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../chapters.ts";
import { type Files, filesAt, programFiles } from "./files.ts";
import { type Exercise, FOLDER } from "./list.ts";

/** The folder of an exercise. */
export function folderOf({ name }: Exercise): string {
  return join(ROOT, FOLDER, name);
}

/** The program in the folder of an exercise; empty if the reader has not begun. */
export function readOwn(exercise: Exercise): Files {
  const folder = folderOf(exercise);
  const names = programFiles(folder).filter((name) => name !== "check.ts");
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Writes files into the folder of an exercise, and replaces those that are there. */
export function writeOwn(exercise: Exercise, files: Files): void {
  for (const [name, text] of files) {
    const file = join(folderOf(exercise), name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Makes the files of the start that are missing. A file that is there is the reader's, and stays. */
export function open(exercise: Exercise): void {
  const missing = [...filesAt(exercise, "start")].filter(([name]) => {
    return !existsSync(join(folderOf(exercise), name));
  });
  writeOwn(exercise, new Map(missing));
}

/** Writes all files of the start again. */
export function reset(exercise: Exercise): void {
  writeOwn(exercise, filesAt(exercise, "start"));
}

/** True if the reader's files are those of the start. */
export function isUntouched(exercise: Exercise): boolean {
  const own = readOwn(exercise);
  return [...filesAt(exercise, "start")].every(([name, text]) => own.get(name) === text);
}
