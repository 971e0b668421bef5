import { note } from "./notes.ts";
import { forecast as waitAtBarrier } from "./waiting.ts";

export const SEASONS: readonly string[] = ["winter", "spring", "summer", "autumn"];

type Mean = { readonly season: string; readonly degrees: number };

export function sayClimate(location: string, means: readonly Mean[]): string {
  return `${location}: ${means.map(({ season, degrees }) => `${season} ${degrees}`).join(", ")}`;
}

/** The chapter never calls this, because it studies season by season. */
export function studyClimate(): never {
  throw new Error("nobody asks for a whole study");
}

/**
 * A part of a study that notes each of its runs. The first word of its place says what it does: it waits
 * at a barrier, it never looks at the flag, or it fails.
 */
export function studySeason({ location, season }: { location: string; season: string }): unknown {
  note({ location, season, pid: process.pid });
  const degrees = SEASONS.indexOf(season);
  switch (location.split(" ")[0]) {
    case "held":
      return waitAtBarrier({ location: `${location} ${season}` }).then(() => degrees);
    case "deaf":
      for (;;) Math.sqrt(degrees);
    case "throwing":
      throw new Error("no such study");
    case "dying":
      return process.exit(3);
    default:
      return degrees;
  }
}
