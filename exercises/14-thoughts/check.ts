import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { weather } from "../support/replies.ts";

const Request = z.object({
  input: z.array(
    z.looseObject({
      type: z.string().optional(),
      call_id: z.string().optional(),
      encrypted_content: z.string().optional(),
    }),
  ),
});

const REPLY = "reasoning, message, function_call, function_call";

/** Every item of two replies goes back in its place, a thought unchanged, and each call has its output. */
export const check: Check = async ({ ask }) => {
  const reply = (thought: string, id: string) => {
    const calls = [weather("LA", id), weather("Paris", id)];
    return { thought, text: "I'll look.", calls };
  };
  const { runs } = await ask({
    replies: [reply("first of all", "same"), reply("and then", "")],
    tools: { get_weather: ({ location }) => `weather of ${location}` },
  });
  for (const { requests } of runs) {
    const { input } = Request.parse(requests.at(-1));
    const types = input.slice(1).map(({ type }) => type);
    const end = types.indexOf("function_call_output");
    const first = types.slice(0, end).join(", ");
    const second = types.slice(end + 2, -2).join(", ");
    expectThat(
      first === REPLY,
      `expected ${REPLY} in the next request, as in the reply; it holds ${first}`,
    );
    expectThat(
      second === REPLY,
      `expected the items of the second reply behind the outputs of the first, ${REPLY}; there are ${second}`,
    );
    const thought = input.flatMap(({ encrypted_content: one }) => one ?? []).join(" and ");
    expectThat(
      thought === "encrypted first of all and encrypted and then",
      `expected the thoughts to go back unchanged; what they hold is ${thought}`,
    );
    const ids = input.flatMap(({ call_id: id }) => id ?? []);
    const paired = [0, 1, 4, 5].every((index) => ids[index] && ids[index] === ids[index + 2]);
    expectThat(
      paired && ids[0] !== ids[1] && ids[4] !== ids[5],
      `expected each call to have its own id, and each output the id of its call; the ids are ${ids.map((id) => JSON.stringify(id)).join(", ")}`,
    );
  }
  return "both replies went back whole, each with its thought before its calls, and the outputs behind them";
};
