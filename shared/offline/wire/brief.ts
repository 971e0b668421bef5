import { runInNewContext } from "node:vm";

/** A reply takes some milliseconds, so this is far more than any honest request needs. */
const LONGEST_MS = 1_000;

/**
 * Runs a function and returns what it returns. Throws what it throws, or an error if it has not ended
 * after a second: a pattern of twenty letters can keep a regular expression busy for ever, and no
 * other thing than the virtual machine's own limit can stop one.
 */
export function runBriefly<Result>(work: () => Result): Result {
  return runInNewContext("work()", { work }, { timeout: LONGEST_MS });
}
