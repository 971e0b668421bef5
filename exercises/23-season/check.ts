import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { expectEngine } from "../support/engine.ts";
import { asking, call } from "../support/replies.ts";

const NAMES = ["winter", "summer", "autumn", "requests"] as const;
type Name = (typeof NAMES)[number];
const Prediction = z.record(z.enum(NAMES), z.number());

/** The fact of the run that speaks against a wrong prediction. */
const FACTS: Readonly<Record<Name, string>> = {
  winter: "it was computed and recorded before the worker was killed",
  summer: "it was computed when the worker was killed, and nothing was recorded of it",
  autumn: "only the second worker came so far",
  requests: "the loop runs in a process that was not killed",
};

/** The prediction is what a study counts whose worker is killed at the summer. */
export const check: Check = async ({ predicted, ask }) => {
  expectEngine();
  const prediction = await predicted(Prediction);
  const computed: (string | undefined)[] = [];
  const { requests, feedback } = await ask({
    replies: [
      asking(call("study", "study_climate", { location: "Lima" })),
      asking(call("wait", "await_processes", { ids: ["study"] })),
    ],
    tools: {
      study_season({ season }) {
        computed.push(season);
        return 17;
      },
    },
    env: { WORKERS: "1", KILL_WORKER: "study summer" },
    limit: 60_000,
  });
  const times = (season: string) => computed.filter((one) => one === season).length;
  const real: Record<Name, number> = {
    winter: times("winter"),
    summer: times("summer"),
    autumn: times("autumn"),
    requests: requests.length,
  };
  for (const name of NAMES) {
    const said = prediction[name];
    expectThat(said === real[name], `${name}: the prediction is ${said}, but ${FACTS[name]}`);
  }
  const result = JSON.stringify(feedback[1]?.results[0]?.result);
  return `the seasons were computed in the order ${computed.join(", ")}, the model got ${real.requests} requests, as predicted, and the study says ${result}`;
};
