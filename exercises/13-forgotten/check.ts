import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { faultOf } from "../support/fault.ts";

const CALLS = ["weather_beijing", "weather_la", "user_profile", "send_email"] as const;
const Prediction = z.strictObject({
  waits: z.strictObject({
    weather_beijing: z.number(),
    weather_la: z.number(),
    user_profile: z.number(),
    send_email: z.number(),
  }),
  dotted: z.number(),
  trail: z.string(),
});

/** The calls that lead to a call in the graph, each once. */
function sourcesOf(call: string, graph: string): Set<string> {
  const arrows = [...graph.matchAll(/^(\w+) -(?:\.-|-)> (\w+)$/gm)];
  return new Set(arrows.flatMap(([, from = "", to]) => (to === call ? from : [])));
}

/** The prediction is what the demo's graph and trail show. */
export const check: Check = async ({ predicted, run }) => {
  const [{ waits, dotted, trail }, ended] = await Promise.all([predicted(Prediction), run()]);
  const { code, stdout } = ended;
  expectThat(code === 0, `expected the demo to end well; ${faultOf(ended)}`);
  const [, graph = ""] = stdout.split("graph LR");
  const [, realTrail = ""] = /^The calls: (\S+)$/m.exec(stdout) ?? [];
  for (const call of CALLS) {
    expectThat(
      waits[call] === sourcesOf(call, graph).size,
      `waits: the prediction for ${call} is ${waits[call]}; which calls before it may touch the same thing?`,
    );
  }
  const realDotted = graph.split("-.->").length - 1;
  expectThat(
    dotted === realDotted,
    `dotted: the prediction is ${dotted}, but each pair of calls whose tools conflict has one such arrow`,
  );
  expectThat(
    trail.length === realTrail.length,
    `trail: expected a bracket for each start and each end of four calls, got ${trail || "nothing"}`,
  );
  expectThat(
    trail === realTrail,
    `trail: the prediction ${trail} is not what the demo printed; which calls wait for nothing?`,
  );
  return `the graph has ${realDotted} dotted arrows and the trail is ${realTrail}, as predicted: one tool that declares nothing keeps all calls apart`;
};
