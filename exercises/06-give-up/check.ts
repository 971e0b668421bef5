import { type Check, expectThat } from "../support/check.ts";
import { asking, weather } from "../support/replies.ts";

/** What the failures of a place ask for, one after the other; the last asks from then on. */
const WISHES: Readonly<Record<string, readonly (number | undefined)[]>> = {
  minute: [60_000],
  later: [20, 151],
  edge: [150],
  none: [undefined],
};

/** A wish that is too long ends the call, and nothing else does. */
export const check: Check = async ({ askEach }) => {
  const ran = new Map<string, number>();
  const places = Object.keys(WISHES);
  const asked = await askEach(
    places.map((place) => [asking(weather(place))]),
    {
      tools: {
        get_weather({ location = "" }) {
          const before = ran.get(location) ?? 0;
          ran.set(location, before + 1);
          const wishes = WISHES[location] ?? [];
          const after = wishes[before] ?? wishes.at(-1);
          throw new Error("overloaded", { cause: { retry: { after_ms: after } } });
        },
      },
    },
  );
  const ends = asked.runs.map(({ feedback }) => feedback[0]?.results[0]);
  const [minute, later, edge, none] = ends;
  const [minutes, laters, edges, nones] = places.map((place) => ran.get(place) ?? 0);
  expectThat(
    minutes === 1,
    `expected one attempt for a failure that asks for 60000 ms; there were ${minutes}`,
  );
  expectThat(
    laters === 2,
    `expected two attempts if the failures ask for 20 ms and then for 151 ms; there were ${laters}`,
  );
  for (const [end, wish] of [
    [minute, 60_000],
    [later, 151],
  ] as const) {
    expectThat(
      end?.error !== undefined && end.retry_after_ms === wish && end.exhausted === undefined,
      `expected the failure with retry_after_ms: ${wish} and without exhausted, got ${JSON.stringify(end)}`,
    );
  }
  expectThat(
    edges === 3 && nones === 3,
    `expected three attempts for a wish of exactly 150 ms, and for no wish; there were ${edges} and ${nones}`,
  );
  for (const end of [edge, none]) {
    expectThat(
      end?.exhausted !== undefined && end.retry_after_ms === undefined,
      `expected a call with three attempts to be exhausted, without retry_after_ms, got ${JSON.stringify(end)}`,
    );
  }
  const waits = asked.waits.join(", ");
  expectThat(
    waits === "20, 150, 150, 100, 150",
    `expected the waits 20, 150, 150, 100, 150 ms, the last one capped; they were ${waits}`,
  );
  return `a wish of 60000 ms ended the call after one attempt, and one of 151 ms after two; the waits were ${waits} ms`;
};
