import { once } from "node:events";
import { text } from "node:stream/consumers";
import { type Ended, start } from "../../scripts/run.ts";

/**
 * Starts a program, so that a test can press Ctrl-C or kill it while it runs, and then check how it
 * ended. It has begun when it has printed something.
 */
export function startForUser(...what: Parameters<typeof start>): {
  readonly pressCtrlC: () => void;
  readonly kill: () => void;
  readonly began: Promise<unknown>;
  readonly ended: Promise<Ended>;
} {
  const program = start(...what);
  const readAll = async (): Promise<Ended> => {
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(program.stdout),
      text(program.stderr),
      once(program, "close"),
    ]);
    return { code: code ?? signal, stdout, stderr };
  };
  return {
    pressCtrlC: () => program.kill("SIGINT"),
    kill: () => program.kill("SIGKILL"),
    began: Promise.race([once(program.stdout, "data"), once(program, "close")]),
    ended: readAll(),
  };
}
