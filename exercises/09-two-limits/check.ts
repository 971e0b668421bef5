import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { makeCounter, makeMeeting } from "../support/meet.ts";
import type { Program } from "../support/program.ts";
import { asking, call, email, weather } from "../support/replies.ts";

const Prediction = z.object({ loop: z.string(), threads: z.string(), together: z.number() });

/** How many of the demo's calls run at once: each waits until so many run, and then a little longer. */
async function countTogether({ ask }: Program, expected: number): Promise<number> {
  // The first batch lets both threads start, which takes long on a busy machine.
  const start = makeMeeting(2, "the first calls");
  const meeting = makeMeeting(Math.max(1, expected), "the calls");
  const calls = makeCounter();
  const act = (result: string) => {
    return calls.count(async () => {
      await meeting.come();
      await wait(300);
      return result;
    });
  };
  await ask({
    replies: [
      asking(weather("Cairo"), weather("Tokyo")),
      asking(
        ...["LA", "Paris", "Lima"].map((city) => weather(city)),
        call("user_profile", "get_user_profile"),
        email("bob@example.com"),
      ),
    ],
    limit: 30_000,
    tools: {
      get_weather: async ({ location = "" }) => {
        if (location !== "Cairo" && location !== "Tokyo") return act("sunny");
        await start.come();
        return "sunny";
      },
      get_user_profile: () => act("Jack"),
      send_email: () => act("message sent"),
    },
  });
  return calls.most;
}

/** The prediction is what the demo prints for each kind of call, and what a run counts in all. */
export const check: Check = async (program) => {
  const { loop, threads, together } = await program.predicted(Prediction);
  const { stdout, code } = await program.run([], { limit: 30_000 });
  expectThat(code === 0, `expected the demo to end well; it ended with ${code}`);
  const [, onLoop = ""] = /event loop: \d+ (\S+)/.exec(stdout) ?? [];
  const [, inThreads = ""] = /in threads: \d+ (\S+)/.exec(stdout) ?? [];
  const has = (trail: string) => trail || "nothing";
  expectThat(
    loop === onLoop,
    `loop: the prediction ${has(loop)} is not what the demo printed; it ran a lookup and an e-mail there, in one lane`,
  );
  expectThat(
    threads === inThreads,
    `threads: the prediction ${has(threads)} is not what the demo printed; it ran three forecasts there, in two lanes`,
  );
  const most = await countTogether(program, together);
  expectThat(
    together === most,
    `together: the prediction is ${together}; in a run whose calls wait for each other, another number of them ran at once`,
  );
  return `the demo printed ${onLoop} for the event loop and ${inThreads} for the threads, and at most ${most} calls ran at once, as predicted`;
};
