import { printStatus } from "./print.ts";

/**
 * Ends the program if its output cannot be written, as other tools do: quietly with exit code 0 if
 * the reader has gone, as with `| head -1`; with one line and exit code 1 after any other error,
 * such as a full disk.
 */
export function endWithOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    printStatus(`error: the output cannot be written: ${error.message}`);
    process.exit(1);
  });
  // The error cannot be printed anywhere, and the transcript may still have a reader.
  process.stderr.on("error", () => undefined);
}
