import { forecast as beNasty } from "./nasty.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

/** A weather tool that waits at a barrier in a place of one letter, and is nasty elsewhere. */
export function forecast({ location }: { location: string }): unknown {
  return location.length === 1 ? waitAtBarrier({ location }) : beNasty({ location });
}
