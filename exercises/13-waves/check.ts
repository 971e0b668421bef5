import { setTimeout as wait } from "node:timers/promises";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, email, weather } from "../support/replies.ts";

/** A forecast for the place that another call returns. */
function after(source: string, id: string) {
  return call(id, "get_weather", { location: { $from: source } });
}

/** A call starts when what it waits for has ended, takes no slot before, and waits for nothing else. */
export const check: Check = async ({ ask }) => {
  const chains = makeMeeting(2, "the calls of b and c, which needs only the result of a,");
  const slots = makeMeeting(2, "a and z, which waits for nothing, although four calls wait for a,");
  const acts = new Map<string, () => unknown>([
    ["LA", () => "Paris"],
    ["Paris", () => chains.come()],
    ["Lima", () => chains.come().then(() => "Tokyo")],
    ["Cairo", () => slots.come().then(() => "Tokyo")],
    ["London", () => slots.come()],
  ]);
  const started: string[] = [];
  const { feedback } = await ask({
    replies: [
      asking(weather("LA", "a"), weather("Lima", "b"), after("a", "c"), after("b", "d")),
      asking(
        weather("Cairo", "a"),
        ...["1", "2", "3", "4"].map((id) => after("a", id)),
        weather("London", "z"),
      ),
      asking(
        email("Bob"),
        call("list", "list_emails"),
        weather("Atlantis"),
        after("Atlantis", "f"),
      ),
    ],
    tools: {
      get_weather: async ({ location = "" }) => {
        started.push(location);
        if (location === "Atlantis") throw new Error("no station in Atlantis");
        return (await acts.get(location)?.()) ?? "fine";
      },
      // A list that does not wait is made meanwhile.
      send_email: () => wait(100),
    },
  });
  chains.expectAll();
  slots.expectAll();
  const [first = [], second = [], third = []] = feedback.map(({ results }) => results);
  const listed = JSON.stringify(third[1]?.result);
  expectThat(
    listed?.includes("Bob"),
    `expected list_emails to see the e-mail that was asked for before it; its result was ${listed}`,
  );
  const came = [first, second, third].map((one) => one.map(({ id }) => id).join(" ")).join(", ");
  const asked = "a b c d, a 1 2 3 4 z, Bob list Atlantis f";
  expectThat(came === asked, `expected outcomes for ${asked} in this order; they are ${came}`);
  const lost = [...first, ...second].find(({ result }) => result === undefined);
  expectThat(!lost, `expected ${lost?.id} to succeed; it ended with ${JSON.stringify(lost)}`);
  expectThat(
    third[3]?.skipped !== undefined && started.at(-1) === "Atlantis",
    `expected f, whose source has failed, to be skipped; it ended with ${JSON.stringify(third[3])}`,
  );
  return "c ran while b still ran, z while four calls waited for a; the list waited for its e-mail, and f was skipped";
};
