import type { RunContext } from "../../mock-tools/context.ts";
import { forecast as beNasty } from "./nasty.ts";
import { note } from "./notes.ts";
import { forecast as waitThere } from "./waiting.ts";

/** A weather tool that notes each of its runs with the key. In the place "the barrier", it waits. */
export function forecast({ location }: { location: string }, { key }: RunContext = {}): unknown {
  note({ location, key });
  return location === "the barrier" ? waitThere({ location }) : beNasty({ location });
}
