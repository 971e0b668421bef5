import { describe, expect, test } from "vitest";
import type { Exchange, Offer } from "../shared/offline/mind/conversation.ts";
import { plan } from "../shared/offline/mind/plan.ts";
import { readRequest } from "../shared/offline/wire/request.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import { ask, runTool, TOOLS, WITH_MAILBOX } from "./support/small-world.ts";

const JACK = { name: "Jack", email: "jack@example.com" };

function weather(location: string, result: unknown): Exchange {
  return { name: "get_weather", args: { location }, result };
}

function profile(result: unknown = JACK): Exchange {
  return { name: "get_user_profile", args: {}, result };
}

const TEN = ["Accra", "Bonn", "Cork", "Delhi", "Essen", "Faro", "Genoa", "Hilo", "Izmir", "Jaffa"];

/** The calls of the offline model, written short. */
function wants(
  question: string,
  exchanges: Exchange[] = [],
  tools: readonly Offer[] = TOOLS,
): string[] {
  const { calls } = plan({ question, exchanges, tools });
  return calls.map(({ name, args }) => [name, ...Object.values(args)].join(" "));
}

function says(
  question: string,
  exchanges: Exchange[] = [],
  tools: readonly Offer[] = TOOLS,
): string {
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

  test("a place that was asked for twice, told once with the later result", () => {
    const results = [weather("LA", "sunny, 20 degrees"), weather("LA", "sunny, 21 degrees")];
    expect(says("Weather in LA?", results)).toBe("Here's the weather: LA is sunny at 21 degrees.");
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
      `send_email weather-bot@example.com jack@example.com ${summary}`,
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
      "Sending the e-mail failed: mailbox full. I don't know whether it was sent.",
    );
  });

  test("with what worked, and not at all when nothing did", () => {
    const bad = (place: string): Exchange => weather(place, "Error: no station");
    expect(
      wants(question, [bad("Beijing"), weather("LA", "sunny, 20 degrees"), profile()]),
    ).toEqual([
      "send_email weather-bot@example.com jack@example.com Weather summary: LA is sunny at 20 degrees.",
    ]);
    expect(wants(question, [bad("Beijing"), bad("LA"), profile()])).toEqual([]);
    expect(says(question, [bad("Beijing"), bad("LA"), profile()])).toMatch(/I sent no e-mail\.$/);
    expect(says(question, [...found, profile("Error: gone")])).toMatch(/I sent no e-mail\.$/);
  });

  test("to somebody else, with words of one's own", () => {
    const other = "Send an email to bob@example.com saying hello there";
    expect(wants(other)).toEqual([
      "send_email weather-bot@example.com bob@example.com hello there",
    ]);
    expect(says(other)).toBe("Now I'll send the email to bob@example.com.");
    expect(says(other, [sent])).toBe("Done! I've sent the e-mail to bob@example.com.");
    expect(wants('Email me "buy milk"', [profile()])).toEqual([
      "send_email weather-bot@example.com jack@example.com buy milk",
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
      "send_email weather-bot@example.com bob@example.com hi.",
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
      "send_email weather-bot@example.com bob@example.com hi",
      "list_emails",
    ]);
    const mails = (result: unknown) => ({ name: "list_emails", args: {}, result });
    expect(says(both, [sent, mails([])], WITH_MAILBOX)).toBe(
      "Done! I've sent the e-mail to bob@example.com. The mailbox is empty.",
    );
    const one = [{ from: "weather-bot@example.com", to: "bob@example.com", message: "hi" }];
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
      from: "weather-bot@example.com",
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
        from: "weather-bot@example.com",
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
    ["Check the weather in Lima and LA sequentially.", "sequential"],
    ["Get the weather in Lima and LA in parallel, please.", "parallel"],
    ["First the weather in Lima, then the weather in LA.", "sequential"],
    ["Weather in Lima and LA, one by one", "sequential"],
    ["Weather in Lima and LA at the same time", "parallel"],
  ])("%s", (question, mode) => {
    const reply = plan({ question, exchanges: [], tools: TOOLS });
    expect(reply.mode).toBe(mode);
    expect(reply.calls.map(({ args }) => args)).toEqual([{ location: "Lima" }, { location: "LA" }]);
  });

  test("and takes another mode when the program could not read the reply with an odd one", () => {
    const question = "How is the weather in LA? Run the calls in zigzag mode.";
    const reply = plan({ question, exchanges: [], tools: TOOLS, refused: true });
    expect(reply.mode).toBe("sequential");
    expect(reply.calls.length).toBe(1);
  });
});

describe("compares what the results say", () => {
  test.each([
    ["Is it warmer in Tokyo or in Paris?", "Tokyo is warmer than Paris: 14 degrees against 12."],
    ["is tokyo colder than paris", "paris is colder than tokyo: 12 degrees against 14."],
    ["Which is colder, London or LA?", "London is colder than LA: 10 degrees against 20."],
    [
      "Which city is warmest: LA, Lima or Cairo?",
      "Cairo is the warmest: 31 degrees, against 20 in LA and 18 in Lima.",
    ],
    [
      "Which of Paris, London, New York and Cairo is the coldest?",
      "London and New York are the coldest: 10 degrees, against 12 in Paris and 31 in Cairo.",
    ],
    ["Is it warmer in London than in New York?", "It is 10 degrees in London and New York alike."],
    [
      "What is the difference between the temperatures of LA and Oslo?",
      "The difference between LA and Oslo is 19 degrees: 20 against 1.",
    ],
    [
      "How much colder is Paris than London?",
      "The difference between Paris and London is 2 degrees: 12 against 10.",
    ],
    [
      "What is the difference between LA and Lima?",
      "The difference between LA and Lima is 2 degrees: 20 against 18.",
    ],
    ["Is Paris warmer than 10 degrees?", "Here's the weather: Paris is cloudy at 12 degrees."],
    [
      "Is it warmer in LA, Lima or Atlantis?",
      "LA is warmer than Lima: 20 degrees against 18. I couldn't get the weather in Atlantis: no station in Atlantis; known places:",
    ],
    [
      "Is it warmer in Atlantis than in LA?",
      "LA is sunny at 20 degrees. Without a second temperature there is nothing to compare. I couldn't",
    ],
  ])("%s", (question, answer) => {
    expect(ask(question).answer.slice(0, answer.length)).toBe(answer);
  });

  test("and e-mails the answer", () => {
    expect(ask("Is it warmer in Tokyo or in Paris? Email me the answer.")).toEqual({
      calls: [
        "weather Tokyo",
        "weather Paris",
        "user_profile",
        "send jack@example.com Tokyo is warmer than Paris: 14 degrees against 12.",
      ],
      answer:
        "Done! I've sent the answer to your email. Tokyo is warmer than Paris: 14 degrees against 12.",
      mode: "parallel",
    });
  });
});

describe("sends each e-mail that it can", () => {
  test.each([
    [
      "Send an email to bob@example.com saying one and another to carol@example.com saying two",
      ["bob@example.com one", "carol@example.com two"],
    ],
    [
      'First email bob@example.com "Lunch at noon?", then email him "Sorry, at one."',
      ["bob@example.com Lunch at noon?", "bob@example.com Sorry, at one."],
    ],
    [
      'Send two e-mails to bob@example.com: first "one", then "two"',
      ["bob@example.com one", "bob@example.com two"],
    ],
    [
      "Send emails to bob@example.com and carol@example.com saying hello",
      ["bob@example.com hello", "carol@example.com hello"],
    ],
    ["Bob's address is bob@example.com. Send Bob an email saying hi", ["bob@example.com hi"]],
    [
      "Send bob@example.com an email saying hi there. See you. How is the weather in LA?",
      ["bob@example.com hi there. See you."],
    ],
    [
      "Email bob@example.com the weather in LA",
      ["bob@example.com Weather summary: LA is sunny at 20 degrees."],
    ],
    [
      "Send an email to bob@example.com telling him the weather in LA",
      ["bob@example.com Weather summary: LA is sunny at 20 degrees."],
    ],
    [
      'Send me and bob@example.com an email saying "hi"',
      ["jack@example.com hi", "bob@example.com hi"],
    ],
    [
      'Email bob@example.com "one" and carol@example.com "two"',
      ["bob@example.com one", "carol@example.com two"],
    ],
    [
      "Send bob@example.com and carol@example.com an email saying hi",
      ["bob@example.com hi", "carol@example.com hi"],
    ],
    [
      "Send bob@example.com an email saying hi and carol@example.com one saying bye",
      ["bob@example.com hi", "carol@example.com bye"],
    ],
    [
      'Email me "wether permitting, one by one"',
      ["jack@example.com wether permitting, one by one"],
    ],
    ["Sned me an emial saying hi", ["jack@example.com hi"]],
    ['Email bob@example.com "hi" and bob@example.com "hi"', ["bob@example.com hi"]],
    ["Send an email saying hi to bob@example.com", ["bob@example.com hi"]],
    ["Email bob@example.com that I'm late", ["bob@example.com I'm late"]],
    ['Is it warmer in LA than in Lima? If so, email me "Go to LA".', []],
    ["Email me if it is raining in London.", []],
    ["Email bob@example.com tomorrow saying hi", []],
    [
      "Send an email to bob@example.com saying see you tomorrow",
      ["bob@example.com see you tomorrow"],
    ],
    ["Don't email me. How is the weather in LA?", []],
    ["Did you send me an e-mail?", []],
    ["Who sent me an email?", []],
  ])("%s", (question, mails) => {
    const sent = ask(question).calls.filter((call) => call.startsWith("send "));
    expect(sent).toEqual(mails.map((mail) => `send ${mail}`));
  });

  test.each([
    ["Send Bob an email", "What is Bob's e-mail address? What shall the e-mail say?"],
    ["Send Bob an email saying hello.", "What is Bob's e-mail address?"],
    ["Send an email to bob@example.com", "What shall the e-mail say?"],
    ["Email me", "What shall the e-mail say?"],
    ["Email my boss that I am ill", /^To which address shall I send the e-mail\?/],
    ["Email me the weather.", /^Which city\?/],
    [
      "Get the weather in LA and send Bob a summary.",
      "Here's the weather: LA is sunny at 20 degrees. What is Bob's e-mail address?",
    ],
    [
      'Email Carol "hi" and then email bob@example.com "hello"',
      "Done! I've sent the e-mail to bob@example.com. What is Carol's e-mail address?",
    ],
  ])("and asks for what is missing: %s", (question, answer) => {
    if (typeof answer === "string") expect(ask(question).answer).toBe(answer);
    else expect(ask(question).answer).toMatch(answer);
    expect(ask(question).calls).not.toContainEqual(expect.stringMatching(/jack@|Bob|Carol/));
  });

  test("in the order asked, also where a reply may hold one call only", () => {
    const question = 'Email me "one" and then email bob@example.com "two"';
    const sent = ["jack@example.com one", "bob@example.com two"].map((mail) => `send ${mail}`);
    expect(ask(question).calls).toEqual(["user_profile", ...sent]);
    const exchanges: Exchange[] = [];
    for (let step = 0; step < 4; step++) {
      const [call] = plan({ question, exchanges: [...exchanges], tools: TOOLS }).calls;
      if (call) exchanges.push({ ...call, result: runTool(call, exchanges) });
    }
    expect(exchanges.map(({ args }) => args.message)).toEqual([undefined, "one", "two"]);
  });

  test("and says that it can't decide whether to send one", () => {
    expect(ask("Email me if it is raining in London.").answer).toMatch(
      /^Here's the weather: .* I can't make an e-mail depend on a condition, so I sent none\.$/,
    );
  });

  test("and says that it can't send one at another time, with a subject, or several times", () => {
    expect(ask("Email bob@example.com tomorrow saying hi").answer).toBe(
      "I can't send an e-mail at another time, so I sent none.",
    );
    expect(ask('Send bob@example.com an email with the subject "hi" saying "hello"')).toMatchObject(
      {
        calls: ["send bob@example.com hello"],
        answer: "Done! I've sent the e-mail to bob@example.com. I can't give an e-mail a subject.",
      },
    );
    for (const often of ["Email bob@example.com twice", "Send 3 emails to bob@example.com"]) {
      expect(ask(`${often} saying hi`).answer).toBe(
        "Done! I've sent the e-mail to bob@example.com. I send the same e-mail only once.",
      );
    }
    const two = 'Send two e-mails to bob@example.com: first "one", then "two"';
    expect(ask(two).answer).toBe("Done! I've sent the e-mails to bob@example.com.");
  });

  test("and says that it was sent only if the result says so", () => {
    const question = 'Email bob@example.com "one" and carol@example.com "two"';
    const halfFull = ask(question, TOOLS, (call, before) => {
      return call.args.to === "carol@example.com" ? "Error: mailbox full" : runTool(call, before);
    });
    expect(halfFull.answer).toBe(
      "Done! I've sent the e-mail to bob@example.com. Sending the e-mail to carol@example.com failed: mailbox full. I don't know whether it was sent.",
    );
    const queued = ask("Email bob@example.com saying hi", TOOLS, () => "queued");
    expect(queued.answer).toBe('The send_email tool says: "queued".');
    const silent = ask("Email bob@example.com saying hi", TOOLS, () => undefined);
    expect(silent.answer).toBe(
      "Sending the e-mail failed: no result came back. I don't know whether it was sent.",
    );
  });
});

describe("reads questions of many forms", () => {
  test.each([
    ["Weather LA", ["LA"]],
    ["LA weather", ["LA"]],
    ["la weather", ["la"]],
    ["How is the weather in LA, CA?", ["LA, CA"]],
    ["Weather in Paris, France and Tokyo, Japan", ["Paris, France", "Tokyo, Japan"]],
    ["what's it like in Cairo", ["Cairo"]],
    ["do I need an umbrella in London", ["London"]],
    ["how is the wether in lima and paris", ["lima", "paris"]],
    ["Do I need a coat in Oslo?", ["Oslo"]],
    ["What is the temprature in New York right now?", ["New York"]],
    ["WEATHER IN PARIS AND TOKYO", ["PARIS", "TOKYO"]],
    ["Tell Bob the weather in LA", ["LA"]],
    ["weather in LA/Lima (Peru)", ["LA", "Lima"]],
    ["compare lima with la weather", ["lima", "la"]],
    ["Compare the temperatures of Tokyo and Paris, please.", ["Tokyo", "Paris"]],
    ["I am planning a trip to Paris. Will I need an umbrella?", ["Paris"]],
    ["How is the weather in LA? And in Lima?", ["LA", "Lima"]],
    ["Tell me how the weather is in New York and, if possible, in LA", ["New York", "LA"]],
    ["What's the weather in Rio de Janeiro and St. Louis?", ["Rio de Janeiro", "St. Louis"]],
    ["Use the get_weather tool for Paris", ["Paris"]],
    ["How hot is it in Cairo, and how cold in Beijing?", ["Cairo", "Beijing"]],
    ["Weather Paris London Tokyo", ["Paris", "London", "Tokyo"]],
    ["weather new york los angeles paris", ["new york", "los angeles", "paris"]],
    ["What is the weather in Tokyo Bay?", ["Tokyo Bay"]],
    ["weather in Cape Town and Mexico City", ["Cape Town", "Mexico City"]],
    ["weather for London UK and Paris, France", ["London", "Paris, France"]],
    ["weather in paris?? and tokyo!!", ["paris", "tokyo"]],
    ["compare Lima and LA", ["Lima", "LA"]],
    ["compare los angeles and new york", ["los angeles", "new york"]],
    ["Is there a comparison of LA and Lima?", ["LA", "Lima"]],
    ["Compare Python and Rust", []],
    ["Compare apples and oranges", []],
    ["Rank Paris, London and Cairo by temperature", ["Paris", "London", "Cairo"]],
    ["What's the temp in LA?", ["LA"]],
    ["whats it like in Cairo?", ["Cairo"]],
    ["Is it freezing in Oslo?", ["Oslo"]],
    ["Call get_weather for Paris.", ["Paris"]],
    ['Translate "weather" into French.', []],
    ["How is the weather in the morning?", []],
    ["Where can I buy a hot dog?", []],
    ["I have a cold.", []],
    ["What is the capital of France?", []],
    ["Tell me a joke in French", []],
  ])("%s", (question, places) => {
    expect(ask(question).calls).toEqual(places.map((place) => `weather ${place}`));
  });

  test.each([
    ["How is the weather in LA tomorrow?", "I only know how the weather is now, not tomorrow."],
    ["Weather in LA in Fahrenheit", "I can't give degrees in Fahrenheit."],
  ])("and says what it cannot do, and does the rest: %s", (question, limit) => {
    expect(ask(question).answer).toBe(`Here's the weather: LA is sunny at 20 degrees. ${limit}`);
  });

  test.each([
    ["Do I need an umbrella in London?", "Take an umbrella in London."],
    ["Is it raining in Cairo?", "You need no umbrella."],
  ])("and draws a conclusion about the rain: %s", (question, conclusion) => {
    expect(ask(question).answer).toMatch(new RegExp(`degrees\\. ${conclusion}$`));
  });

  test.each([
    ["How is the weather in every city you know?", /^I have no list of all cities\./],
    ["Which cities do you know?", /^I have no list of all cities\./],
    ["Did my email arrive?", /^That is beyond me/],
    ["Are you ChatGPT?", /^I am the offline model/],
    ["Which model are you?", /^I am the offline model/],
    ["What do you know?", /^I am the offline model/],
    ["How are you?", /^I am the offline model/],
    ["What's the coldest city?", /^Which city\?/],
    ["thanks!", "You're welcome!"],
    ["¿Qué tiempo hace en París?", /^That is beyond me: .* OPENAI_API_KEY/],
    ["", /^That is beyond me/],
  ])("and answers in a line where nothing is to be called: %s", (question, answer) => {
    expect(ask(question)).toEqual({
      calls: [],
      answer: expect.stringMatching(answer),
      mode: "parallel",
    });
  });

  test.each(["What tools do you have?", "How many tools do you have?", "What can you do?"])(
    "%s",
    (question) => {
      expect(ask(question).answer).toBe(
        "I have these tools: get_weather: Get the current weather in one city; get_user_profile: Get the name and e-mail address of the user you are talking to; send_email: Send one e-mail.",
      );
      expect(ask(question, []).answer).toMatch(/^I (?:have no tools here\.|am the offline model)/);
    },
  );
});

test("a result that says nothing is told as a failure, never as undefined or null", () => {
  for (const nothing of [undefined, null, "", {}]) {
    expect(ask("Weather in LA?", TOOLS, () => nothing).answer).toBe(
      "I couldn't get the weather in LA: no result came back.",
    );
  }
  const half = () => ({ sky: "blue", wind: null });
  expect(ask("Weather in LA?", TOOLS, half).answer).toBe(
    'Here\'s the weather: LA: {"sky":"blue"}.',
  );
});

describe("lists the tools of the request", () => {
  const question = "What tools do you have?";
  const answer = "I have these tools: ring_bell: Ring the bell; nod.";
  const bell = { name: "ring_bell", description: "Ring the bell." };
  const parameters = { type: "object", properties: {} };

  test("which stand in the system prompt, one a line", () => {
    const lines = [bell, { name: "nod", description: "" }].map((tool) => {
      return JSON.stringify({ ...tool, parameters });
    });
    const messages = [
      { role: "system" as const, content: `There are these tools:\n${lines.join("\n")}` },
      { role: "user" as const, content: question },
    ];
    const { conversation } = readRequest({ model: "x", messages });
    expect(plan(conversation).text).toBe(answer);
  });

  const content = question;
  const messages = [{ role: "user", content }];
  test.each([
    [
      "/v1/chat/completions",
      {
        messages,
        tools: [bell, { name: "nod" }].map((tool) => {
          return { type: "function", function: { ...tool, parameters } };
        }),
      },
    ],
    [
      "/v1/responses",
      {
        input: question,
        tools: [bell, { name: "nod" }].map((tool) => ({ type: "function", ...tool, parameters })),
      },
    ],
    [
      "/v1/messages",
      {
        max_tokens: 99,
        messages,
        tools: [bell, { name: "nod" }].map((tool) => ({ ...tool, input_schema: parameters })),
      },
    ],
    [
      "/v1beta/models/x:generateContent",
      {
        contents: [{ role: "user", parts: [{ text: question }] }],
        tools: [{ functionDeclarations: [bell, { name: "nod" }] }],
      },
    ],
  ])("which come natively, over %s", async (path, body) => {
    const url = (await serveOfflineModel(0, false)).replace("/v1", path);
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify({ model: "x", ...body }) };
    const text = await (await fetch(url, request)).text();
    expect(text).toContain(answer);
  });
});

test("a reply that the program could not read has run no calls, so they are asked for again", () => {
  const question = "How is the weather in LA? Run the calls in zigzag mode.";
  const call = {
    type: "function_call",
    id: "a",
    name: "get_weather",
    arguments: '{"location":"LA"}',
  };
  const { conversation } = readRequest({
    model: "x",
    messages: [
      { role: "user", content: question },
      { role: "assistant", content: JSON.stringify({ mode: "zigzag", outputs: [call] }) },
      { role: "user", content: "Reply error: expected one of parallel, sequential at mode" },
    ],
  });
  const { calls, mode } = plan({ ...conversation, textOnly: false, tools: TOOLS });
  expect(calls.map(({ args }) => args)).toEqual([{ location: "LA" }]);
  expect(mode).toBe("sequential");
});
