// The weather stations. Several tools read them.

/** A station's weather, in degrees Celsius, and its latitude. */
export type Station = {
  /** The mean temperature, and how much it rises and falls in a day. */
  readonly degrees: number;
  readonly swing: number;
  readonly sky: string;
  /** Degrees north of the equator; negative in the south. */
  readonly latitude: number;
};

const stations = new Map<string, Station>([
  ["beijing", { degrees: 5, swing: 6, sky: "cloudy", latitude: 40 }],
  ["cairo", { degrees: 31, swing: 8, sky: "sunny", latitude: 30 }],
  ["la", { degrees: 20, swing: 4, sky: "sunny", latitude: 34 }],
  ["lima", { degrees: 18, swing: 3, sky: "cloudy", latitude: -12 }],
  ["london", { degrees: 10, swing: 3, sky: "rainy", latitude: 51 }],
  ["mumbai", { degrees: 29, swing: 4, sky: "fair", latitude: 19 }],
  ["nairobi", { degrees: 22, swing: 5, sky: "fair", latitude: -1 }],
  ["new york", { degrees: 9, swing: 4, sky: "windy", latitude: 41 }],
  ["paris", { degrees: 12, swing: 4, sky: "cloudy", latitude: 49 }],
  ["sydney", { degrees: 23, swing: 5, sky: "sunny", latitude: -34 }],
  ["tokyo", { degrees: 14, swing: 5, sky: "rainy", latitude: 36 }],
]);

/** Takes a location, returns the name of its station: "LA, CA" becomes "la". */
export function placeOf(location: string): string {
  const place = location.replace(/,.*/s, "").trim().toLowerCase();
  return place === "los angeles" ? "la" : place;
}

/**
 * Finds the station of a location.
 *
 * @throws an error that lists the known places
 */
export function findStation(location: string): Station {
  const station = stations.get(placeOf(location));
  if (station) return station;
  throw new Error(`no station in ${location}; known places: ${[...stations.keys()].join(", ")}`);
}
