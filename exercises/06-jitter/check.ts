import { type Check, expectThat } from "../support/check.ts";
import { asking, weather } from "../support/replies.ts";

const CALLS = 12;

/** Back-offs are random, each for itself; waits that a failure asks for are not. */
export const check: Check = async ({ askEach }) => {
  const places = Array.from({ length: CALLS }, () => weather("Vostok"));
  const { waits } = await askEach(
    [[asking(...places)], [asking(weather("400"))], [asking(weather("9000"))]],
    {
      tools: {
        get_weather({ location }) {
          const after = location === "Vostok" ? undefined : Number(location);
          throw new Error("overloaded", { cause: { retry: { after_ms: after } } });
        },
      },
    },
  );
  const backOffs = waits.slice(0, 2 * CALLS).toSorted((one, other) => one - other);
  const halves = [backOffs.slice(0, CALLS), backOffs.slice(CALLS)];
  for (const [half, name, from, to] of [
    [halves[0] ?? [], "first", 50, 100],
    [halves[1] ?? [], "second", 100, 200],
  ] as const) {
    const [least = 0, most = 0] = [half[0], half.at(-1)].map((ms) => Math.round(ms ?? 0));
    const came = least === most ? `all ${least} ms` : `between ${least} and ${most} ms`;
    expectThat(
      half.every((ms) => ms >= from && ms <= to) && new Set(half).size > CALLS / 4,
      `expected ${CALLS} ${name} waits between ${from} and ${to} ms, no two in step; they were ${came}`,
    );
  }
  const asked = waits.slice(2 * CALLS).map((ms) => Math.round(ms));
  expectThat(
    asked.join(", ") === "400, 400, 2000, 2000",
    `expected waits of 400, 400 ms and, capped, of 2000, 2000 ms where failures ask for 400 and 9000 ms; they were ${asked.join(", ")}`,
  );
  const shown = backOffs.map((ms) => Math.round(ms));
  return `${CALLS} calls that failed together came back after ${shown.slice(0, CALLS).join(", ")} ms; the waits that were asked for stayed ${asked.join(", ")} ms`;
};
