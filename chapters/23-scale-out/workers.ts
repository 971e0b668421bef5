// Starts and ends workers, which run calls, and an agent.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { noteExit, noteFrom } from "../../shared/timeline.ts";
import { Report } from "./reports.ts";
import { type Address, readWorkers } from "./settings.ts";

export type Workers = {
  /** The process ids of the workers that run now. */
  pids(): readonly number[];
  /** Aborted when all workers are lost. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
};

type Settings = Readonly<Record<string, string>>;
type Output = number | "inherit";
type Options = {
  /** How many workers; the default is WORKERS. */
  readonly count?: number;
  /** Settings to add to the environment. */
  readonly settings?: Settings;
  /** Where their warnings go: an open file, or the stderr of this process. */
  readonly stderr?: Output;
  /** Called when a call begins or ends, if the settings have NOTE_CALLS. */
  readonly whenNoted?: typeof noteFrom;
};

/** Ends a process. The processes that it has forked end with it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Starts a program of this folder in a process of its own, which ends when this process ends. */
function start(
  program: "agent" | "worker",
  { ingress, admin }: Address,
  { settings = {}, stderr = "inherit" }: Options,
): ChildProcess {
  const file = join(import.meta.dirname, `${program}${extname(import.meta.filename)}`);
  const place = { RESTATE_INGRESS_URL: ingress, RESTATE_ADMIN_URL: admin, SERVICE_URL: "" };
  return fork(file, [], {
    env: { ...process.env, ...settings, ...place },
    stdio: ["ignore", "ignore", stderr, "ipc"],
  });
}

/** Receives the reports of a process. Resolves when it is ready, rejects if it ends before that. */
function follow(child: ChildProcess, name: string, hear: (report: Report) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("message", (message) => {
      const report = Report.parse(message);
      hear(report);
      if (report.type !== "note") resolve();
    });
    child.once("exit", () => reject(new Error(`${name} cannot be started`)));
  });
}

/**
 * Starts workers, which register themselves with the engine. A worker that dies is replaced. All of them end
 * with this process.
 */
export async function startWorkers(address: Address, options: Options = {}): Promise<Workers> {
  const { count = readWorkers(), whenNoted = noteFrom } = options;
  const loss = new AbortController();
  const { signal: lost } = loss;
  if (count === 0) return { pids: () => [], lost, close: async () => undefined };
  const primary = start("worker", address, {
    ...options,
    settings: { ...options.settings, WORKERS: String(count) },
  });
  let pids: readonly number[] = [];
  await follow(primary, "the workers", (report) => {
    if (report.type === "note") whenNoted(report.pid, report.note);
    if (report.type !== "pids") return;
    for (const pid of pids.filter((one) => !report.pids.includes(one))) noteExit(pid);
    pids = report.pids;
  });
  primary.once("exit", () => loss.abort(new Error("the workers have ended")));
  return { pids: () => pids, lost, close: () => end(primary) };
}

/** Starts an agent, which registers itself with the engine. Returns a function that ends it. */
export async function startAgent(address: Address, options: Options): Promise<() => Promise<void>> {
  const agent = start("agent", address, options);
  await follow(agent, "the agent", () => undefined);
  return () => end(agent);
}

/** Starts workers, runs a function, and ends the workers. The signal is aborted when they are lost. */
export async function withWorkers<Value>(
  address: Address,
  act: (lost: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const workers = await startWorkers(address);
  try {
    return await act(workers.lost);
  } finally {
    await workers.close();
  }
}
