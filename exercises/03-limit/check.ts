import { type Check, expectThat } from "../support/check.ts";
import { asking, type Reply, saying, weather } from "../support/replies.ts";

const BAD: Reply = { raw: "Let me look." };
/** The number of steps of the chapter, and after how many replies the model gives in. */
const MAX = 10;
const ENOUGH = 18;

/** Bad and good replies count alike, and the last allowed reply may answer. */
export const check: Check = async ({ askEach }) => {
  const mixed = (step: number) => (step % 2 === 0 ? BAD : asking(weather("LA")));
  const { runs } = await askEach(
    [
      (step) => (step < ENOUGH ? BAD : saying("at last")),
      (step) => (step < ENOUGH ? mixed(step) : saying("at last")),
      (step) => (step < MAX - 1 ? mixed(step) : saying("in time")),
    ],
    { tools: { get_weather: () => "mild" } },
  );
  const late = runs.at(-1);
  for (const { requests, error, answer } of runs.slice(0, -1)) {
    const count = requests.length;
    expectThat(
      count <= MAX,
      `expected at most ${MAX} requests; the model was asked ${count} times`,
    );
    expectThat(count === MAX, `expected the model to be asked ${MAX} times, not ${count}`);
    expectThat(
      error?.includes("Max step reached"),
      `expected the error "Max step reached" after ${MAX} requests, got ${error ?? `the answer "${answer}"`}`,
    );
  }
  expectThat(
    late?.answer === "in time",
    `expected the message of reply ${MAX} to be the answer, got ${late?.answer ?? late?.error}`,
  );
  return `bad replies, and bad and good ones in turn, ended after ${MAX} requests; a message in reply ${MAX} was still the answer`;
};
