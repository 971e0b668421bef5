import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, weather } from "../support/replies.ts";

const BROKEN = '{"location": "LA"';
const Request = z.object({
  input: z.array(
    z.looseObject({ call_id: z.string().optional(), arguments: z.unknown().optional() }),
  ),
});

/** Every call is answered in its place, also where its arguments are no JSON, and where all are broken. */
export const check: Check = async ({ ask }) => {
  const broken = (id: string) => call(id, "get_weather", BROKEN);
  const { runs } = await ask({
    replies: [asking(weather("LA"), broken("broken"), weather("Paris")), asking(broken("alone"))],
    tools: { get_weather: ({ location }) => `weather of ${location}` },
  });
  for (const { feedback, requests } of runs) {
    const [first, second] = feedback.map(({ results }) => results);
    const came = first?.map(({ id }) => id).join(", ");
    expectThat(
      came === "LA, broken, Paris",
      `expected outputs for LA, broken, Paris; the next request answers ${came || "none"}`,
    );
    expectThat(
      second?.map(({ id }) => id).join() === "alone",
      `expected an output for the only call of the second reply, alone; the next request ${second ? `answers ${second.map(({ id }) => id).join(", ") || "none"}` : "never came"}`,
    );
    const wrong = [first?.[1], second[0]].find((one) => one?.error === undefined);
    expectThat(
      !wrong,
      `expected an error in the output of ${wrong?.id}, whose arguments are broken; it is ${JSON.stringify(wrong?.result)}`,
    );
    const results = [first?.[0], first?.[2]].map((one) => one?.result).join(", ");
    expectThat(
      results === "weather of LA, weather of Paris",
      `expected the weather of LA and of Paris; the outputs hold ${results}`,
    );
    const kept = Request.parse(requests.at(-1)).input.find(
      (item) => item.call_id === "broken" && item.arguments !== undefined,
    );
    expectThat(
      kept?.arguments === BROKEN,
      `expected the call to go back with its arguments ${BROKEN}; they are ${kept?.arguments}`,
    );
  }
  return "a call with broken arguments was answered with an error, in its place between LA and Paris, and alone in a reply";
};
