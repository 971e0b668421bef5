import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { ensureEngine } from "./install.ts";
import { follow, startKeeper } from "./keeping.ts";

/** A server that is there until close() is called or the program ends, however that ends. */
export type Engine = {
  /** http://127.0.0.1:PORT, where services are called. It stays the same when the server dies. */
  readonly ingress: string;
  /** http://127.0.0.1:PORT, where services are registered. It stays the same as well. */
  readonly admin: string;
  /** The process id of the server, which is another one after it has died. */
  readonly pid: number;
  /** Aborted, with an error as its reason, when the server has died and cannot be started again. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
};

/** Lets the program end although it has a keeper, which then ends as well. */
function letGo(keeper: ChildProcess): void {
  keeper.unref();
  keeper.channel?.unref();
}

/** Resolves when a keeper has ended, which it does when the program has nothing more to say to it. */
async function close(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  keeper.ref();
  const ended = once(keeper, "exit");
  if (keeper.connected) keeper.disconnect();
  await ended;
}

/**
 * Starts an engine over a folder's data, which is made if it is missing. Installs the server before, if
 * that has not been done. If the server dies, it is started again on the same ports.
 *
 * @param folder where the engine keeps its data; no two engines can use one at the same time
 * @param options `temporary` removes the folder in the end; it must be empty or missing before
 * @throws an error in one line if there can be no engine; then nothing is left of it
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
