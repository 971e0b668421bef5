import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { execArgv } from "../shared/threads.ts";

type Answer = { readonly number: number; readonly result: unknown };

/**
 * Starts threads of a copy of the book, and returns a function that runs a task in one of them. Each
 * thread gets its next task when it has answered the last one. It cannot handle the death of a thread.
 */
export function startThreads(folder: string, count: number): (task: object) => Promise<unknown> {
  const waiting = new Map<number, (result: unknown) => void>();
  const queue: object[] = [];
  const idle = Array.from({ length: count }, () => {
    // As in Piscina: with tsx, which Node 20 needs, the entry is required, and otherwise imported.
    const load = execArgv.includes("--require") ? "require" : "import";
    const entry = JSON.stringify(join(folder, "bench/plain-worker.ts"));
    const thread = new Worker(`${load}(${entry})`, { eval: true, execArgv });
    thread.on("message", ({ number, result }: Answer) => {
      waiting.get(number)?.(result);
      waiting.delete(number);
      const next = queue.shift();
      if (next) thread.postMessage(next);
      else idle.push(thread);
    });
    return thread;
  });
  let number = 0;
  return (task) => {
    const message = { number: ++number, task };
    return new Promise((resolve) => {
      waiting.set(message.number, resolve);
      const thread = idle.pop();
      if (thread) thread.postMessage(message);
      else queue.push(message);
    });
  };
}
