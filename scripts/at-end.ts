/**
 * Does something when the process ends. Vitest ends its workers with a signal, which would end them
 * without a word, so a signal becomes an ordinary end.
 */
export function atEnd(act: () => void): void {
  process.on("exit", act);
  if (process.listenerCount("SIGTERM") === 0) process.once("SIGTERM", () => process.exit(143));
}
