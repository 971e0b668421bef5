// The climate service. A study computes for a second or two, and can be told something meanwhile.
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { RunContext, Signal } from "./context.ts";
import { findStation, placeOf, type Station } from "./stations.ts";

/** The first season is the winter. */
export const SEASONS: readonly string[] = ["winter", "spring", "summer", "autumn"];
const YEARS = 30;
/** So many steps take some milliseconds, and after them a study looks up from its work. */
const STEPS = 700_000;
/** The ground warms and cools later than the sun does; a part of a circle. */
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

/** The seasons that the study is to be narrowed to, if a signal that has arrived says so. */
function readSignals(port: MessagePort | undefined): readonly string[] | undefined {
  let narrowed: readonly string[] | undefined;
  if (!port) return undefined;
  for (;;) {
    // Messages are delivered between tasks, and a study is one long task. So it fetches them.
    const received = receiveMessageOnPort(port);
    if (!received) return narrowed;
    const { name, payload }: Signal = received.message;
    const isHeeded = name === "narrow" && SEASONS.includes(payload);
    if (isHeeded) narrowed = [payload];
  }
}

/** What a study says about a place: the mean temperature of each season, in degrees Celsius. */
export function sayClimate(
  location: string,
  means: readonly { readonly season: string; readonly degrees: number }[],
): string {
  const said = means.map(({ season, degrees }) => `${season} ${degrees}`);
  return `${location}, ${YEARS} years: ${said.join(", ")} degrees`;
}

/** Vostok's study never ends, and it never looks up from its work. */
function studyVostok(): never {
  for (;;) meanOfSeason({ degrees: -60, swing: 0 }, 0, 0);
}

/**
 * Takes a place, returns the mean temperature of its seasons over 30 years, in degrees Celsius. The
 * signal "narrow" with the name of a season lets it leave the others out. After each season it says so
 * on the port.
 *
 * @throws an error for an unknown place, or when the study is cancelled
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

/** A part of a study: takes a place and a season, returns the mean temperature over 30 years. It takes a quarter of the time. */
export function studySeason({ location, season }: { location: string; season: string }): number {
  if (placeOf(location) === "vostok") studyVostok();
  const station = findStation(location);
  const index = SEASONS.indexOf(season);
  let sum = 0;
  for (let year = 0; year < YEARS; year++) sum += meanOfSeason(station, index, year);
  return Math.round(sum / YEARS);
}
