import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, email, weather } from "../support/replies.ts";

const CALLS = [
  weather("LA", "call"),
  call("call", "get_user_profile"),
  weather("Lima", "call"),
  call("call", "teleport"),
  email("bob@example.com", "hello", "call"),
];
const EXPECTED = ["LA", "the profile", "Lima", "tool_unavailable", "an e-mail to bob@example.com"];

/** Five calls of both kinds with one id: each gets its own outcome, in the order asked. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(4, "two forecasts, the lookup and the e-mail");
  const act = async (result: string) => {
    await meeting.come();
    return result;
  };
  const { feedback } = await ask({
    replies: [asking(...CALLS)],
    limit: 30_000,
    tools: {
      get_weather: ({ location = "" }) => act(location),
      get_user_profile: () => act("the profile"),
      send_email: ({ to }) => act(`an e-mail to ${to}`),
    },
  });
  const results = feedback[0]?.results ?? [];
  const came = results.map(({ result, error }) => result ?? Object(error).code).join(", ");
  expectThat(
    came === EXPECTED.join(", "),
    `expected the outcomes ${EXPECTED.join(", ")}; they came back as ${came || "nothing"}`,
  );
  const ids = results.map(({ id }) => id);
  expectThat(
    ids.every((id) => id === "call"),
    `expected each outcome to carry the id that the model wrote, call; got ${ids.join(", ")}`,
  );
  meeting.expectAll();
  return `all five calls had the id call, four of them ran at the same time, and the outcomes came back as ${came}`;
};
