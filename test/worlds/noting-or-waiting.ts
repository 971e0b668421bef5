import type { RunContext } from "../../mock-tools/context.ts";
import { note } from "./notes.ts";
import { forecast as beNoting } from "./noting.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

/** A weather tool that waits at a barrier in a place of one letter, and notes each run everywhere. */
export function forecast({ location }: { location: string }, context: RunContext = {}): unknown {
  if (location.length > 1) return beNoting({ location }, context);
  note({ location, ...context });
  return waitAtBarrier({ location });
}
