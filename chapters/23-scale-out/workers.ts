// Starts the processes that run calls, or an agent, and ends them.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { noteExit, noteFrom } from "../../shared/timeline.ts";
import { Report } from "./reports.ts";
import { type Address, readWorkers } from "./settings.ts";

export type Workers = {
  /** The process ids of those that are there. */
  pids(): readonly number[];
  /** Aborted when there are none any more. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
};

type Settings = Readonly<Record<string, string>>;
type Output = number | "inherit";
type Options = {
  /** As many as WORKERS says, without it. */
  readonly count?: number;
  /** Are added to the environment. */
  readonly settings?: Settings;
  /** Where their warnings go: to an open file, or to those of this process. */
  readonly stderr?: Output;
  /** Hears of each call that begins or ends, if the settings have NOTE_CALLS. */
  readonly whenNoted?: typeof noteFrom;
};

/** Ends a process, with those that it has forked. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Starts a program of this folder in a process of its own. It ends with this one. */
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

/** Hears what a process tells. Resolves when it is ready, and rejects if it ends before that. */
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
 * Starts workers, which register themselves with the engine. One that dies is replaced. All of them end
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

/** Starts an agent, which registers itself with the engine. Returns what ends it. */
export async function startAgent(address: Address, options: Options): Promise<() => Promise<void>> {
  const agent = start("agent", address, options);
  await follow(agent, "the agent", () => undefined);
  return () => end(agent);
}

/** Does something while workers are there, and tells it when they are lost. */
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
