// The weather service. A forecast costs real CPU time, as parsing, rendering or encryption would.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { RunContext } from "./context.ts";
import { worldFile } from "./world.ts";

const STEPS = 25_000_000;
const SATELLITE_PARTS = 500;
const SATELLITE_PART_MS = 20;

type Station = { readonly degrees: number; readonly swing: number; readonly sky: string };

const stations = new Map<string, Station>([
  ["beijing", { degrees: 5, swing: 6, sky: "cloudy" }],
  ["cairo", { degrees: 31, swing: 8, sky: "sunny" }],
  ["la", { degrees: 20, swing: 4, sky: "sunny" }],
  ["lima", { degrees: 18, swing: 3, sky: "cloudy" }],
  ["london", { degrees: 10, swing: 3, sky: "rainy" }],
  ["mumbai", { degrees: 29, swing: 4, sky: "fair" }],
  ["nairobi", { degrees: 22, swing: 5, sky: "fair" }],
  ["new york", { degrees: 9, swing: 4, sky: "windy" }],
  ["paris", { degrees: 12, swing: 4, sky: "cloudy" }],
  ["sydney", { degrees: 23, swing: 5, sky: "sunny" }],
  ["tokyo", { degrees: 14, swing: 5, sky: "rainy" }],
]);

/** The mean temperature of a day, in small steps: the sun rises and sets, the air warms and cools. */
function meanOfDay({ degrees, swing }: Station): number {
  const turn = (2 * Math.PI) / STEPS;
  let sun = 0;
  let shade = 1;
  let sum = 0;
  for (let step = STEPS; step > 0; step--) {
    sun += shade * turn;
    shade -= sun * turn;
    sum += degrees + swing * sun;
  }
  return sum / STEPS;
}

/** Oslo's line drops on every other call; a file remembers which one it was. */
function callOslo(): string {
  const file = worldFile("oslo-line-dropped");
  if (existsSync(file)) {
    rmSync(file, { force: true });
    return "snowy, -4 degrees";
  }
  writeFileSync(file, "");
  throw new Error("the line to Oslo dropped", { cause: { retry: { after_ms: 20 } } });
}

/** McMurdo answers by satellite, in parts, and can be told that nobody waits any more. */
async function callMcMurdo({ cancelled }: RunContext): Promise<string> {
  for (let part = 0; part < SATELLITE_PARTS; part++) {
    if (cancelled && Atomics.load(cancelled, 0) !== 0) return "an incomplete forecast";
    await wait(SATELLITE_PART_MS);
  }
  return "windy, -20 degrees";
}

/** Nobody has ever seen Vostok's forecast settle. */
function callVostok(): never {
  for (;;) meanOfDay({ degrees: -60, swing: 0, sky: "dark" });
}

const troubles = new Map<string, (context: RunContext) => string | Promise<string>>([
  ["oslo", callOslo],
  ["mcmurdo", callMcMurdo],
  ["vostok", callVostok],
  ["pompeii", () => process.exit(79)],
]);

/**
 * Takes a place, returns its weather ("cloudy, 5 degrees", Celsius); throws for an unknown place.
 * Four places are trouble: Oslo fails at first, McMurdo takes seconds, Vostok never ends, and
 * Pompeii takes the thread down with it.
 */
export function forecast(
  { location }: { location: string },
  context: RunContext = {},
): string | Promise<string> {
  const place = location.replace(/,.*/s, "").trim().toLowerCase();
  const trouble = troubles.get(place);
  if (trouble) return trouble(context);
  const station = stations.get(place === "los angeles" ? "la" : place);
  if (!station) {
    throw new Error(`no station in ${location}; known places: ${[...stations.keys()].join(", ")}`);
  }
  return `${station.sky}, ${Math.round(meanOfDay(station))} degrees`;
}
