import { availableParallelism } from "node:os";
import { isWorldKept, worldFile } from "../../mock-tools/world.ts";
import type { Engine } from "../../shared/engine/engine.ts";
import { addSettings } from "../../shared/settings.ts";

addSettings({
  CONVERSATION: "the conversation's name; its questions are answered one after another",
  RUN: "the name of the run: with the same name, it goes on where it stopped",
  WORKERS: "how many workers to start; 0 if they run already",
  APPROVALS: "off: send e-mails without asking anybody",
  APPROVAL_SECONDS: "how many seconds a call may be pending, 60 by default",
  RESTATE_INGRESS_URL: "where a running engine takes questions; without it, one is started",
  RESTATE_ADMIN_URL: "where services are registered with that engine",
  SERVICE_URL: "for agent.ts and worker.ts: where an engine on another machine finds them",
});

const { env } = process;
const MAX_SECONDS = 86_400;
const MAX_WORKERS = 64;

/** The addresses of an engine, and a signal that is aborted if the engine is lost for good. */
export type Address = Pick<Engine, "ingress" | "admin" | "lost">;

/** The engine's addresses from the settings, or undefined if they name none. */
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
  // For an engine of somebody else, this signal is never aborted.
  const { signal: lost } = new AbortController();
  return ingress && admin ? { ingress, admin, lost } : undefined;
}

/** The engine's addresses, for a program that serves and starts no engine. Throws an error without them. */
export function expectAddress(): Address {
  const address = readAddress();
  if (!address) throw new Error("expected RESTATE_INGRESS_URL and RESTATE_ADMIN_URL");
  return address;
}

/** The public URL of a service, and the port on which it listens. */
export type Place = { readonly url: string; readonly port: number };

/** The place from SERVICE_URL. Without that setting, a service listens on loopback, on a free port. */
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

/** True unless APPROVALS is off. It is read at loading, so expectSettings reports a wrong value later. */
export function needsApproval(): boolean {
  return env.APPROVALS !== "off";
}

/** How many workers to start: WORKERS, or one per core by default. */
export function readWorkers(): number {
  const count = readNumber("WORKERS", availableParallelism(), MAX_WORKERS);
  if (Number.isInteger(count)) return count;
  throw new Error(`expected a whole number in WORKERS, got ${count}`);
}

/** Throws an error that says what was expected, if a setting of workers or approvals is wrong. */
export function expectSettings(): void {
  readWorkers();
  approvalSeconds();
  const { APPROVALS: setting = "" } = env;
  if (["on", "off", ""].includes(setting)) return;
  throw new Error(`expected on or off in APPROVALS, got ${setting}`);
}

export type Settings = {
  readonly conversation: string;
  /** The name of the run at the engine. */
  readonly run: string;
  /** The data folder for an engine of our own. */
  readonly folder: string;
  /** True if nobody can ask for the run again. */
  readonly temporary: boolean;
};

/** Reads the settings of a question. Throws an error that says what was expected, if one is wrong. */
export function readSettings(): Settings {
  expectSettings();
  const [named, mine] = [readName("RUN"), readName("CONVERSATION")];
  // In another world, a run that goes on would not find the e-mails that it has sent.
  if (named && !isWorldKept)
    throw new Error("RUN needs a WORLD_DIR, where e-mails outlive the program");
  const run = named ?? crypto.randomUUID();
  const conversation = mine ?? run;
  const temporary = !isWorldKept || (named ?? mine) === undefined;
  return { run, conversation, folder: worldFile(`engine-${conversation}`), temporary };
}
