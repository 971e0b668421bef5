import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, weather } from "../support/replies.ts";

const BATCH = asking(
  weather("LA"),
  weather("Atlantis"),
  weather("Pompeii"),
  weather("Oz"),
  call("teleport", "teleport"),
);
const IDS = "LA, Atlantis, Pompeii, Oz, teleport";
/** How the calls end. Pompeii ends its thread, and Oz fails with the words of a thread's end. */
const CODES = ["", "tool_error", "thread_ended", "tool_error", "tool_unavailable"];
const Failed = z.object({ code: z.string(), class: z.string(), message: z.string() });

/** Each call of a batch has one outcome, with the code of its reason. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(2, "the calls for LA and Atlantis");
  const { feedback } = await ask({
    replies: [BATCH],
    tools: {
      async get_weather({ location }) {
        if (location === "Pompeii") return undefined;
        if (location === "Oz") throw new Error("worker exited with code: 79");
        await meeting.come();
        if (location === "Atlantis") throw new Error("no station in Atlantis");
        return "mild";
      },
    },
  });
  const results = feedback[0]?.results ?? [];
  const ids = results.map(({ id }) => id).join(", ");
  expectThat(
    ids === IDS,
    `expected outcomes for ${IDS}, in the order asked; they came back for ${ids || "none"}`,
  );
  for (const [index, code] of CODES.entries()) {
    const { id, result, error } = results[index] ?? { id: "" };
    const came = Failed.safeParse(error).data;
    const text = came?.code ?? JSON.stringify(error ?? result);
    if (code === "") expectThat(result === "mild", `expected LA's result "mild", got ${text}`);
    else expectThat(came?.code === code, `expected the code ${code} for ${id}, got ${text}`);
  }
  meeting.expectAll();
  return `five calls had five outcomes, in the order asked: LA's weather, and ${CODES.slice(1).join(", ")}`;
};
