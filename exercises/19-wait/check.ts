import { setTimeout as wait } from "node:timers/promises";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, saying } from "../support/replies.ts";

const PLACES = ["Lima", "Paris", "Tokyo", "Cairo", "LA", "Beijing"];
/** The limit is a second. A wait of several limits is too long, even on a busy machine. */
const TOO_LONG_MS = 3_000;
/** A process that ends so long after the call has begun must be awaited. */
const SOON_MS = 150;

function makeGate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const awaiting = (...ids: readonly string[]) => asking(call("wait", "await_processes", { ids }));

/** Lima's study ends at once, Paris's a moment after it is awaited, the others not before the end. */
export const check: Check = async ({ ask }) => {
  const [lima, paris] = [makeGate(), makeGate()];
  let asked = 0;
  let waited = 0;
  const { feedback } = await ask({
    async replies(step) {
      if (step === 0) {
        return asking(...PLACES.map((location) => call(location, "study_climate", { location })));
      }
      await lima.opened;
      if (step === 1) return awaiting("Lima");
      if (step === 2) {
        void wait(SOON_MS).then(paris.open);
        return awaiting("Lima", "Paris");
      }
      if (step === 3) {
        asked = performance.now();
        return awaiting(...PLACES);
      }
      waited ||= performance.now() - asked;
      return saying("done");
    },
    tools: {
      async study_climate({ location }, { signal }) {
        if (location === "Lima") lima.open();
        else if (location === "Paris") await paris.opened;
        else await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return "mild";
      },
    },
  });
  expectThat(
    waited < TOO_LONG_MS,
    "four processes went on for longer than the limit of 1 second, and await_processes waited several seconds for them",
  );
  const ended = ["Lima", "Paris"].map((id) => ({ id, result: "mild" }));
  const running = PLACES.slice(2).map((id) => ({ id, running: true }));
  const expected = [ended.slice(0, 1), ended, [...ended, ...running]];
  for (const [index, one] of expected.entries()) {
    const came = JSON.stringify(feedback[index + 1]?.results[0]?.result);
    expectThat(
      came === JSON.stringify(one),
      `expected ${JSON.stringify(one)} from await_processes, got ${came}`,
    );
  }
  return `six processes were awaited for one limit: two had results, and ${PLACES.slice(2).join(", ")} were still running`;
};
