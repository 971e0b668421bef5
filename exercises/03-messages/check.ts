import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, saying, weather } from "../support/replies.ts";

const Prediction = z.object({
  requests: z.number(),
  messages: z.number(),
  fromUser: z.number(),
  toolRuns: z.number(),
});
const Request = z.object({ messages: z.array(z.object({ role: z.string() })) });

/** The prediction is what happens with the four replies of the task. */
export const check: Check = async ({ ask, predicted }) => {
  let toolRuns = 0;
  const [prediction, { requests }] = await Promise.all([
    predicted(Prediction),
    ask({
      replies: [
        { raw: "Let me look." },
        asking(weather("Atlantis")),
        asking(weather("LA")),
        saying("LA is sunny."),
      ],
      tools: { get_weather: () => void toolRuns++ },
    }),
  ]);
  const { messages } = Request.parse(requests.at(-1));
  const fromUser = messages.filter(({ role }) => role === "user").length;
  expectThat(
    prediction.requests === requests.length,
    `requests: the prediction is ${prediction.requests}; each of the four replies answers one request`,
  );
  expectThat(
    prediction.messages === messages.length,
    `messages: the prediction is ${prediction.messages}, but the list begins with two, and each step that does not end the loop adds two`,
  );
  expectThat(
    prediction.fromUser === fromUser,
    `fromUser: the prediction is ${prediction.fromUser}, but all that the program sends back, errors and results, has the role user, like the question`,
  );
  expectThat(
    prediction.toolRuns === toolRuns,
    `toolRuns: the prediction is ${prediction.toolRuns}; a text that is not a reply runs nothing, and a tool that throws has run`,
  );
  return `the model got ${requests.length} requests, the last with ${messages.length} messages, ${fromUser} of them from the user; a tool ran ${toolRuns} times`;
};
