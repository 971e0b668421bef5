// Notes the times of the first reply in each run of an agent, so that a timeline can separate the runs.
import { now } from "../mock-tools/notes.ts";

const firsts: number[] = [];

/** Notes that the reply of this step has come. */
export function noteStep(step: number): void {
  if (step === 1) firsts.push(now());
}

/** Returns and forgets the noted times, in milliseconds since 1970. */
export function takeRuns(): number[] {
  return firsts.splice(0);
}
