import { constants } from "node:os";

/**
 * Does something when the process ends. A signal would end it without a word, so one that nobody else
 * listens to becomes an ordinary end, with the exit code that a shell gives it.
 */
export function atEnd(act: () => void): void {
  process.on("exit", act);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      if (process.listenerCount(signal) === 0) process.exit(128 + constants.signals[signal]);
    });
  }
}
