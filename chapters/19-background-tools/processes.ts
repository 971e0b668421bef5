// The processes of one conversation, each under the id of the call that started it.
import { Piscina } from "piscina";
import { print } from "../../shared/print.ts";
import { execArgv, reportDeadThreads } from "../../shared/threads.ts";
import type { Task } from "../../mock-tools/worker.ts";
import { cancel, MAX_WAIT_SECONDS, type Outcome, type Process, startProcess } from "./process.ts";
import { inBackground } from "./setting.ts";

/** How many processes run at once; the others wait for a thread. */
const MAX_PROCESSES = 2;

// A process holds its thread for long, so processes have their own pool and take no call's thread.
const pool = new Piscina({
  filename: `${import.meta.dirname}/../../mock-tools/worker.ts`,
  name: "runTool",
  execArgv,
  minThreads: MAX_PROCESSES,
  maxThreads: MAX_PROCESSES,
  resourceLimits: { maxOldGenerationSizeMb: 64 },
});
reportDeadThreads(pool);

/** What the model gets instead of a result. It names the process by this id from then on. */
export type Handle = { readonly handle: "process"; readonly id: string };

export type Processes = {
  /** How long one call waits for some of them, in seconds. */
  readonly maxWait: number;
  /** Starts a process, or finds the process with this id. Returns nothing if that has another task. */
  start(id: string, task: Task, explain: (error: unknown) => Outcome): Handle | undefined;
  /** Finds a process, or throws an error that lists the known ids. */
  find(id: string): Process;
  /** The ids of the processes that have not ended: they run, or they wait for a thread. */
  open(): string[];
};

/** Makes an empty list of processes for one conversation. */
export function openProcesses(maxWait = MAX_WAIT_SECONDS): Processes {
  const started = new Map<string, { readonly input: string; readonly process: Process }>();
  return {
    maxWait,
    start(id, task, explain) {
      // Parsed arguments have the order of their schema, so equal arguments give equal JSON.
      const input = JSON.stringify(task);
      const before = started.get(id);
      if (before && before.input !== input) return undefined;
      if (!before) started.set(id, { input, process: startProcess(id, task, pool, explain) });
      return { handle: "process", id };
    },
    find(id) {
      const found = started.get(id);
      if (found) return found.process;
      const known = [...started.keys()].join(", ") || "none";
      throw new Error(`unknown process ${id}; there are ${known}`);
    },
    open() {
      return [...started].flatMap(([id, { process }]) => (process.ended ? [] : id));
    },
  };
}

/**
 * Makes an agent whose questions have processes of their own. Once a question is answered, no call can
 * reach its processes, and they would hold the threads. So those that still run are named and cancelled.
 */
export function withProcesses(
  ask: (question: string, processes: Processes) => Promise<string>,
): (question: string) => Promise<string> {
  return async (question) => {
    // A wrong setting ends the program before the model is asked.
    inBackground();
    const processes = openProcesses();
    const answer = await ask(question, processes);
    const open = processes.open();
    for (const id of open) print(`\nNot ended: ${id}. It is cancelled.`);
    await Promise.all(open.map((id) => cancel(processes.find(id))));
    return answer;
  };
}

/** Ends all processes. A call that waits for one gets a failure. */
export async function endProcesses(): Promise<void> {
  await pool.destroy();
}
