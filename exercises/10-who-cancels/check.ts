import { type Check, expectThat } from "../support/check.ts";
import { asking, weather } from "../support/replies.ts";
import type { Result } from "../support/talk.ts";

/** A call that looks at the flag, as Vostok never does. */
function untilAsked(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve("an incomplete forecast"));
  });
}

function expectBy(result: Result | undefined, by: string, when: string): void {
  expectThat(
    result?.by === by,
    `expected by: "${by}" in the outcome of ${result?.id ?? "a call"}, ${when}; got ${JSON.stringify(result)}`,
  );
}

/** Each cancelled call says whose limit it was: its own, or that of its batch. */
export const check: Check = async ({ ask }) => {
  const tools = {
    get_weather: ({ location }: Record<string, string>, { signal }: { signal: AbortSignal }) => {
      return location === "LA" ? untilAsked(signal) : undefined;
    },
  };
  // The first batch lets the threads start, which takes long on a busy machine.
  const warmUp = asking(weather("Lima"));
  const [own, batch] = await Promise.all([
    ask({ replies: [warmUp, asking(weather("Vostok"), weather("Paris"))], tools, limit: 30_000 }),
    ask({
      replies: [
        warmUp,
        asking(weather("LA"), weather("Vostok"), weather("Paris")),
        asking(weather("Lima")),
      ],
      tools,
      limit: 30_000,
    }),
  ]);
  const [ended, queued] = own.feedback[1]?.results ?? [];
  expectBy(ended, "call", "which reached its own limit before the batch's deadline");
  expectBy(queued, "batch", "which was in the queue when the deadline came");
  const [early, later, last] = batch.feedback[1]?.results ?? [];
  expectThat(
    early?.result !== undefined && early.by === undefined,
    `expected LA's outcome to be its result, without by, since it looked at the flag; got ${JSON.stringify(early)}`,
  );
  expectBy(later, "batch", "which began late and was ended by the batch's deadline");
  expectBy(last, "batch", "which was in the queue when the deadline came");
  const next = batch.feedback[2]?.results[0];
  expectThat(
    next?.result !== undefined && next.by === undefined,
    `expected Lima's outcome to be its result, without by; got ${JSON.stringify(next)}`,
  );
  return "a call that reached its own limit says so, although the deadline came during its grace; the others name the batch";
};
