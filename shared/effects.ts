/**
 * The boundary: what a rerun must not do twice goes through it. Runs an effect, or returns what it
 * returned in an earlier run.
 *
 * @param key the name of the effect, which is the same in each run
 * @param input all that decides what the effect does
 * @param run does it. It is given an idempotency key: the same one whenever this effect is run
 * @returns plain data
 */
export type Execute = (
  key: string,
  input: object,
  run: (idempotencyKey: string) => Promise<unknown>,
) => Promise<unknown>;

/** Remembers nothing, so each effect runs. */
export const inline: Execute = (_key, _input, run) => run(crypto.randomUUID());
