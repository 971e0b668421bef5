import { runInNewContext } from "node:vm";

/** A reply takes a few milliseconds, so this is far more than an ordinary request needs. */
const LONGEST_MS = 1_000;

/**
 * Runs a function and returns its value. Throws its error, or an error if it has not ended after
 * a second. A pattern of twenty letters can keep a regular expression busy for ever, and only the
 * limit of a `node:vm` context can stop it.
 */
export function runBriefly<Result>(work: () => Result): Result {
  return runInNewContext("work()", { work }, { timeout: LONGEST_MS });
}
