// Keeps a server for a program, in a process of its own: it starts the server again when that dies, and
// ends it when the program ends, however that ends. It belongs to no terminal, so that Ctrl-C reaches the
// program alone. It is started for each engine, so it is kept free of packages.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { Ports } from "./log.ts";
import { type Server, startServer } from "./server.ts";

/** What the program wants kept: it sends one of these. */
export type Order = {
  readonly binary: string;
  readonly folder: string;
  /** True if the folder is to be removed in the end. */
  readonly temporary: boolean;
};

/** What the program is told: where its server is, each time it has one, or why it has none. */
export type Report =
  | ({ readonly type: "ready"; readonly pid: number } & Ports)
  | { readonly type: "failed"; readonly message: string };

const MAX_STARTS = 5;
const BETWEEN_STARTS_MS = 300;
const TO_END_MS = 1_000;

let isWanted = true;
let hasRun = false;
let server: Server | undefined;

async function report(what: Report): Promise<void> {
  await new Promise((resolve) => {
    // The program may be gone, and then nobody is left to be told.
    if (process.connected && process.send) process.send(what, resolve);
    else resolve(undefined);
  });
}

/** True for errors that may pass: another engine is about to leave the folder, or the port. */
function mayPass(error: unknown, ports: Ports | undefined): boolean {
  return ports !== undefined || String(error).includes("is locked");
}

/** Starts the server, several times if need be, until it takes calls. */
async function start({ binary, folder }: Order, ports: Ports | undefined): Promise<Ports> {
  for (let count = 1; ; count += 1) {
    server = startServer(binary, folder, ports);
    try {
      return await server.ready;
    } catch (error) {
      if (!isWanted || count === MAX_STARTS || !mayPass(error, ports)) throw error;
    }
    await wait(BETWEEN_STARTS_MS);
    if (!isWanted) throw new Error("the engine is not wanted any more");
  }
}

/** Keeps a server running until it is not wanted any more. */
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

/** Makes the folder, returns what has to be removed if no server ever starts in it. */
function makeFolder({ folder, temporary }: Order): string | undefined {
  const made = mkdirSync(folder, { recursive: true });
  if (temporary && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  return made;
}

/** What a start's error says to a reader. */
function explain(error: unknown, { folder }: Order): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("is locked")) return `another engine uses ${folder}`;
  return `the engine does not start: ${text}`;
}

async function keep(order: Order): Promise<void> {
  let waste: string | undefined;
  try {
    waste = makeFolder(order);
    await keepRunning(order);
  } catch (error) {
    if (isWanted) await report({ type: "failed", message: explain(error, order) });
    if (waste && !hasRun) rmSync(waste, { recursive: true, force: true });
  }
  if (order.temporary) rmSync(order.folder, { recursive: true, force: true });
  process.exit();
}

/** Ends the server, by force if it takes long. */
function stop(): void {
  isWanted = false;
  server?.child.kill("SIGTERM");
  setTimeout(() => server?.child.kill("SIGKILL"), TO_END_MS).unref();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
process.once("disconnect", stop);
process.once("message", keep);
