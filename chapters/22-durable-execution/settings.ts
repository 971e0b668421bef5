import { isWorldKept, worldFile } from "../../mock-tools/world.ts";
import type { Engine } from "../../shared/engine/engine.ts";
import { expectMoment } from "../../shared/kill.ts";
import { addSettings } from "../../shared/settings.ts";

const { RUN, RESTATE_INGRESS_URL, RESTATE_ADMIN_URL } = process.env;

addSettings({
  RUN: "the name of the run: under the same name, it goes on where it has stopped",
  KILL_AT: 'kill the program then, for example "recorded 2 calls"',
  RESTATE_INGRESS_URL: "where an engine takes questions, instead of one of our own",
  RESTATE_ADMIN_URL: "where services are registered with it",
});

/** Where an engine is, and what tells that it is lost for good. */
export type Address = Pick<Engine, "ingress" | "admin" | "lost">;

export type Settings = {
  /** What the engine knows the run by. */
  readonly run: string;
  /** Where the engine is, or the folder for the data of one that is to be started. */
  readonly engine: Address | string;
  /** True if nobody can ask for the run again, so that its data need not stay. */
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
  // A run that went on in another world would find none of the e-mails that it has sent.
  if (RUN && !isWorldKept)
    throw new Error("RUN needs a WORLD_DIR, where e-mails outlive the program");
  const run = RUN || crypto.randomUUID();
  if (RESTATE_INGRESS_URL && RESTATE_ADMIN_URL) {
    // Nobody tells whether somebody else's engine is lost.
    const { signal: lost } = new AbortController();
    const engine = { ingress: RESTATE_INGRESS_URL, admin: RESTATE_ADMIN_URL, lost };
    return { run, engine, temporary: false };
  }
  return { run, engine: worldFile(`engine-${run}`), temporary: !RUN };
}
