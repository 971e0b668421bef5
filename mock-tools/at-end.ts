import { constants } from "node:os";

let isListening = false;

/**
 * Makes an ordinary end of a signal that nobody else listens to, with the exit code that a shell gives it.
 * The listeners stay, so that a second signal cannot cut that end short.
 */
function listen(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

/** Does something when the process ends, also when a signal ends it. */
export function atEnd(act: () => void): void {
  process.on("exit", act);
  if (!isListening) listen();
  isListening = true;
}
