import { type Check, expectThat } from "../support/check.ts";
import { makeGate } from "../support/meet.ts";
import { asking, countRuns, weather } from "../support/replies.ts";

const SLOW = "Paris";
const QUICK = ["Lima", "LA", "Tokyo"];
const CITIES = [SLOW, ...QUICK];

function list(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
}

/** While one of two lanes is taken by a slow call, the other runs all other calls. */
export const check: Check = async ({ ask }) => {
  const counted = countRuns([asking(...CITIES.map((city) => weather(city, "forecast")))]);
  const gate = makeGate();
  const came: string[] = [];
  let early: readonly string[] = [];
  const { runs, stdout } = await ask({
    replies: counted.replies,
    limit: 30_000,
    tools: {
      async get_weather({ location = "" }) {
        if (counted.run === 1) return location;
        if (location !== SLOW) came.push(location);
        if (came.length === QUICK.length) gate.open();
        if (location !== SLOW) return location;
        await gate.wait();
        early = [...came];
        return location;
      },
    },
  });
  expectThat(
    early.length === QUICK.length,
    `expected ${list(QUICK)} to start while Paris runs; only ${list(early) || "nobody"} did`,
  );
  for (const [index, name] of ["serial", "parallel"].entries()) {
    const [, peak = "none", trail = ""] =
      new RegExp(`${name} runner: (\\d+) (\\S+)`).exec(stdout) ?? [];
    const limit = index + 1;
    expectThat(
      peak === `${limit}`,
      `expected the peak of the ${name} runner to be ${limit}, got ${peak} ${trail}`,
    );
    const cities = runs[index]?.feedback[0]?.results.map(({ result }) => String(result)) ?? [];
    expectThat(
      cities.join() === CITIES.join(),
      `expected the results of ${list(CITIES)} from the ${name} runner, in the order asked; got ${list(cities) || "none"}`,
    );
  }
  return `${list(early)} started while Paris ran, no more than two ran at once, and the results stand in the order asked`;
};
