import { constants } from "node:os";

let isListening = false;

/**
 * Turns a signal without other listeners into an ordinary end, with the exit code that a shell expects.
 * The listeners stay, so that a second signal cannot interrupt that end.
 */
function listen(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

/** Calls a function when the process ends, also after a signal. */
export function atEnd(act: () => void): void {
  process.on("exit", act);
  if (!isListening) listen();
  isListening = true;
}
