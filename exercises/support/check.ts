import type { Program } from "./program.ts";

export { expectThat, Unmet } from "./unmet.ts";

/**
 * A check of an exercise. It runs the reader's program and returns in one sentence what it saw.
 *
 * @throws Unmet if the program is not right yet; its message is one sentence for the reader
 */
export type Check = (program: Program) => Promise<string>;
