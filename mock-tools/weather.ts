// The weather service. A forecast costs real CPU time, as parsing, rendering or encryption would.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { RunContext } from "./context.ts";
import { findStation, placeOf, type Station } from "./stations.ts";
import { worldFile } from "./world.ts";

const STEPS = 25_000_000;
const SATELLITE_PARTS = 500;
const SATELLITE_PART_MS = 20;

/** The mean temperature of a day, in small steps: the sun rises and sets, the air warms and cools. */
function meanOfDay({ degrees, swing }: Pick<Station, "degrees" | "swing">): number {
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

/** Oslo's line drops at every second call. A file shows whether it dropped at the last one. */
function callOslo(): string {
  const file = worldFile("oslo-line-dropped");
  if (existsSync(file)) {
    rmSync(file, { force: true });
    return "snowy, -4 degrees";
  }
  writeFileSync(file, "");
  throw new Error("the line to Oslo dropped", { cause: { retry: { after_ms: 20 } } });
}

/** McMurdo answers by satellite, in parts. It stops early if the call is cancelled. */
async function callMcMurdo({ cancelled }: RunContext): Promise<string> {
  for (let part = 0; part < SATELLITE_PARTS; part++) {
    if (cancelled && Atomics.load(cancelled, 0) !== 0) return "an incomplete forecast";
    await wait(SATELLITE_PART_MS);
  }
  return "windy, -20 degrees";
}

/** Vostok's forecast never ends. */
function callVostok(): never {
  for (;;) meanOfDay({ degrees: -60, swing: 0 });
}

const troubles = new Map<string, (context: RunContext) => string | Promise<string>>([
  ["oslo", callOslo],
  ["mcmurdo", callMcMurdo],
  ["vostok", callVostok],
  ["pompeii", () => process.exit(79)],
]);

/**
 * Takes a place, returns its weather ("cloudy, 5 degrees", Celsius); throws for an unknown place.
 * Four places make trouble: Oslo fails at first, McMurdo takes seconds, Vostok never ends, and
 * Pompeii ends its thread.
 */
export function forecast(
  { location }: { location: string },
  context: RunContext = {},
): string | Promise<string> {
  const trouble = troubles.get(placeOf(location));
  if (trouble) return trouble(context);
  const station = findStation(location);
  return `${station.sky}, ${Math.round(meanOfDay(station))} degrees`;
}
