/**
 * The boundary. Everything that a rerun must not repeat goes through it. Runs an effect, or returns
 * what it returned in an earlier run.
 *
 * @param key the name of the effect, which is the same in each run
 * @param input everything that determines what the effect does
 * @param run does the effect. It gets an idempotency key, which is the same whenever this effect runs
 * @returns plain data
 */
export type Execute = (
  key: string,
  input: object,
  run: (idempotencyKey: string) => Promise<unknown>,
) => Promise<unknown>;

/** Records nothing, so each effect runs. */
export const inline: Execute = (_key, _input, run) => run(crypto.randomUUID());
