import { type Check, expectThat } from "../support/check.ts";
import { makeCounter, makeMeeting } from "../support/meet.ts";
import { asking, call, countRuns, email, weather } from "../support/replies.ts";

const FORECASTS = ["LA", "Atlantis", "Paris", "Tokyo"].map((city) => weather(city));
const OTHERS = [call("profile", "get_user_profile"), email("bob@example.com"), email("eve@a.org")];
const LATER = ["Cairo", "London", "Mumbai"].map((city) => weather(city));

/** At most two forecasts run at once, and the other lanes run calls of other tools. */
export const check: Check = async ({ ask }) => {
  const all = [...FORECASTS, ...OTHERS];
  const counted = countRuns([asking(...all), asking(...LATER)]);
  const [forecasts, calls] = [makeCounter(), makeCounter()];
  const meeting = makeMeeting(4, "two forecasts and two other calls");
  const later = makeMeeting(2, "two forecasts of the next batch");
  const act = (result: string, batch = meeting) => {
    return calls.count(async () => {
      if (counted.run > 1) await batch.come();
      if (result === "Atlantis") throw new Error("no station in Atlantis");
      return result;
    });
  };
  const { runs, stdout } = await ask({
    replies: counted.replies,
    limit: 30_000,
    tools: {
      get_weather: ({ location = "" }) => {
        const batch = LATER.some(({ id }) => id === location) ? later : meeting;
        return forecasts.count(() => act(location, batch));
      },
      get_user_profile: () => act("profile"),
      send_email: ({ to = "" }) => act(to),
    },
  });
  expectThat(
    forecasts.most <= 2,
    `expected at most 2 calls of get_weather at once; ${forecasts.most} ran`,
  );
  meeting.expectAll();
  later.expectAll();
  for (const [index, name] of ["serial", "parallel"].entries()) {
    const [, peak = "none"] = new RegExp(`${name} runner: (\\d+)`).exec(stdout) ?? [];
    const limit = index === 0 ? 1 : 4;
    expectThat(
      peak === `${limit}`,
      `expected the peak of the ${name} runner to be ${limit} as before, got ${peak}`,
    );
    const asked = [all, LATER].map((batch) => batch.map(({ id }) => id).join(", "));
    const came = runs[index]?.feedback.map(({ results }) => results.map(({ id }) => id).join(", "));
    for (const [batch, ids] of asked.entries()) {
      expectThat(
        came?.[batch] === ids,
        `expected the outcomes of ${ids} from the ${name} runner, in the order asked; got ${came?.[batch] || "none"}`,
      );
    }
  }
  return `at most ${forecasts.most} forecasts ran at once, ${calls.most} calls in all, and the other tools did not wait for the forecasts`;
};
