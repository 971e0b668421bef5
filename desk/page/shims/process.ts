// The process of a page's program or of one of its threads.
import { end, tell } from "../realm.ts";

type Listener = (...values: unknown[]) => void;
const listeners = new Map<string, Listener[]>();

function on(event: string, listener: Listener): void {
  listeners.set(event, [...(listeners.get(event) ?? []), listener]);
}

function once(event: string, listener: Listener): void {
  const first: Listener = (...values) => {
    const others = (listeners.get(event) ?? []).filter((one) => one !== first);
    listeners.set(event, others);
    listener(...values);
  };
  on(event, first);
}

/** Calls the listeners of an event. Returns false if there are none. */
export function emit(event: string, ...values: unknown[]): boolean {
  const called = listeners.get(event) ?? [];
  for (const listener of called) listener(...values);
  return called.length > 0;
}

function stream(name: "stdout" | "stderr") {
  return {
    isTTY: false,
    // A page takes all that is printed, so there is no error to listen for.
    on: () => undefined,
    write: (text: string) => tell({ type: "print", stream: name, text }),
  };
}

type Process = {
  readonly argv: string[];
  readonly env: Record<string, string | undefined>;
  exitCode: number | undefined;
};

const own: Process = { argv: [...start.argv], env: { ...start.env }, exitCode: undefined };

export const process = Object.assign(own, {
  execArgv: [],
  // The bundle holds JavaScript, so a thread needs no loader for TypeScript.
  features: { typescript: true },
  // No option of Node's has a meaning here.
  allowedNodeEnvironmentFlags: new Set<string>(),
  platform: "browser",
  stdout: stream("stdout"),
  stderr: stream("stderr"),
  on,
  once,
  listenerCount: (event: string): number => (listeners.get(event) ?? []).length,
  exit: (code = own.exitCode ?? 0): never => end(code),
});
