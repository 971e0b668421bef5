// Keeps a server running for a program. It is a process of its own. It restarts the server if that dies, and
// ends it when the program ends in any way. It has no terminal, so that Ctrl-C reaches only the program.
// It starts for each engine, so it loads no packages.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { Ports } from "./log.ts";
import { type Server, startServer } from "./server.ts";

/** The message with which the program orders a server. */
export type Order = {
  readonly binary: string;
  readonly folder: string;
  /** True if the folder must be removed at the end. */
  readonly temporary: boolean;
};

/** A message to the program: the server's ports after each start, or why there is no server. */
export type Report =
  | ({ readonly type: "ready"; readonly pid: number } & Ports)
  | { readonly type: "failed"; readonly message: string };

const MAX_STARTS = 5;
const BETWEEN_STARTS_MS = 300;
const TO_END_MS = 500;

let isWanted = true;
let hasRun = false;
let server: Server | undefined;

async function report(what: Report): Promise<void> {
  await new Promise((resolve) => {
    // The program may have ended.
    if (process.connected && process.send) process.send(what, resolve);
    else resolve(undefined);
  });
}

/**
 * True if the next start may succeed, because another engine may soon leave the folder, or another
 * program the port. The server does not always say why it ended.
 */
function mayPass(error: unknown, ports: Ports | undefined): boolean {
  return ports !== undefined || /is locked|ended with/.test(String(error));
}

/** Starts the server until it takes calls, with several attempts if necessary. */
async function start({ binary, folder }: Order, ports: Ports | undefined): Promise<Ports> {
  let said: unknown;
  for (let count = 1; ; count += 1) {
    server = startServer(binary, folder, ports);
    try {
      return await server.ready;
    } catch (error) {
      if (!String(error).includes("ended with")) said = error;
      if (count === MAX_STARTS || !mayPass(error, ports)) throw said ?? error;
      await wait(BETWEEN_STARTS_MS);
      if (!isWanted) throw error;
    }
  }
}

/** Keeps a server running until the program no longer needs it. */
async function keepRunning(order: Order): Promise<void> {
  let ports: Ports | undefined;
  while (isWanted) {
    ports = await start(order, ports);
    hasRun = true;
    const pid = server?.child.pid ?? 0;
    await report({ type: "ready", pid, ...ports });
    await server?.ended;
  }
}

/** Makes the folder, returns true if it was missing. A temporary one must be empty, since it is removed. */
function makeFolder({ folder, temporary }: Order): boolean {
  const made = mkdirSync(folder, { recursive: true });
  if (temporary && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  return made !== undefined;
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Turns the error of a start into one line for a reader. */
function explain(error: unknown, { folder }: Order): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, port] = /:(\d+)': Address (?:already )?in use/.exec(text) ?? [];
  if (port) return `the engine cannot be started again: another program has its port ${port}`;
  if (text.includes("is locked")) return `another engine uses ${folder}`;
  return `the engine cannot be started: ${text.replace(/\s+/g, " ")}`;
}

async function keep(order: Order): Promise<void> {
  try {
    const isMade = makeFolder(order);
    try {
      await keepRunning(order);
    } finally {
      if (order.temporary || (isMade && !hasRun)) remove(order.folder);
    }
  } catch (error) {
    if (isWanted) await report({ type: "failed", message: explain(error, order) });
  }
  process.exit();
}

/** Ends the server, and kills it if that takes long. */
function stop(): void {
  isWanted = false;
  server?.child.kill("SIGTERM");
  setTimeout(() => server?.child.kill("SIGKILL"), TO_END_MS).unref();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
process.once("disconnect", stop);
process.once("message", keep);
