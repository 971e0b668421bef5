// When the runs of an agent had their first replies, so that a timeline can tell the runs apart.
import { now } from "../mock-tools/notes.ts";

const firsts: number[] = [];

/** Notes that a reply has come, of the step with this number. */
export function noteStep(step: number): void {
  if (step === 1) firsts.push(now());
}

/** When each run since the last time had its first reply, in milliseconds since 1970. */
export function takeRuns(): number[] {
  return firsts.splice(0);
}
