import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Log, noteLine, type Ports, readPorts } from "./log.ts";

const READY_MS = 30_000;

/**
 * The whole environment of the server, so that no key and no setting for another server reaches it.
 * The sizes are a fraction of the defaults, which are meant for production:
 * https://docs.restate.dev/server/memory
 */
const ENVIRONMENT = {
  DO_NOT_TRACK: "1",
  RESTATE_LOG_FORMAT: "json",
  RESTATE_DEFAULT_NUM_PARTITIONS: "1",
  RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: "128 MiB",
  RESTATE_ADMIN__QUERY_ENGINE__MEMORY_SIZE: "64 MiB",
  RESTATE_BIFROST__RECORD_CACHE_MEMORY_SIZE: "32 MiB",
};

/** A data folder belongs to one node name, so the name must stay the same. */
const ARGUMENTS = ["--no-logo", "--listen-mode", "tcp", "--node-name", "book"];

/** Free ports for a first start, or the ports of an earlier one. */
function settingsFor(ports: Ports | undefined) {
  if (!ports) return { args: ["--bind-ip", "127.0.0.1", "--use-random-ports", "true"], env: {} };
  const env = {
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`,
  };
  return { args: ["--bind-address", `127.0.0.1:${ports.node}`], env };
}

/** Passes on each line that a server writes, as long as it runs. */
function follow({ stdout, stderr }: ChildProcess, whenRead: (line: string) => void): void {
  for (const input of [stdout, stderr]) {
    if (input) createInterface({ input }).on("line", whenRead);
  }
}

/** Resolves with the ports when the server takes calls; rejects with its last error if it ends before. */
function waitUntilReady(server: ChildProcess): Promise<Ports> {
  const log: Log = { ports: {}, isLeader: false, error: "" };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new Error(`the engine takes no calls after ${READY_MS / 1_000} seconds: ${log.error}`),
      );
      server.kill("SIGKILL");
    }, READY_MS);
    follow(server, (line) => {
      noteLine(log, line);
      const ports = readPorts(log);
      if (!ports) return;
      clearTimeout(timer);
      resolve(ports);
    });
    server.once("error", reject);
    // Not "exit", because that event may come before the last line was read.
    server.once("close", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(log.error || `it ended with ${code ?? signal}`));
    });
  });
}

/** A server that has been started. */
export type Server = {
  readonly child: ChildProcess;
  /** Resolves with its ports when it takes calls, or rejects with its own last error. */
  readonly ready: Promise<Ports>;
  readonly ended: Promise<unknown>;
};

/**
 * Starts a server on loopback.
 *
 * @param binary the path of restate-server
 * @param folder the folder for its data
 * @param ports the ports that it must use; without them, free ports
 */
export function startServer(binary: string, folder: string, ports?: Ports): Server {
  const { args, env } = settingsFor(ports);
  const child = spawn(binary, [...ARGUMENTS, "--base-dir", folder, ...args], {
    env: { ...ENVIRONMENT, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return { child, ready: waitUntilReady(child), ended };
}
