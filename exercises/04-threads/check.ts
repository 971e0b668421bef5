import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, weather } from "../support/replies.ts";

const Prediction = z.object({
  inThreads: z.number(),
  atOnce: z.number(),
  ids: z.array(z.string()),
  errors: z.number(),
});

const REPLY = asking(
  weather("Lima", "a"),
  call("b", "teleport"),
  weather("LA", "a"),
  call("c", "get_weather", { location: 7 }),
  weather("Paris", "d"),
);

/** The prediction is what happens with the reply of the task. */
export const check: Check = async ({ ask, predicted }) => {
  const meeting = makeMeeting(2, "two forecasts");
  const running = { now: 0, most: 0, all: 0 };
  const [prediction, { feedback }] = await Promise.all([
    predicted(Prediction),
    ask({
      replies: [REPLY],
      tools: {
        async get_weather() {
          running.all++;
          running.now++;
          running.most = Math.max(running.most, running.now);
          await meeting.come();
          running.now--;
          return "mild";
        },
      },
    }),
  ]);
  const results = feedback[0]?.results ?? [];
  const ids = results.map(({ id }) => id).join(" ");
  const errors = results.filter(({ result }) => String(result).startsWith("Error")).length;
  expectThat(
    prediction.inThreads === running.all,
    `inThreads: the prediction is ${prediction.inThreads}; runCall checks the name and the arguments of a call before it asks the pool`,
  );
  expectThat(
    prediction.atOnce === running.most,
    `atOnce: the prediction is ${prediction.atOnce}, but each forecast needs a thread of its own, and the pool starts no more than MAX_THREADS`,
  );
  expectThat(
    prediction.ids.join(" ") === ids,
    `ids: the prediction is ${prediction.ids.join(" ") || "empty"}; each of the five calls has one result, in the place of its call`,
  );
  expectThat(
    prediction.errors === errors,
    `errors: the prediction is ${prediction.errors}; a call that reaches no thread has a result too, and its text says why`,
  );
  return `${running.all} calls reached a thread, ${running.most} at once; the results came back as ${ids}, and ${errors} of them were errors`;
};
