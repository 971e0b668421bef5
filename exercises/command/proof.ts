import { filesAt, type Stage, wrongStages } from "../../scripts/exercises/files.ts";
import type { Exercise, Verdict } from "../../scripts/exercises/list.ts";
import { judge } from "./judge.ts";

/** The verdict on a stage of an exercise, and what is wrong with it, if it is not as it must be. */
export type Proof = Verdict & { readonly fault: string | undefined };

/** All stages of an exercise that its check must tell apart. */
export function stagesOf(exercise: Exercise): Stage[] {
  return ["start", "solution", ...wrongStages(exercise)];
}

function faultOf(exercise: Exercise, stage: Stage, { passed, sentence }: Verdict) {
  if (stage === "solution") return passed ? undefined : `the solution fails: ${sentence}`;
  if (passed) return `${stage} passes: ${sentence}`;
  if (stage !== "start" || sentence === exercise.says) return undefined;
  return `task.md promises "${exercise.says}", the check says "${sentence}"`;
}

/**
 * Judges a stage: the start must fail as the task promises, the solution must pass, and a wrong answer must
 * fail.
 */
export async function proveStage(exercise: Exercise, stage: Stage): Promise<Proof> {
  const verdict = await judge(exercise, filesAt(exercise, stage));
  return { ...verdict, fault: faultOf(exercise, stage, verdict) };
}
