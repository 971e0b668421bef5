// For authors: lays a stage of an exercise as files to edit, and saves the files as the patch of a stage.
// npx tsx scripts/exercises/author.ts lay 04-order start
// npx tsx scripts/exercises/author.ts save 04-order solution
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chapterFiles, type Files, filesAt, patchBetween, type Stage } from "./files.ts";
import { type Exercise, exercises, FOLDER } from "./list.ts";
import { folderOf, readOwn, writeOwn } from "./own.ts";

/** Files whose comments name the exercise's folder, as they are in the chapter, or the other way round. */
function replaceIn(files: Files, from: string, to: string): Files {
  return new Map([...files].map(([name, text]) => [name, text.replace(from, to)]));
}

function save(exercise: Exercise, stage: Stage): void {
  const base = stage === "start" ? chapterFiles(exercise) : filesAt(exercise, "start");
  const own = `${FOLDER}/${exercise.name}/`;
  const original = `chapters/${exercise.chapter.folder}/`;
  const [from, to] = [base, readOwn(exercise)].map((files) => replaceIn(files, own, original));
  if (!from || !to) return;
  writeFileSync(join(folderOf(exercise), `${stage}.patch`), patchBetween(from, to));
}

function readStage(word = ""): Stage {
  if (word === "start" || word === "solution") return word;
  const [, rest] = /^wrong-([a-z-]+)$/.exec(word) ?? [];
  if (rest === undefined) throw new Error(`expected start, solution or wrong-NAME, got ${word}`);
  return `wrong-${rest}`;
}

const [action, name, word] = process.argv.slice(2);
const exercise = exercises().find((one) => one.name === name);
if (!exercise) throw new Error(`expected an exercise's folder, got ${name}`);
// Laying replaces the files there, so it must be what was asked for.
if (action === "lay") writeOwn(exercise, filesAt(exercise, readStage(word)));
else if (action === "save") save(exercise, readStage(word));
else throw new Error(`expected lay or save, got ${action}`);
