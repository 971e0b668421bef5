import type { RunContext } from "../../mock-tools/context.ts";
import { note } from "./notes.ts";
import { forecast as beNoting } from "./noting.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

/**
 * A weather tool that notes its process and its key in a place that begins with "held", and waits there at a
 * barrier. Elsewhere it is noting.
 */
export function forecast({ location }: { location: string }, context: RunContext = {}): unknown {
  if (!location.startsWith("held")) return beNoting({ location }, context);
  note({ location, pid: process.pid, ...context });
  return waitAtBarrier({ location });
}
