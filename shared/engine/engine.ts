import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { extname, join, resolve } from "node:path";
import { z } from "zod";
import { isAlive } from "../alive.ts";
import { ensureEngine } from "./install.ts";
import type { Order } from "./keeper.ts";

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

const Port = z.int().min(1).max(65_535);
const Report = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), pid: z.int(), ingress: Port, admin: Port }),
  z.object({ type: z.literal("failed"), message: z.string() }),
]);
type Ready = Extract<z.infer<typeof Report>, { type: "ready" }>;

const here = createRequire(import.meta.url);

/** How Node starts the keeper: from its source where it can read TypeScript or with tsx, or compiled. */
function keeperCommand(): string[] {
  const file = join(import.meta.dirname, `keeper${extname(import.meta.filename)}`);
  if (file.endsWith(".js") || process.features.typescript) return [file];
  // tsx's hook of require starts in half the time that its hook of import takes.
  return ["--require", here.resolve("tsx/cjs"), "--eval", `require(${JSON.stringify(file)})`];
}

function startKeeper(order: Order): ChildProcess {
  const keeper = spawn(process.execPath, keeperCommand(), {
    // In a group of its own, it does not get the terminal's signals.
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  keeper.send(order);
  return keeper;
}

/** Lets the program end although it has a keeper, which then ends as well. */
function letGo(keeper: ChildProcess): void {
  keeper.unref();
  keeper.channel?.unref();
}

async function closeKeeper(keeper: ChildProcess): Promise<void> {
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
  const loss = new AbortController();
  let pid = 0;
  const { ingress, admin } = await new Promise<Ready>((settle, reject) => {
    const lose = (message: string): void => {
      const error = new Error(message);
      reject(error);
      loss.abort(error);
    };
    keeper.on("message", (message) => {
      const report = Report.parse(message);
      if (report.type === "failed") return lose(report.message);
      pid = report.pid;
      settle(report);
    });
    keeper.on("error", ({ message }) => lose(`the engine's keeper does not start: ${message}`));
    keeper.on("exit", () => {
      lose("the engine's keeper has ended");
      // It ends its server before it ends itself, unless it was killed.
      if (pid > 0 && isAlive(pid)) process.kill(pid, "SIGKILL");
    });
  });
  letGo(keeper);
  return {
    ingress: `http://127.0.0.1:${ingress}`,
    admin: `http://127.0.0.1:${admin}`,
    get pid() {
      return pid;
    },
    lost: loss.signal,
    close: () => closeKeeper(keeper),
  };
}
