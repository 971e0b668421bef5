import { type Check, expectThat } from "../support/check.ts";
import { asking, weather } from "../support/replies.ts";

const MAX_MS = 2_000;
/** The waits that failures ask for, and the two waits that follow. */
const WISHES: readonly (readonly [after: number | undefined, expected: string])[] = [
  [3_600_000, "2000, 2000"],
  [undefined, "100, 200"],
  [20, "20, 20"],
  [1_999, "1999, 1999"],
  [0, "none"],
];

/** Each wish is asked for in a question of its own, three times, so there are two waits. */
export const check: Check = async ({ askEach }) => {
  const { waits } = await askEach(
    WISHES.map((_, index) => [asking(weather(String(index)))]),
    {
      tools: {
        get_weather({ location }) {
          const [after] = WISHES[Number(location)] ?? [];
          throw new Error("overloaded", { cause: { retry: { after_ms: after } } });
        },
      },
    },
  );
  expectThat(
    waits.length > 0,
    "no wait was seen; the check sees those of setTimeout and of node:timers",
  );
  const [longest = 0] = waits.toSorted((one, other) => other - one);
  expectThat(
    longest <= MAX_MS,
    `expected waits of at most ${MAX_MS} ms; a failure asked for 3600000 ms, and the program asked for a wait of ${longest} ms`,
  );
  for (const [index, [after, expected]] of WISHES.entries()) {
    // A wait of 0 ms may be left out, so the wish for it comes last.
    const own = waits.slice(2 * index, 2 * index + 2).filter((ms) => ms > 0);
    const came = own.join(", ") || "none";
    const wish = after === undefined ? "no time" : `${after} ms`;
    expectThat(
      came === expected,
      `expected these waits after failures that ask for ${wish}: ${expected}; they were ${came}`,
    );
  }
  return `a failure that asked for an hour was tried again after ${waits[0]} ms; the other waits were ${waits.slice(2).join(", ")} ms, each as it was before`;
};
