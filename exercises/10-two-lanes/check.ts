import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import type { Program } from "../support/program.ts";
import { asking, weather } from "../support/replies.ts";

const WORDS = ["result", "its thread was ended", "it never started"];
const Outcome = z.string();
const Prediction = z.object({
  vostok: Outcome,
  mcmurdo: Outcome,
  la: Outcome,
  paris: Outcome,
  requests: z.number(),
});

const FACTS = {
  vostok: "its tool never looks at the flag",
  mcmurdo: "its tool looks at the flag between two parts",
  la: "there are two lanes, and no call holds its lane longer than CALL_MS and GRACE_MS",
  paris: "a lane takes the next call as soon as it is free, and BATCH_MS are long",
} as const;

const TROUBLE = ["Vostok", "McMurdo"];

/** Asks for the four places, after a batch that lets both threads start. LA and Paris answer at once. */
async function askForFour({ ask }: Program) {
  const { feedback, requests } = await ask({
    replies: [
      asking(weather("Lima"), weather("Cairo")),
      asking(...[...TROUBLE, "LA", "Paris"].map((place) => weather(place, place.toLowerCase()))),
    ],
    tools: {
      get_weather: ({ location = "" }) => (TROUBLE.includes(location) ? undefined : "sunny"),
    },
    limit: 30_000,
  });
  const results = feedback[1]?.results ?? [];
  const outcomes = new Map(results.map(({ id, cancelled }) => [id, String(cancelled ?? "result")]));
  return { outcomes, requests: requests.length - 1 };
}

/** The prediction is how a run of these calls ends. */
export const check: Check = async (program) => {
  const prediction = await program.predicted(Prediction);
  const { outcomes, requests } = await askForFour(program);
  for (const place of ["vostok", "mcmurdo", "la", "paris"] as const) {
    const said = prediction[place];
    expectThat(
      WORDS.includes(said),
      `${place}: expected one of "${WORDS.join('", "')}", got ${JSON.stringify(said)}`,
    );
    expectThat(
      said === outcomes.get(place),
      `${place}: the prediction "${said}" is not how the call ended; ${FACTS[place]}`,
    );
  }
  expectThat(
    prediction.requests === requests,
    `requests: the prediction is ${prediction.requests}; count the steps, and think of what a cancelled call does to the run`,
  );
  const said = [...outcomes].map(([place, outcome]) => `${place}: ${outcome}`).join(", ");
  return `the calls ended as predicted, ${said}, and the model got ${requests} requests`;
};
