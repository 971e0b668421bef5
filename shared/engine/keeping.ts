// The program's side of a keeper: starts it, and receives its messages.
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { z } from "zod";
import { isAlive } from "../alive.ts";
import type { Order } from "./keeper.ts";

const Port = z.int().min(1).max(65_535);
const Report = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), pid: z.int(), ingress: Port, admin: Port }),
  z.object({ type: z.literal("failed"), message: z.string() }),
]);
/** Where a server takes calls. */
export type Ready = Extract<z.infer<typeof Report>, { type: "ready" }>;

const here = createRequire(import.meta.url);

/** Node's arguments for the keeper: its source if Node reads TypeScript or tsx is there, or the compiled file. */
function keeperCommand(): string[] {
  const file = join(import.meta.dirname, `keeper${extname(import.meta.filename)}`);
  if (file.endsWith(".js") || process.features.typescript) return [file];
  // tsx starts with its require hook in half the time that its import hook takes.
  return ["--require", here.resolve("tsx/cjs"), "--eval", `require(${JSON.stringify(file)})`];
}

/** Starts a process that keeps a server for this one. */
export function startKeeper(order: Order): ChildProcess {
  const keeper = spawn(process.execPath, keeperCommand(), {
    // In a group of its own, it does not get the terminal's signals.
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  keeper.send(order);
  return keeper;
}

/** What a program knows about its server. */
export type Kept = {
  /** Resolves with the addresses after the first start, or rejects if the server cannot be started. */
  readonly ready: Promise<Ready>;
  readonly lost: AbortSignal;
  readonly server: { pid: number; isWanted: boolean };
};

/** Listens to a keeper for as long as it runs. */
export function follow(keeper: ChildProcess): Kept {
  const loss = new AbortController();
  const server = { pid: 0, isWanted: true };
  const ready = new Promise<Ready>((settle, reject) => {
    const lose = (message: string): void => {
      const error = new Error(message);
      reject(error);
      if (server.isWanted) loss.abort(error);
    };
    keeper.on("message", (message) => {
      const report = Report.parse(message);
      if (report.type === "failed") return lose(report.message);
      server.pid = report.pid;
      settle(report);
    });
    keeper.on("error", ({ message }) => lose(`the engine cannot be started: ${message}`));
    keeper.on("exit", () => {
      // A keeper ends its server before itself. If the server still runs, the keeper was killed.
      if (server.pid > 0 && isAlive(server.pid)) process.kill(server.pid, "SIGKILL");
      lose("the process that keeps the engine was killed");
    });
  });
  return { ready, lost: loss.signal, server };
}
