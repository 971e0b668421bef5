import { printStatus } from "./print.ts";

/**
 * Ends the program as other tools end when their output has no place to go: quietly with exit code 0
 * when nobody reads it any more, as with `| head -1`; with one line and exit code 1 when it cannot be
 * written, as on a full disk.
 */
export function endWithOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    printStatus(`error: the output cannot be written: ${error.message}`);
    process.exit(1);
  });
  // There is no place left to complain in, and the transcript may still have a reader.
  process.stderr.on("error", () => undefined);
}
