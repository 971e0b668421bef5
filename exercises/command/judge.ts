import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../scripts/chapters.ts";
import { compiledOf } from "../../scripts/run.ts";
import type { Files } from "../../scripts/exercises/files.ts";
import { type Exercise, FOLDER, type Verdict } from "../../scripts/exercises/list.ts";
import { type Check, Unmet } from "../support/check.ts";
import { programOf } from "../support/program.ts";

/**
 * Runs the check of an exercise on a program made of these files.
 *
 * @param signal ends the program, when nobody waits for the verdict any more
 * @throws an error that is not the program's but the check's own
 */
export async function judge(
  exercise: Exercise,
  files: Files,
  signal?: AbortSignal,
): Promise<Verdict> {
  const file = compiledOf(join(ROOT, FOLDER, exercise.name, "check.ts"));
  const { check }: { check: Check } = await import(pathToFileURL(file).href);
  const program = programOf(exercise, files, signal);
  try {
    return { passed: true, sentence: await check(program) };
  } catch (error) {
    if (!(error instanceof Unmet)) throw error;
    return { passed: false, sentence: error.message };
  } finally {
    program.remove();
  }
}
