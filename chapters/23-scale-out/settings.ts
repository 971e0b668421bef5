import { availableParallelism } from "node:os";
import { isWorldKept, worldFile } from "../../mock-tools/world.ts";
import type { Engine } from "../../shared/engine/engine.ts";
import { addSettings } from "../../shared/settings.ts";

addSettings({
  CONVERSATION: "whose questions are answered one after another",
  RUN: "the name of the run: under the same name, it goes on where it has stopped",
  WORKERS: "how many processes run calls; 0 if others do",
  APPROVALS: "off, to send e-mails without asking anybody",
  APPROVAL_SECONDS: "how long a call may be pending, 60 by default",
  RESTATE_INGRESS_URL: "where an engine takes questions, instead of one of our own",
  RESTATE_ADMIN_URL: "where services are registered with it",
  SERVICE_URL: "for agent.ts and worker.ts: where an engine on another machine finds them",
});

const { env } = process;
const MAX_SECONDS = 86_400;
const MAX_WORKERS = 64;

/** Where an engine is, and what tells that it is lost for good. */
export type Address = Pick<Engine, "ingress" | "admin" | "lost">;

/** The engine that the settings name, if they do. */
export function readAddress(): Address | undefined {
  const { RESTATE_INGRESS_URL: ingress, RESTATE_ADMIN_URL: admin } = env;
  if (Boolean(ingress) !== Boolean(admin)) {
    throw new Error("expected both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL, or none of them");
  }
  for (const url of [ingress, admin]) {
    if (url && !URL.canParse(url)) {
      throw new Error(`expected an address such as http://127.0.0.1:8080, got ${url}`);
    }
  }
  // Nobody tells whether somebody else's engine is lost.
  const { signal: lost } = new AbortController();
  return ingress && admin ? { ingress, admin, lost } : undefined;
}

/** The engine of somebody who serves and starts none. */
export function expectAddress(): Address {
  const address = readAddress();
  if (!address) throw new Error("expected RESTATE_INGRESS_URL and RESTATE_ADMIN_URL");
  return address;
}

/** Where a service listens that has a name on the network. */
export type Place = { readonly url: string; readonly port: number };

/** The place that SERVICE_URL names, if it does. Without one, a service listens on loopback, on a free port. */
export function readPlace(): Place | undefined {
  const { SERVICE_URL: given } = env;
  if (!given) return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const port = Number(url?.port || "80");
  const isPlain = url?.protocol === "http:" && url.href === `${url.origin}/`;
  if (url && isPlain && port > 0) return { url: url.href, port };
  throw new Error(`expected an address such as http://worker:9080 in SERVICE_URL, got ${given}`);
}

function readName(name: "RUN" | "CONVERSATION"): string | undefined {
  const value = env[name];
  if (!value || /^[\w-]{1,40}$/.test(value)) return value || undefined;
  throw new Error(`expected up to 40 letters, digits, - and _ in ${name}, got ${value}`);
}

function readNumber(name: string, fallback: number, max: number): number {
  const given = env[name] || String(fallback);
  const number = Number(given);
  if (number >= 0 && number <= max) return number;
  throw new Error(`expected a number from 0 to ${max} in ${name}, got ${given}`);
}

/** How many seconds a call may be pending. */
export function approvalSeconds(): number {
  return readNumber("APPROVAL_SECONDS", 60, MAX_SECONDS);
}

/** True unless APPROVALS is off. It is read before anybody can be told that it is wrong. */
export function needsApproval(): boolean {
  return env.APPROVALS !== "off";
}

/** How many workers to start: one a core, unless WORKERS says otherwise. */
export function readWorkers(): number {
  const count = readNumber("WORKERS", availableParallelism(), MAX_WORKERS);
  if (Number.isInteger(count)) return count;
  throw new Error(`expected a whole number in WORKERS, got ${count}`);
}

/** Throws an error that says what was expected, if a setting of workers or of what they ask is wrong. */
export function expectSettings(): void {
  readWorkers();
  approvalSeconds();
  const { APPROVALS: setting = "" } = env;
  if (["on", "off", ""].includes(setting)) return;
  throw new Error(`expected on or off in APPROVALS, got ${setting}`);
}

export type Settings = {
  readonly conversation: string;
  /** What the engine knows the run by. */
  readonly run: string;
  /** Where the data of an engine of our own lies. */
  readonly folder: string;
  /** True if nobody can ask for it again. */
  readonly temporary: boolean;
};

/** Reads the settings of a question. Throws an error that says what was expected, if one is wrong. */
export function readSettings(): Settings {
  expectSettings();
  const [named, mine] = [readName("RUN"), readName("CONVERSATION")];
  // A run that went on in another world would find none of the e-mails that it has sent.
  if (named && !isWorldKept)
    throw new Error("RUN needs a WORLD_DIR, where e-mails outlive the program");
  const run = named ?? crypto.randomUUID();
  const conversation = mine ?? run;
  const temporary = !isWorldKept || (named ?? mine) === undefined;
  return { run, conversation, folder: worldFile(`engine-${conversation}`), temporary };
}
