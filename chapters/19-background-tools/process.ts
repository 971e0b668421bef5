// One process: the work of a tool in a thread, which can be told something meanwhile.
import { setImmediate as nextTask, setTimeout as wait } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import type { Piscina } from "piscina";
import { printStatus } from "../../shared/print.ts";
import type { Signal } from "../../mock-tools/context.ts";
import type { Task } from "../../mock-tools/worker.ts";

/** How long a process may go on when it has been asked to end. */
const GRACE_MS = 50;

/** What the model reads of a cancelled process, whether it stopped, was ended or never started. */
const CANCELLED = "[Tool execution cancelled] it ended without a result";

/** How a process ends. */
export type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "cancelled"; readonly id: string; readonly cancelled: string }
  | { readonly type: "failure"; readonly id: string; readonly error: object };

export type Process = {
  /** It comes when the process has ended, and never rejects. */
  readonly outcome: Promise<Outcome>;
  /** How the process has ended, once it has. */
  readonly ended: () => Outcome | undefined;
  readonly cancel: () => Promise<Outcome>;
  /** Sends a signal, and returns which one it is. */
  readonly signal: (signal: Signal) => number;
};

/**
 * Starts a task in a thread of the pool, now or when one is free.
 *
 * @param explain makes an outcome of what the pool rejects with
 */
export function startProcess(
  id: string,
  task: Task,
  pool: Piscina,
  explain: (error: unknown) => Outcome,
): Process {
  const { port1: port, port2: itsPort } = new MessageChannel();
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const end = new AbortController();
  // In a file, lines that come at any moment would only be in the way.
  if (process.stderr.isTTY) port.on("message", (progress) => printStatus(`${id}: ${progress}`));
  const context = { cancelled, port: itsPort };
  const options = { signal: end.signal, transferList: [itsPort] };
  let sequence = 0;
  let ended: Outcome | undefined;
  const finish = (outcome: Outcome): Outcome => {
    port.close();
    ended = outcome;
    return outcome;
  };
  const outcome = pool.run({ ...task, context }, options).then(
    (result) => finish({ type: "success", id, result }),
    (error) => {
      const isCancelled = Atomics.load(cancelled, 0) !== 0;
      return finish(isCancelled ? { type: "cancelled", id, cancelled: CANCELLED } : explain(error));
    },
  );
  return {
    outcome,
    ended: () => ended,
    async cancel() {
      Atomics.store(cancelled, 0, 1);
      await Promise.race([outcome, wait(GRACE_MS)]);
      // A result that has arrived when the grace is over still counts, so it is read first.
      await nextTask();
      end.abort();
      return outcome;
    },
    signal(signal) {
      port.postMessage(signal);
      return ++sequence;
    },
  };
}
