import { forecast as beNasty } from "./nasty.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

/** A weather tool that reports "barrier x" to a barrier as x, and is nasty elsewhere. */
export async function forecast({ location }: { location: string }): Promise<unknown> {
  if (!location.startsWith("barrier ")) return beNasty({ location });
  await waitAtBarrier({ location: location.slice("barrier ".length) });
  return `calm in ${location}`;
}
