import { join } from "node:path";
import { type Engine, openEngine } from "../../shared/engine/engine.ts";
import { findEngine } from "../../shared/engine/install.ts";
import { expectThat } from "./unmet.ts";
import { freshFolder } from "./folder.ts";

/** @throws Unmet if the engine is not installed */
export function expectEngine(): void {
  expectThat(findEngine(), "the engine is not installed: `npm run durable:setup` installs it");
}

/** An engine that outlives the programs of a check, and the settings with which they use it. */
export type Beside = Pick<Engine, "ingress" | "admin"> & {
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Starts an engine, runs a function, and ends the engine.
 *
 * @throws Unmet if the engine is not installed
 */
export async function withEngine<Value>(act: (beside: Beside) => Promise<Value>): Promise<Value> {
  expectEngine();
  const world = freshFolder();
  const engine = await openEngine(join(world, "engine"), { temporary: true });
  const { ingress, admin } = engine;
  const env = { WORLD_DIR: world, RESTATE_INGRESS_URL: ingress, RESTATE_ADMIN_URL: admin };
  try {
    return await act({ ingress, admin, env });
  } finally {
    await engine.close();
  }
}
