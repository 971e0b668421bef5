// Piscina's face over the workers of a browser: https://github.com/piscinajs/piscina
import { asError, tell } from "../realm.ts";
import { apply, files, onChange } from "../memory.ts";
import type { Task as Work } from "../../../mock-tools/worker.ts";
import type { FromThread, Start, ToThread } from "../messages.ts";

type Options = {
  readonly filename: string;
  readonly name: string;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly idleTimeout?: number;
  /** Not used: a page cannot limit the memory of a worker. */
  readonly resourceLimits?: object;
  readonly execArgv?: readonly string[];
};

type Task = {
  readonly id: number;
  readonly task: Work;
  resolve(result: unknown): void;
  reject(error: unknown): void;
};

type Thread = {
  readonly threadId: number;
  readonly worker: Worker;
  isReady: boolean;
  task: Task | undefined;
  idle: ReturnType<typeof setTimeout> | undefined;
};

class AbortError extends Error {
  override name = "AbortError";

  constructor(reason: unknown) {
    super("The task has been aborted", { cause: reason });
  }
}

type Free = Extract<FromThread, { readonly type: "ready" | "result" | "failure" }>;
type Change = Extract<FromThread, { readonly type: "file" }>;

let threads = 0;

/** The script of the threads. */
const script = URL.createObjectURL(new Blob([start.threadCode], { type: "text/javascript" }));

function exited(code: number): Error {
  return new Error(`worker exited with code: ${code}`);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts a thread with a copy of the program's settings and files. */
function openThread(): Thread {
  threads += 1;
  const env = Object.entries(process.env).flatMap(([name, value]) => {
    return value === undefined ? [] : [[name, value] as const];
  });
  const own: Start = {
    ...start,
    env: Object.fromEntries(env),
    files: [...files],
    thread: threads,
  };
  const worker = new Worker(script);
  worker.postMessage(own);
  return { threadId: threads, worker, isReady: false, task: undefined, idle: undefined };
}

/** A pool of threads. What a chapter uses of Piscina behaves as there. */
export class Piscina {
  readonly options: Options;
  readonly #threads = new Set<Thread>();
  readonly #queue: Task[] = [];
  readonly #listeners = new Map<string, ((value: unknown) => void)[]>();
  #isClosing = false;
  #tasks = 0;
  #idle: (() => void) | undefined;

  constructor(options: Options) {
    if (options.minThreads > options.maxThreads) {
      throw new RangeError("options.minThreads and options.maxThreads must not conflict");
    }
    this.options = options;
    onChange((made) => this.#broadcast(made));
    this.#fill();
  }

  get threads(): readonly { readonly threadId: number }[] {
    return [...this.#threads];
  }

  on(event: string, listener: (value: unknown) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /**
   * Runs a task in a free thread, or in the next that is free. An abort ends the thread of the task, or
   * takes the task out of the queue.
   */
  run(task: Work, { signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosing) throw new AbortError("queue is being terminated");
      if (signal?.aborted) throw new AbortError(signal.reason);
      this.#tasks += 1;
      const asked = { id: this.#tasks, task, resolve, reject };
      signal?.addEventListener("abort", () => this.#abort(asked, signal.reason), { once: true });
      this.#queue.push(asked);
      this.#dispatch();
    });
  }

  /** Waits for the tasks that run, then ends all threads. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const isBusy = () => this.#queue.length > 0 || [...this.#threads].some(({ task }) => task);
    if (isBusy()) {
      await new Promise<void>((resolve) => {
        this.#idle = () => {
          if (!isBusy()) resolve();
        };
      });
    }
    for (const thread of this.#threads) this.#remove(thread);
  }

  #emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }

  #fill(): void {
    while (!this.#isClosing && this.#threads.size < this.options.minThreads) this.#add();
  }

  #add(): void {
    const thread = openThread();
    this.#threads.add(thread);
    thread.worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.#hear(thread, data);
    thread.worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(thread, new Error(event.message || "the worker cannot be started"), true);
    };
  }

  #hear(thread: Thread, said: FromThread): void {
    if (!this.#threads.has(thread)) return;
    if (said.type === "print" || said.type === "note") tell(said);
    else if (said.type === "file") this.#adopt(thread, said);
    else if (said.type === "death") this.#lose(thread, asError(said.error), true);
    else if (said.type === "exit") this.#lose(thread, exited(said.code), false);
    else this.#free(thread, said);
  }

  /**
   * Settles the task of a thread that is done or has just started, and gives it the next. Without one, a
   * thread above the minimum ends after a while.
   */
  #free(thread: Thread, said: Free): void {
    const { task } = thread;
    thread.task = undefined;
    thread.isReady = true;
    if (said.type === "result") task?.resolve(said.result);
    if (said.type === "failure") task?.reject(asError(said.error));
    this.#dispatch();
    this.#idle?.();
    const { minThreads, idleTimeout = 0 } = this.options;
    if (thread.task || this.#threads.size <= minThreads) return;
    thread.idle = setTimeout(() => {
      if (this.#threads.size > minThreads) this.#remove(thread);
    }, idleTimeout);
  }

  #dispatch(): void {
    for (const thread of this.#threads) {
      const [next] = this.#queue;
      if (!next) return;
      if (thread.isReady && !thread.task) this.#post(thread, next);
    }
    const starting = [...this.#threads].filter(({ isReady }) => !isReady).length;
    const wanted = this.#queue.length - starting;
    const free = this.options.maxThreads - this.#threads.size;
    for (let count = 0; count < Math.min(wanted, free); count++) this.#add();
  }

  #post(thread: Thread, next: Task): void {
    this.#queue.splice(this.#queue.indexOf(next), 1);
    clearTimeout(thread.idle);
    thread.task = next;
    const said: ToThread = { type: "task", id: next.id, task: next.task };
    thread.worker.postMessage(said);
  }

  #abort(task: Task, reason: unknown): void {
    task.reject(new AbortError(reason));
    const thread = [...this.#threads].find((one) => one.task === task);
    const place = this.#queue.indexOf(task);
    if (place >= 0) this.#queue.splice(place, 1);
    if (!thread) return;
    this.#remove(thread);
    this.#fill();
    this.#dispatch();
    this.#idle?.();
  }

  /** Forgets a thread that has ended by itself. Its task, and no other, fails. */
  #lose(thread: Thread, error: Error, isSaid: boolean): void {
    const { task } = thread;
    this.#remove(thread);
    // A thread that cannot even start would only be followed by others that cannot.
    if (thread.isReady) this.#fill();
    if (task) task.reject(error);
    else if (isSaid) this.#emit("error", error);
    this.#dispatch();
    this.#idle?.();
  }

  #remove(thread: Thread): void {
    clearTimeout(thread.idle);
    thread.worker.terminate();
    this.#threads.delete(thread);
    tell({ type: "gone", thread: thread.threadId, at: now() });
    this.#emit("workerDestroy", thread);
  }

  /** Takes over a change of a thread, and tells the others. */
  #adopt(from: Thread, made: Change): void {
    apply(made);
    tell(made);
    for (const thread of this.#threads) if (thread !== from) thread.worker.postMessage(made);
  }

  #broadcast(made: Change): void {
    for (const { worker } of this.#threads) worker.postMessage(made);
  }
}
