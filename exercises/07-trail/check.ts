import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";

const Prediction = z.object({ peak: z.number(), trail: z.string(), finished: z.number() });

/** The prediction is what the demo prints for the parallel runner. */
export const check: Check = async ({ predicted, run }) => {
  const [{ peak, trail, finished }, { stdout }] = await Promise.all([predicted(Prediction), run()]);
  const [, realPeak = "", realTrail = ""] = /parallel runner: (\d+) (\S+)/.exec(stdout) ?? [];
  const ended = realTrail.slice(0, realTrail.lastIndexOf("(")).replaceAll("(", "").length;
  expectThat(
    peak === Number(realPeak),
    `peak: the prediction is ${peak}, but two lanes start a call each before any call ends`,
  );
  expectThat(
    trail.length === realTrail.length,
    `trail: expected a bracket for each start and each end of four calls, got ${trail || "nothing"}`,
  );
  expectThat(
    trail === realTrail,
    `trail: the prediction ${trail} is not what the demo printed; what does a lane do when its call has ended?`,
  );
  expectThat(
    finished === ended,
    `finished: the prediction is ${finished}; count the ) before the last ( of the trail`,
  );
  return `the demo printed the peak ${realPeak} and the trail ${realTrail}, as predicted: ${ended} calls had ended when the last one started`;
};
