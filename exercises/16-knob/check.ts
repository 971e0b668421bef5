import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { faultOf } from "../support/fault.ts";

const PROVIDERS = ["openai", "claude", "gemini"] as const;
const Prediction = z.strictObject({ openai: z.string(), claude: z.string(), gemini: z.string() });

/** The prediction is the trails that the demo prints for its three providers. */
export const check: Check = async ({ predicted, run }) => {
  const [prediction, ended] = await Promise.all([
    predicted(Prediction),
    run([], { limit: 60_000 }),
  ]);
  const { code, stdout } = ended;
  expectThat(code === 0, `expected the demo to end well; ${faultOf(ended)}`);
  const trails = [...stdout.matchAll(/^The calls: (.*)$/gm)].map(([, trail]) => trail);
  for (const [index, provider] of PROVIDERS.entries()) {
    const own = prediction[provider];
    const trail = trails[index] ?? "";
    const said = `${provider}: the prediction is ${JSON.stringify(own)}`;
    expectThat(
      own.replaceAll(/[^()]/g, "").length === 4,
      `${said}, which has not the brackets of two calls`,
    );
    expectThat(
      own.startsWith("((") === trail.startsWith("(("),
      `${said}; how many calls does the runner start before one has ended?`,
    );
    expectThat(
      own === trail,
      `${said}; does this provider get to know that it may send one call a reply?`,
    );
  }
  return `the trails were ${trails.map((trail) => `"${trail}"`).join(", ")}, as predicted: one provider was told, and the runner kept the calls of the others apart`;
};
