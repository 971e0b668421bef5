import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, weather } from "../support/replies.ts";

const REMOTE = ["McMurdo", "mcmurdo", "McMurdo, Antarctica", " MCMURDO ", "McMurdo"];
const NEAR = ["LA", "Lima"];

/** Five calls of McMurdo run at once on the event loop, and other forecasts still run in threads. */
export const check: Check = async ({ ask }) => {
  const meeting = makeMeeting(
    REMOTE.length + NEAR.length,
    "five forecasts of McMurdo and two others",
  );
  const inThread = new Map<string, boolean>();
  const { feedback } = await ask({
    replies: [
      asking(
        ...REMOTE.map((place, index) => weather(place, `remote${index}`)),
        call("broken", "get_weather", "{"),
        call("empty", "get_weather", {}),
        ...NEAR.map((place) => weather(place)),
      ),
    ],
    limit: 30_000,
    tools: {
      async get_weather({ location = "" }, { thread }) {
        inThread.set(location, thread !== 0);
        await meeting.come();
        return location;
      },
    },
  });
  const results = feedback[0]?.results ?? [];
  const failed = results.flatMap(({ id, error }) => (error === undefined ? [] : id));
  expectThat(
    failed.join() === "broken,empty",
    `expected the calls broken and empty to fail and no other; ${failed.join(", ") || "none"} failed`,
  );
  const misplaced = NEAR.find((place) => !inThread.get(place));
  expectThat(
    misplaced === undefined,
    `expected the forecast of ${misplaced}, which computes, to run in a thread; it ran on the event loop`,
  );
  const left = REMOTE.find((place) => inThread.get(place));
  expectThat(
    left === undefined,
    `expected a forecast of "${left}" to run on the event loop; it held a thread`,
  );
  meeting.expectAll();
  const came = results.flatMap(({ result }) => (result === undefined ? [] : String(result)));
  const asked = [...REMOTE, ...NEAR];
  expectThat(
    came.join("; ") === asked.join("; "),
    `expected the results of ${asked.join("; ")} in the order asked; got ${came.join("; ")}`,
  );
  return `five forecasts of McMurdo ran at once on the event loop, beside those of ${NEAR.join(" and ")} in threads`;
};
