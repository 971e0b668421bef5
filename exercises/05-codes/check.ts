import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, weather } from "../support/replies.ts";

const REASONS = {
  both: "runCall looks at a call in a certain order, and the first failure ends it",
  extra: "a schema made with z.object does not refuse a property that it does not know",
  polite: "the tool has returned, and nobody looks at what its result says",
  words: "no code comes from the words of an error, and this tool has thrown",
  exit: "this tool neither returned nor threw, so the error came from the pool",
  huge: "a result of more than two million characters does not leave its thread",
} as const;

const Prediction = z.object({
  both: z.string(),
  extra: z.string(),
  polite: z.string(),
  words: z.string(),
  exit: z.string(),
  huge: z.string(),
});
const Failed = z.object({ code: z.string() });

const REPLY = asking(
  call("both", "teleport", "{broken"),
  call("extra", "get_weather", { location: "LA", unit: "C" }),
  weather("Paris", "polite"),
  weather("Tokyo", "words"),
  weather("Pompeii", "exit"),
  weather("Lima", "huge"),
);

function forecast({ location }: Record<string, string>): unknown {
  if (location === "LA") return "mild";
  if (location === "Paris") return { error: "no station" };
  if (location === "Tokyo") throw new Error("worker exited with code: 79");
  return location === "Lima" ? "x".repeat(3_000_000) : undefined;
}

/** The prediction is what becomes of the calls of the task. */
export const check: Check = async ({ ask, predicted }) => {
  const [prediction, { feedback }] = await Promise.all([
    predicted(Prediction),
    ask({ replies: [REPLY], tools: { get_weather: forecast } }),
  ]);
  const results = feedback[0]?.results ?? [];
  const codes = new Map(
    results.map(({ id, error }) => [id, Failed.safeParse(error).data?.code ?? "success"]),
  );
  for (const id of ["both", "extra", "polite", "words", "exit", "huge"] as const) {
    expectThat(
      prediction[id] === codes.get(id),
      `${id}: the prediction is "${prediction[id]}", but ${REASONS[id]}`,
    );
  }
  return `as predicted: ${[...codes].map(([id, code]) => `${id} ended with ${code}`).join(", ")}`;
};
