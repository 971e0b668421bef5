// The climate service. A study computes for a second or two, and can receive signals meanwhile.
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { RunContext, Signal } from "./context.ts";
import { findStation, placeOf, type Station } from "./stations.ts";

/** The first season is the winter. */
export const SEASONS: readonly string[] = ["winter", "spring", "summer", "autumn"];
const YEARS = 30;
/** The steps between two looks at the signals and the flag. They take some milliseconds. */
const STEPS = 700_000;
/** The delay of the temperature behind the sun, as an angle in radians. */
const LAG = 0.4;

type Mean = Pick<Station, "degrees" | "swing">;

/** The mean temperature of one season in one year, in small steps. The first season is the winter. */
function meanOfSeason({ degrees, swing }: Mean, season: number, year: number): number {
  const length = Math.PI / 2;
  const start = (season - 0.5) * length - LAG;
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    sum -= Math.cos(start + (step / STEPS) * length);
  }
  return degrees + 2 * swing * (sum / STEPS) + Math.sin(year);
}

/** Reads the signals that have arrived. Returns the seasons to which they narrow the study, if any. */
function readSignals(port: MessagePort | undefined): readonly string[] | undefined {
  let narrowed: readonly string[] | undefined;
  if (!port) return undefined;
  for (;;) {
    // Messages are delivered between tasks, and a study is one long task. So it must fetch them.
    const received = receiveMessageOnPort(port);
    if (!received) return narrowed;
    const { name, payload }: Signal = received.message;
    const isHeeded = name === "narrow" && SEASONS.includes(payload);
    if (isHeeded) narrowed = [payload];
  }
}

/** The result of a study in words: the mean temperature of each season, in degrees Celsius. */
export function sayClimate(
  location: string,
  means: readonly { readonly season: string; readonly degrees: number }[],
): string {
  const said = means.map(({ season, degrees }) => `${season} ${degrees}`);
  return `${location}, ${YEARS} years: ${said.join(", ")} degrees`;
}

/** Vostok's study never ends, and never looks at the flag or at its signals. */
function studyVostok(): never {
  for (;;) meanOfSeason({ degrees: -60, swing: 0 }, 0, 0);
}

/**
 * Takes a place, returns the mean temperature of its seasons over 30 years, in degrees Celsius. After the
 * signal "narrow" with the name of a season, it leaves the other seasons out. It reports each finished
 * season on the port.
 *
 * @throws an error for an unknown place, or if the study is cancelled
 */
export function studyClimate(
  { location }: { location: string },
  { cancelled, port }: RunContext = {},
): string {
  if (placeOf(location) === "vostok") studyVostok();
  const station = findStation(location);
  const parts = SEASONS.map((season, index) => ({ season, index, years: 0, sum: 0 }));
  let wanted = SEASONS;
  for (;;) {
    if (cancelled && Atomics.load(cancelled, 0) !== 0) throw new Error("the study was cancelled");
    wanted = readSignals(port) ?? wanted;
    const part = parts.find(({ season, years }) => wanted.includes(season) && years < YEARS);
    if (!part) break;
    part.sum += meanOfSeason(station, part.index, part.years++);
    if (part.years === YEARS) port?.postMessage(`${part.season} is done`);
  }
  const studied = parts.filter(({ season }) => wanted.includes(season));
  return sayClimate(
    location,
    studied.map(({ season, sum }) => ({ season, degrees: Math.round(sum / YEARS) })),
  );
}

/** A quarter of a study: takes a place and a season, returns the mean temperature over 30 years. */
export function studySeason({ location, season }: { location: string; season: string }): number {
  if (placeOf(location) === "vostok") studyVostok();
  const station = findStation(location);
  const index = SEASONS.indexOf(season);
  let sum = 0;
  for (let year = 0; year < YEARS; year++) sum += meanOfSeason(station, index, year);
  return Math.round(sum / YEARS);
}
