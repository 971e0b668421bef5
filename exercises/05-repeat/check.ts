import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, weather } from "../support/replies.ts";

const Refused = z.object({ class: z.literal("unavailable"), code: z.literal("call_refused") });

const ALL = [weather("Pompeii"), weather("Atlantis"), weather("Paris"), weather("Babel")];
const spaced = call("Pompeii", "get_weather", '{ "location" : "Pompeii" }');

/** Calls that did harm are refused in later replies of the question, and nothing else is. */
export const check: Check = async ({ askEach }) => {
  const ran = new Map<string, number>();
  const asked = await askEach(
    [[asking(...ALL), asking(...ALL), asking(spaced)], [asking(weather("Pompeii"))]],
    {
      tools: {
        get_weather({ location = "" }) {
          ran.set(location, (ran.get(location) ?? 0) + 1);
          if (location === "Paris") return "mild";
          return location === "Babel" ? "x".repeat(3_000_000) : undefined;
        },
      },
    },
  );
  const times = (place: string) => ran.get(place) ?? 0;
  const [question, next] = asked.runs;
  const [, again = [], third = []] = question?.feedback.map(({ results }) => results) ?? [];
  const isNextRun = next?.feedback[0]?.text.includes("thread_ended") === true;
  const pompeii = times("Pompeii") - (isNextRun ? 1 : 0);
  expectThat(
    pompeii === 1,
    `expected Pompeii to run once, as its thread ended; the model asked for it in three replies, and it ran ${pompeii} times`,
  );
  expectThat(
    times("Babel") === 1,
    `expected Babel to run once, as its result was too large (resource_limit); it ran ${times("Babel")} times`,
  );
  for (const place of ["Atlantis", "Paris"]) {
    expectThat(
      times(place) === 2,
      `expected ${place} to run in both replies, as it did no harm; it ran ${times(place)} times`,
    );
  }
  for (const one of [again[0], again[3], third[0]]) {
    const came = JSON.stringify(one?.error ?? one?.result);
    expectThat(
      Refused.safeParse(one?.error).success,
      `expected the repeated call to fail with the class unavailable and the code call_refused, got ${came}`,
    );
  }
  expectThat(isNextRun, "expected Pompeii to run in the next question; it was refused there too");
  return "Pompeii and Babel ran once and were then refused, Atlantis and Paris ran twice, and Pompeii ran again in the next question";
};
