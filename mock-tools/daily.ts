// The weather archive: one line for each day of a year, some 20,000 characters.
import { findStation, placeOf, type Station } from "./stations.ts";

const YEAR = 2025;
const DAYS = 365;
const DAY_MS = 86_400_000;
/** The day of the year that is coldest in the north and warmest in the south. */
const MIDWINTER = 20;

/** A whole number from 0 to 99, always the same for the same place, day and topic. */
function chance(place: string, day: number, topic: number): number {
  let hash = topic;
  for (const letter of `${place} ${day}`) {
    hash = Math.imul(hash ^ Number(letter.codePointAt(0)), 0x01000193);
    hash ^= hash >>> 15;
  }
  return (hash >>> 0) % 100;
}

function skyOf({ sky }: Station, wet: number): string {
  if (wet < 40) return sky;
  return wet < 60 ? "sunny" : wet < 80 ? "cloudy" : "rainy";
}

function lineOf(place: string, station: Station, day: number): string {
  const date = new Date(Date.UTC(YEAR, 0, 1) + day * DAY_MS).toISOString().slice(0, 10);
  const season = -Math.cos((2 * Math.PI * (day - MIDWINTER)) / DAYS);
  const usual = station.degrees + (station.latitude / 5) * season;
  const degrees = Math.round(usual + (chance(place, day, 1) - 50) / 15);
  const sky = skyOf(station, chance(place, day, 2));
  const wind = 5 + (chance(place, day, 3) >> 2) + (sky === "windy" ? 20 : 0);
  const rain = sky === "rainy" ? 1 + (chance(place, day, 4) >> 2) : 0;
  return `${date} ${sky}, ${degrees} degrees, wind ${wind} km/h, rain ${rain} mm`;
}

/**
 * Takes a place, returns the weather of each day of one year, one line per day ("2025-07-14 sunny, 25 degrees,
 * wind 12 km/h, rain 0 mm", Celsius); throws for an unknown place.
 */
export function listDays({ location }: { location: string }): string {
  const station = findStation(location);
  const place = placeOf(location);
  const lines = Array.from({ length: DAYS }, (_, day) => lineOf(place, station, day));
  return lines.join("\n");
}
