// Runs calls in several processes. They share one port, so the engine does not need their number.
//
// RESTATE_INGRESS_URL=… RESTATE_ADMIN_URL=… npx tsx chapters/23-scale-out/worker.ts
import cluster from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe } from "../../shared/describe.ts";
import { registerService } from "../../shared/engine/register.ts";
import { serveService } from "../../shared/engine/serve.ts";
import { printStatus } from "../../shared/print.ts";
import { passNotes } from "../../shared/timeline.ts";
import { approvals } from "./approvals.ts";
import { makeCalls } from "./calls.ts";
import { processes } from "./processes.ts";
import { endWithStarter, Report, tell } from "./reports.ts";
import { expectAddress, expectSettings, readPlace, readWorkers } from "./settings.ts";
import { serveCall } from "./serve.ts";
import { study } from "./study.ts";

/** When a connection carries so many calls, the engine opens another one, often to another worker. */
const MAX_CALLS_PER_CONNECTION = 2;

/** After so many workers in a row have died before they took a call, no more are started. */
const MAX_FAILURES = 10;

// Each worker accepts connections itself. Otherwise the primary would hand them out, and a connection for a
// worker that was just killed would stay open and unread, until the engine notices a minute later.
cluster.schedulingPolicy = cluster.SCHED_NONE;

async function serve(port: number): Promise<void> {
  // NOTE_CALLS must be set before the threads start, because they inherit it.
  if (process.env.NOTE_CALLS) passNotes((note) => tell({ type: "note", pid: process.pid, note }));
  await serveService([makeCalls(serveCall), approvals, processes, study], {
    port,
    isPublic: readPlace() !== undefined,
    maxConcurrentStreams: MAX_CALLS_PER_CONNECTION,
  });
}

/** Finds a free port. The workers share it, also those that replace others. */
async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = Object(server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** Starts one more worker, and waits until it takes calls. */
async function startWorker(port: number): Promise<void> {
  const worker = cluster.fork({ PORT: port });
  await new Promise((resolve, reject) => {
    worker.once("listening", resolve);
    worker.once("exit", () => reject(new Error("a worker does not start")));
  });
}

function tellPids(): void {
  const workers = Object.values(cluster.workers ?? {});
  tell({ type: "pids", pids: workers.flatMap((worker) => worker?.process.pid ?? []) });
}

/** Starts the workers, registers them, and replaces those that die. */
async function keepWorkers(): Promise<void> {
  expectSettings();
  const address = expectAddress();
  const place = readPlace();
  cluster.on("message", (_worker, report) => tell(Report.parse(report)));
  const port = place?.port ?? (await findPort());
  await Promise.all(Array.from({ length: readWorkers() }, () => startWorker(port)));
  await registerService(address, place?.url ?? port);
  if (!process.send) printStatus(`calls are served, on port ${port}`);
  tellPids();
  let failures = 0;
  cluster.on("exit", async () => {
    // A timeline needs this to see which calls ended with their worker.
    tellPids();
    try {
      await startWorker(port);
      failures = 0;
      tellPids();
    } catch (error) {
      // It died before it took a call. Its own exit event starts a replacement.
      if (++failures === MAX_FAILURES) fail(error);
    }
  });
}

function fail(error: unknown): never {
  printStatus(`error: ${describe(error)}`);
  process.exit(1);
}

endWithStarter();
// A starting worker sends to its primary, which may have ended.
cluster.worker?.once("error", () => process.exit());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit());
try {
  if (cluster.isPrimary) await keepWorkers();
  else await serve(Number(process.env.PORT));
} catch (error) {
  fail(error);
}
