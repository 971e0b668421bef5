import { forecast as beNasty } from "./nasty.ts";

/** A weather tool with the usual weather in LA and the usual failure in Atlantis, and nasty elsewhere. */
export function forecast({ location }: { location: string }): unknown {
  if (location === "LA") return "sunny, 20 degrees";
  if (location === "Atlantis") throw new Error("no station in Atlantis; known places: LA");
  return beNasty({ location });
}
