// The weather service. A forecast costs real CPU time, as parsing, rendering or encryption would.

const STEPS = 25_000_000;

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

/** Takes a place, returns its weather ("cloudy, 5 degrees", Celsius); throws for an unknown place. */
export function forecast({ location }: { location: string }): string {
  const place = location.replace(/,.*/s, "").trim().toLowerCase();
  const station = stations.get(place === "los angeles" ? "la" : place);
  if (!station) {
    throw new Error(`no station in ${location}; known places: ${[...stations.keys()].join(", ")}`);
  }
  return `${station.sky}, ${Math.round(meanOfDay(station))} degrees`;
}
