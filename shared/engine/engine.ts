import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { ensureEngine } from "./install.ts";
import { follow, startKeeper } from "./keeping.ts";

/** A server that runs until close() is called or the program ends in any way. */
export type Engine = {
  /** http://127.0.0.1:PORT, where services are called. It stays the same if the server is restarted. */
  readonly ingress: string;
  /** http://127.0.0.1:PORT, where services are registered. It stays the same, too. */
  readonly admin: string;
  /** The process id of the server. It changes when the server is restarted. */
  readonly pid: number;
  /** Aborted if the server has died and cannot be started again. The reason is an error. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
};

/** Lets the program end although its keeper runs. The keeper then ends, too. */
function letGo(keeper: ChildProcess): void {
  keeper.unref();
  keeper.channel?.unref();
}

/** Closes the connection to a keeper, which makes it end. Resolves when it has ended. */
async function close(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  keeper.ref();
  const ended = once(keeper, "exit");
  if (keeper.connected) keeper.disconnect();
  await ended;
}

/**
 * Starts an engine with the data in a folder, and makes the folder if it is missing. Installs the server
 * first if necessary. If the server dies, it is started again on the same ports.
 *
 * @param folder where the engine keeps its data; two engines cannot use the same folder at the same time
 * @param options with `temporary`, the folder is removed at the end; it must be empty or missing before
 * @throws an error in one line if the engine cannot be started; then nothing is left of it
 */
export async function openEngine(folder: string, { temporary = false } = {}): Promise<Engine> {
  const binary = await ensureEngine();
  const keeper = startKeeper({ binary, folder: resolve(folder), temporary });
  const { ready, lost, server } = follow(keeper);
  const { ingress, admin } = await ready;
  letGo(keeper);
  return {
    ingress: `http://127.0.0.1:${ingress}`,
    admin: `http://127.0.0.1:${admin}`,
    get pid() {
      return server.pid;
    },
    lost,
    async close() {
      server.isWanted = false;
      await close(keeper);
    },
  };
}
