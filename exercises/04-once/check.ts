import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, call, email, weather } from "../support/replies.ts";

const spaced = '{ "location" : "LA" }';
const BATCH = asking(
  weather("LA", "one"),
  weather("Paris", "two"),
  call("three", "get_weather", spaced),
  weather("Atlantis", "four"),
  email("bob@example.com", "hello", "five"),
  weather("Atlantis", "six"),
  email("bob@example.com", "hello", "seven"),
  call("eight", "get_weather", "{broken"),
  call("eight", "get_user_profile"),
  call("ten", "get_user_profile"),
);
const IDS = "one, two, three, four, five, six, seven, eight, eight, ten";

/** Equal calls that read run once in a reply, and again in the next; e-mails are sent as often as asked. */
export const check: Check = async ({ askEach }) => {
  const meeting = makeMeeting(2, "the forecasts of LA and Paris");
  const runs = new Map<string, number>();
  const count = (what: string) => {
    const before = runs.get(what) ?? 0;
    runs.set(what, before + 1);
    return before;
  };
  const asked = await askEach([[BATCH, asking(weather("LA", "later"))]], {
    tools: {
      async get_weather({ location = "" }) {
        const before = count(location);
        if (location === "Atlantis") throw new Error(`no station, failure ${before + 1}`);
        if (before === 0) await meeting.come();
        return `mild, forecast ${before + 1}`;
      },
      get_user_profile: () => ({ name: "Ann", number: count("profile") }),
    },
  });
  const [first = [], later = []] = asked.runs[0]?.feedback.map(({ results }) => results) ?? [];
  const ran = (what: string) => runs.get(what) ?? 0;
  const isAgain = later[0]?.result !== "mild, forecast 1";
  const la = ran("LA") - (isAgain ? 1 : 0);
  expectThat(la === 1, `expected the two equal calls for LA to run once; they ran ${la} times`);
  expectThat(
    isAgain,
    "expected LA to run again in the next reply; its result was the forecast of the reply before",
  );
  for (const what of ["Paris", "Atlantis", "profile"]) {
    expectThat(ran(what) === 1, `expected ${what} to run once; it ran ${ran(what)} times`);
  }
  const ids = first.map(({ id }) => id).join(", ");
  expectThat(ids === IDS, `expected results of ${IDS}; they came back as ${ids || "none"}`);
  const texts = first.map(({ result }) => JSON.stringify(result));
  for (const [one, other] of [
    [0, 2],
    [3, 5],
    [8, 9],
  ] as const) {
    expectThat(
      texts[one] === texts[other],
      `expected equal calls to have equal results; they had ${texts[one]} and ${texts[other]}`,
    );
  }
  expectThat(texts[3]?.includes("no station"), `expected Atlantis's error, got ${texts[3]}`);
  expectThat(
    texts[7]?.includes("invalid arguments"),
    `expected arguments that are not JSON to be refused, got ${texts[7]}`,
  );
  const mails = asked.mailbox.length;
  expectThat(mails === 2, `expected two equal e-mails to be sent; the mailbox holds ${mails}`);
  meeting.expectAll();
  return "LA, Atlantis and the profile ran once in the reply, each for two calls, and LA once more in the next reply; both e-mails were sent";
};
