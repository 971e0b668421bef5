// One process: a tool that works in a thread and can receive signals meanwhile.
import { setImmediate as nextTask, setTimeout as wait } from "node:timers/promises";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import { printStatus } from "../../shared/print.ts";
import type { Signal } from "../../mock-tools/context.ts";
import type { Task } from "../../mock-tools/worker.ts";

/** How long a process may go on after it was asked to end. */
const GRACE_MS = 50;

/** How long one call waits for processes, because a process may never end. */
export const MAX_WAIT_SECONDS = 30;

/** What the model reads of a cancelled process, whether it stopped, was ended or never began. */
const CANCELLED = "[Tool execution cancelled] it ended without a result";

/** How a process ends. */
export type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "cancelled"; readonly id: string; readonly cancelled: string }
  | { readonly type: "failure"; readonly id: string; readonly error: object };

export type Process = {
  /** Resolves when the process has ended, and never rejects. */
  readonly outcome: Promise<Outcome>;
  /** The outcome, once the process has ended. */
  ended: Outcome | undefined;
  /** Carries signals to the process, and its progress back. */
  readonly port: MessagePort;
  sent: number;
  /** The flag that asks it to end. */
  readonly cancelled: Int32Array;
  /** Ends its thread, or takes it out of the queue. */
  readonly end: AbortController;
};

/**
 * Starts a task in a thread of the pool, now or when one is free.
 *
 * @param explain turns an error of the pool into an outcome
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
  const told = { ...task, context: { cancelled, port: itsPort } };
  const outcome = pool.run(told, { signal: end.signal, transferList: [itsPort] }).then(
    (result): Outcome => ({ type: "success", id, result }),
    (error): Outcome => {
      if (Atomics.load(cancelled, 0) === 0) return explain(error);
      return { type: "cancelled", id, cancelled: CANCELLED };
    },
  );
  const started: Process = { outcome, ended: undefined, port, sent: 0, cancelled, end };
  const tell = (progress: unknown): void => {
    // Progress is for a person who watches. In a file, its lines would only disturb.
    if (process.stderr.isTTY) printStatus(`${id}: ${progress}`);
  };
  port.on("message", tell);
  void outcome.then((ended) => {
    started.ended = ended;
    // The outcome can be here before the last progress was read, and a closed port would lose it.
    let rest = receiveMessageOnPort(port);
    while (rest) {
      tell(rest.message);
      rest = receiveMessageOnPort(port);
    }
    port.close();
  });
  return started;
}

/** Asks a process to end, and ends it after the grace. Returns its outcome, even if it ended earlier. */
export async function cancel({ outcome, cancelled, end }: Process): Promise<Outcome> {
  Atomics.store(cancelled, 0, 1);
  await Promise.race([outcome, wait(GRACE_MS)]);
  // A result may arrive during the grace. It counts, so it is read first.
  await nextTask();
  end.abort();
  return outcome;
}

/** Waits until all have ended or the time is over. Returns each outcome, undefined while a process runs. */
export async function waitFor(
  processes: readonly Process[],
  seconds: number,
): Promise<(Outcome | undefined)[]> {
  const all = Promise.all(processes.map(({ outcome }) => outcome));
  // The outcomes may come before the timer ends, and then it must not keep the program alive.
  await Promise.race([all, wait(seconds * 1_000, undefined, { ref: false })]);
  return processes.map(({ ended }) => ended);
}

/** Sends a signal to a process, and returns its number. */
export function send(to: Process, signal: Signal): number {
  to.port.postMessage(signal);
  to.sent++;
  return to.sent;
}
