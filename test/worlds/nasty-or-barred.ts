import { forecast as beNasty } from "./nasty.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

/** A weather tool that waits at a barrier under the name x in a place "barrier x", and is nasty elsewhere. */
export async function forecast({ location }: { location: string }): Promise<unknown> {
  if (!location.startsWith("barrier ")) return beNasty({ location });
  return waitAtBarrier({ location: location.slice("barrier ".length) });
}
