import { forecast as beOdd } from "./odd.ts";

/** A weather tool that does what its place says, and sometimes ends its thread or is slow. */
export function forecast({ location }: { location: string }): unknown {
  const chance = Math.random();
  if (chance < 0.01) process.exit(1);
  if (chance < 0.02) return new Promise((resolve) => setTimeout(resolve, 200, "late"));
  if (chance < 0.025) {
    const eaten: number[][] = [];
    for (;;) eaten.push(new Array(1e5).fill(chance));
  }
  return beOdd({ location });
}
