import type { Ended } from "../../scripts/run.ts";
import { readFaults } from "./places.ts";

/** Node's exit code for a program that still awaits something and has nothing left to do. */
const UNSETTLED = 13;

/**
 * What went wrong with a program, in one line, or nothing if it ended well.
 *
 * @param answers true if it is expected to print an answer, and not only to end
 */
export function faultOf(ended: Ended, answers = false): string | undefined {
  const { code, stdout } = ended;
  const answered = /^A:$/m.test(stdout);
  if (code === 0 && (answered || !answers)) return undefined;
  const { fault, rest } = readFaults(ended.stderr);
  if (fault) return answered ? `the program answered, but then: ${fault}` : fault;
  if (code === UNSETTLED) return "the program waited for a promise that is never settled";
  const error = rest.split("\n").find((line) => /^error: /.test(line));
  if (error) return `the program ended with ${error}`;
  return `the program ended with ${code === 0 ? "exit code 0 and no answer" : code}`;
}
