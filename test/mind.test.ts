import { describe, expect, test } from "vitest";
import type { Exchange, Offer } from "../shared/offline/mind/conversation.ts";
import { plan } from "../shared/offline/mind/plan.ts";

const TOOLS: Offer[] = [
  { name: "get_weather", description: "Get the weather.", about: "" },
  { name: "get_user_profile", description: "Get the user's profile.", about: "" },
  { name: "send_email", description: "", about: "from: your own address: bot@example.com" },
];
const WITH_MAILBOX = [...TOOLS, { name: "list_emails", description: "", about: "" }];
const JACK = { name: "Jack", email: "jack@example.com" };

function weather(location: string, result: unknown): Exchange {
  return { name: "get_weather", args: { location }, result };
}

function profile(result: unknown = JACK): Exchange {
  return { name: "get_user_profile", args: {}, result };
}

const TEN = ["Accra", "Bonn", "Cork", "Delhi", "Essen", "Faro", "Genoa", "Hilo", "Izmir", "Jaffa"];

/** What the offline model wants to have run, written short. */
function wants(question: string, exchanges: Exchange[] = [], tools: Offer[] = TOOLS): string[] {
  const { calls } = plan({ question, exchanges, tools });
  return calls.map(({ name, args }) => [name, ...Object.values(args)].join(" "));
}

function says(question: string, exchanges: Exchange[] = [], tools: Offer[] = TOOLS): string {
  return plan({ question, exchanges, tools }).text;
}

describe("asks for the weather of", () => {
  test.each([
    ["How is the weather in Beijing and LA?", ["Beijing", "LA"]],
    ["How is the weather in Oslo and Tokyo?", ["Oslo", "Tokyo"]],
    ["how is the weather in beijing, tokyo & new york today?", ["beijing", "tokyo", "new york"]],
    ["Is it warmer in Lima than in Cairo?", ["Lima", "Cairo"]],
    ["Will it rain in São Paulo tomorrow?", ["São Paulo"]],
    ["What is the temperature in St. Louis?", ["St. Louis"]],
    ["Beijing's weather?", ["Beijing"]],
    ["weather: Tokyo, Paris", ["Tokyo", "Paris"]],
    ["In Paris, is it cold?", ["Paris"]],
    ["Which is the hottest of Cairo, Lima and Tokyo?", ["Cairo", "Lima", "Tokyo"]],
    ["Weather in Paris, paris and PARIS?", ["Paris"]],
    ["Weather in Accra, Bonn, Cork, Delhi, Essen, Faro, Genoa, Hilo, Izmir and Jaffa?", TEN],
    ["How is the weather?", []],
  ])("%s", (question, places) => {
    expect(wants(question).map((call) => call.toLowerCase())).toEqual(
      places.map((place) => `get_weather ${place.toLowerCase()}`),
    );
  });
});

describe("answers from the results alone", () => {
  const question = "How is the weather in Beijing and LA?";

  test("two cities", () => {
    expect(says(question)).toBe("I'll check the weather in both cities for you.");
    const results = [weather("Beijing", "cloudy, 7 degrees"), weather("LA", "windy, -3 degrees")];
    expect(wants(question, results)).toEqual([]);
    expect(says(question, results)).toBe(
      "Here's the weather: Beijing is cloudy at 7 degrees, LA is windy at -3 degrees.",
    );
  });

  test("one city at a time", () => {
    expect(wants(question, [weather("Beijing", "cloudy, 5 degrees")])).toEqual(["get_weather LA"]);
  });

  test("a failed result beside a good one", () => {
    const results = [
      weather("Beijing", "Error: no station in Beijing"),
      weather("LA", "sunny, 20 degrees"),
    ];
    expect(wants(question, results)).toEqual([]);
    expect(says(question, results)).toBe(
      "Here's the weather: LA is sunny at 20 degrees. I couldn't get the weather in Beijing: no station in Beijing.",
    );
  });

  test("a failed result that is an object", () => {
    const results = [
      weather("Beijing", { error: "no station" }),
      weather("LA", "sunny, 20 degrees"),
    ];
    expect(says(question, results)).toContain("I couldn't get the weather in Beijing: no station.");
  });

  test("a result of another shape", () => {
    expect(says("Weather in LA?", [weather("LA", { sky: "blue" })])).toBe(
      `Here's the weather: LA: {"sky":"blue"}.`,
    );
  });

  test("the profile", () => {
    expect(wants("Who am I?")).toEqual(["get_user_profile"]);
    expect(wants("what is my e-mail")).toEqual(["get_user_profile"]);
    expect(says("Who am I?", [profile()])).toBe("Your profile: name Jack, email jack@example.com.");
    expect(says("Who am I?", [profile("Error: gone")])).toBe(
      "I couldn't look up your profile: gone.",
    );
  });
});

describe("sends an e-mail", () => {
  const question = "Get the weather in Beijing and LA and send an summary email to me.";
  const found = [weather("Beijing", "cloudy, 5 degrees"), weather("LA", "sunny, 20 degrees")];
  const summary = "Weather summary: Beijing is cloudy at 5 degrees, LA is sunny at 20 degrees.";
  const sent: Exchange = { name: "send_email", args: {}, result: "message sent" };

  test("after everything it needs is there", () => {
    expect(wants(question)).toEqual(["get_weather Beijing", "get_weather LA", "get_user_profile"]);
    expect(wants(question, found)).toEqual(["get_user_profile"]);
    expect(wants(question, [...found, profile()])).toEqual([
      `send_email bot@example.com jack@example.com ${summary}`,
    ]);
  });

  test("once", () => {
    expect(wants(question, [...found, profile(), sent])).toEqual([]);
    expect(says(question, [...found, profile(), sent])).toBe(
      "Done! I've sent the weather summary to your email.",
    );
    const failed = { ...sent, result: "Error: mailbox full" };
    expect(wants(question, [...found, profile(), failed])).toEqual([]);
    expect(says(question, [...found, profile(), failed])).toContain(
      "I couldn't send the e-mail: mailbox full.",
    );
  });

  test("with what worked, and not at all when nothing did", () => {
    const bad = (place: string): Exchange => weather(place, "Error: no station");
    expect(
      wants(question, [bad("Beijing"), weather("LA", "sunny, 20 degrees"), profile()]),
    ).toEqual([
      "send_email bot@example.com jack@example.com Weather summary: LA is sunny at 20 degrees.",
    ]);
    expect(wants(question, [bad("Beijing"), bad("LA"), profile()])).toEqual([]);
    expect(says(question, [bad("Beijing"), bad("LA"), profile()])).toMatch(/I sent no e-mail\.$/);
    expect(says(question, [...found, profile("Error: gone")])).toMatch(/I sent no e-mail\.$/);
  });

  test("to somebody else, with words of one's own", () => {
    const other = "Send an email to bob@example.com saying hello there";
    expect(wants(other)).toEqual(["send_email bot@example.com bob@example.com hello there"]);
    expect(says(other)).toBe("Now I'll send the email to bob@example.com.");
    expect(says(other, [sent])).toBe("Done! I've sent the e-mail to bob@example.com.");
    expect(wants('Email me "buy milk"', [profile()])).toEqual([
      "send_email bot@example.com jack@example.com buy milk",
    ]);
  });
});

describe("knows its limits", () => {
  test("a tool that does not exist", () => {
    expect(wants("Use the teleport tool.")).toEqual(["teleport"]);
    const refused: Exchange = {
      name: "teleport",
      args: {},
      result: "Error: unknown tool teleport",
    };
    expect(wants("Use the teleport tool.", [refused])).toEqual([]);
    expect(says("Use the teleport tool.", [refused])).toBe(
      "I couldn't use the teleport tool: unknown tool teleport.",
    );
  });

  test("a tool that is not on offer", () => {
    expect(wants("How is the weather in LA?", [], [])).toEqual([]);
    expect(says("How is the weather in LA?", [], [])).toBe(
      "I have no tool for the weather, so I can't help with that here.",
    );
  });

  test("a question beyond it", () => {
    expect(wants("What is the meaning of life?")).toEqual([]);
    expect(says("What is the meaning of life?")).toMatch(
      /^That is beyond me: .* Set OPENAI_API_KEY to ask a real model\.$/,
    );
  });

  test("a question about itself", () => {
    expect(says("Who are you?")).toMatch(/^I am the offline model/);
  });

  test("a city that is missing from the question", () => {
    expect(says("How is the weather?")).toMatch(/^Which city\?/);
  });
});

describe("an e-mail that waits for nothing goes out with the look-ups", () => {
  const question = "How is the weather in LA? Send an email to bob@example.com saying hi.";
  const sent: Exchange = {
    name: "send_email",
    args: { to: "bob@example.com" },
    result: "message sent",
  };

  test("in one reply", () => {
    expect(wants(question)).toEqual([
      "get_weather LA",
      "send_email bot@example.com bob@example.com hi.",
    ]);
    expect(says(question)).toBe(
      "I'll check the weather in LA for you and send the email to bob@example.com.",
    );
    expect(says(question, [weather("LA", "sunny, 20 degrees"), sent])).toBe(
      "Done! I've sent the e-mail to bob@example.com. Here's the weather: LA is sunny at 20 degrees.",
    );
  });

  test("before the mailbox is read, if that is asked for too", () => {
    const both = 'Send an email to bob@example.com saying "hi" and list my e-mails.';
    expect(wants(both, [], WITH_MAILBOX)).toEqual([
      "send_email bot@example.com bob@example.com hi",
      "list_emails",
    ]);
    const mails = (result: unknown) => ({ name: "list_emails", args: {}, result });
    expect(says(both, [sent, mails([])], WITH_MAILBOX)).toBe(
      "Done! I've sent the e-mail to bob@example.com. The mailbox is empty.",
    );
    const one = [{ from: "bot@example.com", to: "bob@example.com", message: "hi" }];
    expect(says("Show me my inbox.", [mails(one)], WITH_MAILBOX)).toBe(
      'The mailbox holds "hi" to bob@example.com.',
    );
  });
});

describe("where arguments may refer to results", () => {
  const question = "Get the weather in Beijing and LA and send an summary email to me.";
  const first = plan({ question, exchanges: [], tools: TOOLS, references: true });
  const [, , , email] = first.calls;

  test("everything is asked for in one reply", () => {
    expect(first.calls.map(({ name }) => name)).toEqual([
      "get_weather",
      "get_weather",
      "get_user_profile",
      "send_email",
    ]);
    expect(email?.args).toEqual({
      from: "bot@example.com",
      to: { $from: "user_profile", path: "email" },
      message: {
        $text: [
          "Weather summary: ",
          "Beijing: ",
          { $from: "weather_beijing" },
          ", ",
          "LA: ",
          { $from: "weather_la" },
          ".",
        ],
      },
    });
  });

  test("what was skipped is asked for again, with the results there are", () => {
    const results = ["cloudy, 5 degrees", { error: { message: "no station" } }, JACK];
    const exchanges = first.calls.map(({ name, args }, index) => {
      return { name, args, result: results[index] ?? { skipped: "weather_la has failed" } };
    });
    const { calls } = plan({ question, exchanges, tools: TOOLS, references: true });
    expect(calls.map(({ args }) => args)).toEqual([
      {
        from: "bot@example.com",
        to: "jack@example.com",
        message: "Weather summary: Beijing is cloudy at 5 degrees.",
      },
    ]);
  });
});

describe("says how the calls are to run", () => {
  test.each([
    ["How is the weather in Lima and LA?", "parallel"],
    ["How is the weather in Lima and LA? Ask for one city at a time.", "sequential"],
    ["Check the weather in Lima and LA, one after the other.", "sequential"],
    ["How is the weather in Lima and LA? Run the calls in zigzag mode.", "zigzag"],
  ])("%s", (question, mode) => {
    expect(plan({ question, exchanges: [], tools: TOOLS }).mode).toBe(mode);
  });
});
