import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, weather } from "../support/replies.ts";

/** The results come in the order asked, although the second call ends first. And two forecasts overlap. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(2, "the forecasts of LA and Lima");
  const { feedback } = await ask({
    replies: [
      asking(weather("Paris", "slow"), call("quick", "teleport")),
      asking(weather("LA"), weather("Lima")),
    ],
    tools: { get_weather: ({ location }) => (location === "Paris" ? undefined : meeting.come()) },
  });
  const [first = [], second = []] = feedback.map(({ results }) => results.map(({ id }) => id));
  const came = first.join(", ");
  expectThat(
    came === "slow, quick",
    `expected the results of slow, quick, in the order asked; they came back as ${came}`,
  );
  meeting.expectAll();
  return `the quick call ended first, and the results came back as ${came}; ${second.join(" and ")} ran at the same time`;
};
