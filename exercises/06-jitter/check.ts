import { type Check, expectThat } from "../support/check.ts";
import { asking, weather } from "../support/replies.ts";

const CALLS = 12;

/** By chance alone, so many numbers are almost never so close together, nor so often the same. */
function expectSpread(name: string, waits: readonly number[], from: number, to: number): void {
  const [least, most] = [Math.min(...waits), Math.max(...waits)].map(Math.round);
  const came = least === most ? `all ${least} ms` : `between ${least} and ${most} ms`;
  const isWithin = waits.every((ms) => ms >= from && ms <= to);
  const isSpread = Math.max(...waits) - Math.min(...waits) > 0.3 * (to - from);
  expectThat(
    isWithin && isSpread && new Set(waits).size > CALLS / 2,
    `expected ${CALLS} ${name} waits that are spread over ${from} to ${to} ms; they were ${came}, ${new Set(waits).size} of them different`,
  );
}

/** Back-offs are random, each for itself; waits that a failure asks for are not. */
export const check: Check = async ({ askEach }) => {
  const alone = Array.from({ length: CALLS }, () => [asking(weather("Vostok"))]);
  const { waits } = await askEach([...alone, [asking(weather("400"))], [asking(weather("9000"))]], {
    tools: {
      get_weather({ location }) {
        const after = location === "Vostok" ? undefined : Number(location);
        throw new Error("overloaded", { cause: { retry: { after_ms: after } } });
      },
    },
  });
  expectThat(
    waits.length > 0,
    "no wait was seen; the check sees those of setTimeout and of node:timers",
  );
  // Each of the calls waits twice: after its first attempt, and after its second.
  const firsts = waits.slice(0, 2 * CALLS).filter((_, index) => index % 2 === 0);
  const seconds = waits.slice(0, 2 * CALLS).filter((_, index) => index % 2 === 1);
  expectSpread("first", firsts, 50, 100);
  expectSpread("second", seconds, 100, 200);
  expectThat(
    seconds.some((ms, index) => Math.abs(ms - 2 * (firsts[index] ?? 0)) > 2),
    "expected a random number of its own for each wait; every second wait is twice the first of its call",
  );
  const asked = waits.slice(2 * CALLS).map((ms) => Math.round(ms));
  expectThat(
    asked.join(", ") === "400, 400, 2000, 2000",
    `expected waits of 400, 400 ms and, capped, of 2000, 2000 ms where failures ask for 400 and 9000 ms; they were ${asked.join(", ")}`,
  );
  const shown = firsts.map((ms) => Math.round(ms));
  return `${CALLS} calls came back after ${shown.join(", ")} ms; the waits that were asked for stayed ${asked.join(", ")} ms`;
};
