import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { faultOf } from "../support/fault.ts";

const Four = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const Prediction = z.strictObject({ replies: Four, peaks: Four, first: z.string() });

/** The prediction is what the demo's four runs and its table show. */
export const check: Check = async ({ predicted, run }) => {
  const [{ replies, peaks, first }, ended] = await Promise.all([
    predicted(Prediction),
    run([], { limit: 60_000 }),
  ]);
  const { code, stdout } = ended;
  expectThat(code === 0, `expected the demo to end well; ${faultOf(ended)}`);
  const [, ...runs] = stdout.split("[Step 1]");
  const table = [...stdout.matchAll(/^│.* (\d+) +│ +'([() ]*)' +│$/gm)];
  expectThat(table.length === 4, `expected four rows in the demo's table, got ${table.length}`);
  for (const [row, [, peak, trail = ""]] of table.entries()) {
    const realReplies = (runs[row] ?? "").split("[Step ").length;
    expectThat(
      replies[row] === realReplies,
      `replies: the prediction for row ${row} is ${replies[row]}; how many calls may one of its replies hold?`,
    );
    expectThat(
      peaks[row] === Number(peak),
      `peaks: the prediction for row ${row} is ${peaks[row]}; which of its settings keeps two calls apart, and which lets them overlap?`,
    );
    expectThat(
      row > 0 || first === trail,
      `first: the prediction ${first || '""'} is not the trail in row 0; when does the third call start?`,
    );
  }
  return `the four rows needed ${replies.join(", ")} replies and had the peaks ${peaks.join(", ")}, as predicted; the trail of the first was ${first}`;
};
