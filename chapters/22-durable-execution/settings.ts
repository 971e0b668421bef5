import { isWorldKept, worldFile } from "../../mock-tools/world.ts";
import type { Engine } from "../../shared/engine/engine.ts";
import { expectMoment } from "../../shared/kill.ts";
import { addSettings } from "../../shared/settings.ts";

const { RUN, RESTATE_INGRESS_URL, RESTATE_ADMIN_URL } = process.env;

addSettings({
  RUN: "the name of the run: with the same name, it goes on where it stopped",
  KILL_AT: 'kill the program at this moment, for example "recorded 2 calls"',
  RESTATE_INGRESS_URL: "where a running engine takes questions; without it, one is started",
  RESTATE_ADMIN_URL: "where services are registered with that engine",
});

/** The addresses of an engine, and a signal that is aborted if the engine is lost for good. */
export type Address = Pick<Engine, "ingress" | "admin" | "lost">;

export type Settings = {
  /** The name of the run at the engine. */
  readonly run: string;
  /** The engine's addresses, or the data folder for an engine that must be started. */
  readonly engine: Address | string;
  /** True if nobody can ask for the run again, so its data may be removed. */
  readonly temporary: boolean;
};

/** Reads the settings. Throws an error that says what was expected, if they do not fit together. */
export function readSettings(): Settings {
  expectMoment();
  if (Boolean(RESTATE_INGRESS_URL) !== Boolean(RESTATE_ADMIN_URL)) {
    throw new Error("expected both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL, or none of them");
  }
  if (RUN && !/^[\w-]{1,40}$/.test(RUN)) {
    throw new Error(`expected up to 40 letters, digits, - and _ in RUN, got ${RUN}`);
  }
  // In another world, a run that goes on would not find the e-mails that it has sent.
  if (RUN && !isWorldKept)
    throw new Error("RUN needs a WORLD_DIR, where e-mails outlive the program");
  const run = RUN || crypto.randomUUID();
  if (RESTATE_INGRESS_URL && RESTATE_ADMIN_URL) {
    // For an engine of somebody else, this signal is never aborted.
    const { signal: lost } = new AbortController();
    const engine = { ingress: RESTATE_INGRESS_URL, admin: RESTATE_ADMIN_URL, lost };
    return { run, engine, temporary: false };
  }
  return { run, engine: worldFile(`engine-${run}`), temporary: !RUN };
}
