// The processes of one conversation, each under the id of the call that has started it.
import { Piscina } from "piscina";
import { print } from "../../shared/print.ts";
import { execArgv, reportDeadThreads } from "../../shared/threads.ts";
import type { Task } from "../../mock-tools/worker.ts";
import { cancel, MAX_WAIT_SECONDS, type Outcome, type Process, startProcess } from "./process.ts";
import { inBackground } from "./setting.ts";

/** How many processes run at once; the others wait for a thread. */
const MAX_PROCESSES = 2;

// A process holds its thread for long. In a pool of their own, processes take no call's thread.
const pool = new Piscina({
  filename: `${import.meta.dirname}/../../mock-tools/worker.ts`,
  name: "runTool",
  execArgv,
  minThreads: MAX_PROCESSES,
  maxThreads: MAX_PROCESSES,
  resourceLimits: { maxOldGenerationSizeMb: 64 },
});
reportDeadThreads(pool);

/** What the model gets instead of a result: the process is named by this id from then on. */
export type Handle = { readonly handle: "process"; readonly id: string };

export type Processes = {
  /** How long one call waits for some of them, in seconds. */
  readonly maxWait: number;
  /** Starts a process, or finds the one with this id. Returns nothing if that one has another task. */
  start(id: string, task: Task, explain: (error: unknown) => Outcome): Handle | undefined;
  /** Finds a process, or throws an error that names those there are. */
  find(id: string): Process;
  /** The ids of the processes that have not ended: they run, or they wait for a thread. */
  open(): string[];
};

/** Makes a place for the processes of one conversation. */
export function openProcesses(maxWait = MAX_WAIT_SECONDS): Processes {
  const started = new Map<string, { readonly input: string; readonly process: Process }>();
  return {
    maxWait,
    start(id, task, explain) {
      // Parsed arguments have the order of their schema, so what is equal is written alike.
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
 * Makes an agent whose questions have processes of their own. When a question has its answer, nobody can
 * reach them any more, and they would hold the threads. So what has not ended is said, and cancelled.
 */
export function withProcesses(
  ask: (question: string, processes: Processes) => Promise<string>,
): (question: string) => Promise<string> {
  return async (question) => {
    // A wrong setting is told before anything is asked.
    inBackground();
    const processes = openProcesses();
    const answer = await ask(question, processes);
    const open = processes.open();
    for (const id of open) print(`\nNot ended: ${id}. It is cancelled.`);
    await Promise.all(open.map((id) => cancel(processes.find(id))));
    return answer;
  };
}

/** Ends all processes, and whatever waits for one goes on with a failure. */
export async function endProcesses(): Promise<void> {
  await pool.destroy();
}
