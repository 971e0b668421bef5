import { setTimeout as wait } from "node:timers/promises";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, email, type Reply, saying, weather } from "../support/replies.ts";

const ONE = { max_concurrent_per_tool: { send_email: 1 } };
const CONFIGS = [ONE, { ...ONE, max_concurrent_tools: 2 }, {}];

/** What the model asks for in each of the three conversations. Ids repeat. */
const REPLIES: readonly Reply[] = [
  asking(
    email("a", "hello", "1"),
    email("b", "hello", "1"),
    call("1", "teleport"),
    email("c", "hello", ""),
    weather("LA", ""),
    weather("Paris", "2"),
  ),
  asking(email("d"), email("e"), email("f"), weather("Lima"), weather("Cairo")),
  asking(email("g"), email("h")),
];

/** One tool's calls keep to its limit, and calls of other tools start beside those that wait. */
export const check: Check = async ({ ask }) => {
  const [forecasts, beside, mails] = [
    makeMeeting(2, "two forecasts, which have no limit of their own,"),
    makeMeeting(2, "the first e-mail and a forecast, although two e-mails wait,"),
    makeMeeting(2, "two e-mails without max_concurrent_per_tool"),
  ];
  const places = new Map([
    ...["LA", "Paris"].map((who) => [who, forecasts] as const),
    ...["d", "Lima"].map((who) => [who, beside] as const),
    ...["g", "h"].map((who) => [who, mails] as const),
  ]);
  let conversations = 0;
  const running: string[] = [];
  const most = { emails: [0, 0, 0], all: [0, 0, 0] };
  const act = async (tool: string, who = "") => {
    const own = conversations - 1;
    running.push(tool);
    const emails = running.filter((one) => one === "send_email").length;
    most.emails[own] = Math.max(most.emails[own] ?? 0, emails);
    most.all[own] = Math.max(most.all[own] ?? 0, running.length);
    await places.get(who)?.come();
    // A call that should not overlap comes meanwhile.
    await wait(100);
    running.splice(running.indexOf(tool), 1);
    return who;
  };
  const { runs } = await ask({
    configs: CONFIGS,
    replies: (step) => (step > 0 ? saying("done") : (REPLIES[conversations++] ?? saying("done"))),
    tools: {
      get_weather: ({ location }) => act("get_weather", location),
      send_email: ({ to }) => act("send_email", to),
    },
  });
  const setting = JSON.stringify(ONE.max_concurrent_per_tool);
  for (const index of [0, 1]) {
    expectThat(
      most.emails[index] === 1,
      `expected at most 1 call of send_email at a time with max_concurrent_per_tool: ${setting}; ${most.emails[index]} ran`,
    );
  }
  expectThat(
    (most.all[1] ?? 0) <= 2,
    `expected at most 2 calls at a time with max_concurrent_tools: 2; ${most.all[1]} ran`,
  );
  for (const meeting of [forecasts, beside, mails]) meeting.expectAll();
  const came = runs.map(({ feedback }) => {
    const results = feedback[0]?.results ?? [];
    return results.map(({ result, error }) => (error ? "an error" : result)).join(", ");
  });
  const asked = ["a, b, an error, c, LA, Paris", "d, e, f, Lima, Cairo", "g, h"];
  expectThat(
    came.join("; ") === asked.join("; "),
    `expected an outcome for each call in the order asked, ${asked.join("; ")}; they came back as ${came.join("; ")}`,
  );
  const sent = runs
    .flatMap(({ requests }) => requests)
    .find((request) => {
      return Object.hasOwn(Object(request), "max_concurrent_per_tool");
    });
  expectThat(!sent, "expected max_concurrent_per_tool to stay here; it is in a request");
  return "e-mails ran one at a time and forecasts beside them, two calls at most where that was the limit; without the setting, e-mails overlapped";
};
