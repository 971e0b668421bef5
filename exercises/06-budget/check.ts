import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, weather } from "../support/replies.ts";
import type { Result } from "../support/talk.ts";

const DOWN = ["LA", "Lima", "Paris", "Tokyo"].map((place) => weather(place));

/** All calls of a question share the retries, over its replies, and the next question has its own. */
export const check: Check = async ({ askEach }) => {
  const meeting = makeMeeting(4, "the four forecasts");
  const ran: string[] = [];
  const { runs, waits } = await askEach(
    [
      [asking(...DOWN), asking(weather("Oslo"), call("quick", "get_user_profile"))],
      [asking(weather("Oslo"))],
    ],
    {
      tools: {
        async get_weather({ location = "" }) {
          ran.push(location);
          if (ran.length <= DOWN.length) await meeting.come();
          throw new Error("down", { cause: { retry: { after_ms: 200 } } });
        },
        get_user_profile: () => "Ann",
      },
    },
  );
  const count = (place: string) => ran.filter((one) => one === place).length;
  const oslo = count("Oslo");
  const first = ran.length - oslo;
  expectThat(
    first === 7,
    `expected 4 first attempts and 3 retries in the first reply, which is 7; there were ${first}`,
  );
  meeting.expectAll();
  const [downs = [], later = []] = runs[0]?.feedback.map(({ results }) => results) ?? [];
  const attemptsOf = (result: Result | undefined) => Number(Object(result?.exhausted).attempts);
  for (const { id, exhausted, error } of downs) {
    expectThat(
      error !== undefined && Object(exhausted).attempts === count(id),
      `expected ${id} to end with its failure and exhausted: {"attempts":${count(id)}}, got ${JSON.stringify({ error, exhausted })}`,
    );
  }
  expectThat(
    attemptsOf(later[0]) === 1,
    `expected Oslo to have one attempt in the second reply, as the budget was spent; its outcome was ${JSON.stringify(later[0])}`,
  );
  const again = runs[1]?.feedback[0]?.results[0];
  expectThat(
    attemptsOf(again) === 3,
    `expected Oslo to have three attempts in the next question, with a whole budget; its outcome was ${JSON.stringify(again)}`,
  );
  expectThat(
    waits.length === 5,
    `expected a wait before each of the 5 retries and no other; there were ${waits.length}`,
  );
  return `four calls together had 3 retries, the second reply had none left, and the next question had ${oslo - 2} again; each retry waited, and nothing else did`;
};
