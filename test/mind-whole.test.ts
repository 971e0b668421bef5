// The offline model sends an e-mail only if it understands every word, because it cannot take one back.
import { describe, expect, test } from "vitest";
import type { Earlier, Exchange } from "../shared/offline/mind/conversation.ts";
import { plan } from "../shared/offline/mind/plan.ts";
import { readRequest } from "../shared/offline/wire/request.ts";
import { ask, runTool, TOOLS, WITH_MAILBOX } from "./support/small-world.ts";

const UNSURE =
  "I send e-mails only where I am sure what goes to whom, so I sent none. Say, for example: Email bob@example.com saying hello.";
const SENDER = "I can't choose the sender of an e-mail, so I sent none.";
const LATER = "I only know how the weather is now, not tomorrow.";
const LA = "Here's the weather: LA is sunny at 20 degrees.";
const LIMA = "Here's the weather: Lima is cloudy at 18 degrees.";
const BOTH = "Here's the weather: Paris is cloudy at 12 degrees, LA is sunny at 20 degrees.";

describe("sends no e-mail, and says why, where a word about the e-mails is not understood", () => {
  test.each([
    ['Email bob@example.com "hi" but not alice@example.com', UNSURE],
    ['Email bob@example.com "hi" instead of alice@example.com', UNSURE],
    ['Email bob@example.com "hi", cc alice@example.com', UNSURE],
    ["Send an email from alice@example.com to bob@example.com saying hi", SENDER],
    ['Email alice@example.com "hi" from bob@example.com', SENDER],
    ["Email bob@example.com hello", UNSURE],
    ['Email bob@example.com before you email alice@example.com: "hello"', UNSURE],
    ["Email bob@example.com saying write to carol@example.com", UNSURE],
    ["Send my boss an email that says I am sick, his address is boss@corp.example", UNSURE],
    ["Email alice@example.com or bob@example.com saying hi", UNSURE],
    ["Email alice@example.com or email bob@example.com saying hi", UNSURE],
    ["Don't email bob@example.com. Email alice@example.com saying hi", UNSURE],
    ["I don't want you to email bob@example.com saying hi", UNSURE],
    ["I forgot to email bob@example.com saying hi", UNSURE],
    ["Do I have to email bob@example.com saying hi?", UNSURE],
    ['Email bob@example.com "hi" or "ho"', UNSURE],
    ["When you are done, email bob@example.com saying hi", UNSURE],
    ['Email bob@example.com "hi". Actually, do not.', UNSURE],
    ['Carol sits by alice@example.com. Send Bob "hi"', UNSURE],
  ])("%s", (question, answer) => {
    expect(ask(question, WITH_MAILBOX)).toMatchObject({ calls: [], answer });
  });

  test.each([
    ["Send bob@example.com hello and tell me the weather in LA", LA],
    ["cc carol@example.com when you email bob@example.com the LA weather", LA],
    ["Email jack and bob@example.com the weather in Lima", LIMA],
    ["Email me, not bob@example.com, the weather in LA", LA],
    ["Tell bob@example.com the weather in LA", LA],
    ["Email bob@example.com the weather in LA tomorrow", `${LA} ${LATER}`],
    ['Email bob@example.com the weather in LA saying "enjoy"', LA],
    [
      "Email bob@example.com the weather in Paris after emailing alice@example.com the weather in LA.",
      BOTH,
    ],
    ["Email the weather in Paris to bob@example.com and in LA to alice@example.com", BOTH],
    ["Get the weather in Paris and LA and email bob@example.com the first", BOTH],
    [
      "Email the warmest of Lima, Tokyo and Cairo to me and the coldest to bob@example.com.",
      "Cairo is the warmest: 31 degrees, against 18 in Lima and 14 in Tokyo.",
    ],
    [
      "Email bob@example.com the warmer of LA and Lima and email me the colder",
      "LA is warmer than Lima: 20 degrees against 18.",
    ],
    [
      "How is the weather in Paris? Email bob@example.com the weather of lyon",
      "Here's the weather: Paris is cloudy at 12 degrees.",
    ],
    ["Email bob@example.com the list of my e-mails", "The mailbox is empty."],
    ["Read my e-mails and forward them", "The mailbox is empty."],
    [
      "Email bob@example.com the weather in LA and my name",
      `${LA} Your profile: name Jack, email jack@example.com.`,
    ],
  ])("and does the rest: %s", (question, rest) => {
    const { calls, answer } = ask(question, WITH_MAILBOX);
    expect(calls.filter((call) => call.startsWith("send "))).toEqual([]);
    expect(answer).toBe(`${rest} ${UNSURE}`);
  });
});

const PARIS_MAIL = "Weather summary: Paris is cloudy at 12 degrees.";
const LA_MAIL = "Weather summary: LA is sunny at 20 degrees.";

describe("tells apart what goes to whom", () => {
  test.each([
    [
      "Email bob@example.com the weather in Paris, then alice@example.com the weather in LA",
      [`bob@example.com ${PARIS_MAIL}`, `alice@example.com ${LA_MAIL}`],
    ],
    [
      "Email bob@example.com the weather in Paris and alice@example.com the weather in LA.",
      [`bob@example.com ${PARIS_MAIL}`, `alice@example.com ${LA_MAIL}`],
    ],
    [
      "How is the weather in Paris? Email bob@example.com the weather in LA.",
      [`bob@example.com ${LA_MAIL}`],
    ],
    [
      "Email me the weather in LA and send a copy to bob@example.com",
      [`jack@example.com ${LA_MAIL}`, `bob@example.com ${LA_MAIL}`],
    ],
    [
      'Email bob@example.com "hi" and me the weather in LA',
      ["bob@example.com hi", `jack@example.com ${LA_MAIL}`],
    ],
    [
      "Email me the weather in LA and email my profile to bob@example.com",
      [
        `jack@example.com ${LA_MAIL}`,
        "bob@example.com Your profile: name Jack, email jack@example.com.",
      ],
    ],
    [
      "First email me saying one, then bob@example.com saying two",
      ["jack@example.com one", "bob@example.com two"],
    ],
    [
      "First tell me the weather in Paris, then email me that it's fine, then the weather in LA",
      ["jack@example.com it's fine"],
    ],
    [
      "Send an email to bob@example.com saying hello, list my e-mails, and email alice@example.com the weather in LA",
      ["bob@example.com hello", `alice@example.com ${LA_MAIL}`],
    ],
    ["Email me at home@example.com the weather in LA", [`home@example.com ${LA_MAIL}`]],
    ['Write "hi" to Bob <bob@example.com>', ["bob@example.com hi"]],
    ["Write an email to bob@example.com that says hello", ["bob@example.com hello"]],
    ["Email bob@example.com saying come at once", ["bob@example.com come at once"]],
    [
      "Email bob@example.com saying hi and check the door",
      ["bob@example.com hi and check the door"],
    ],
    [
      "Could you please email bob@example.com today's weather in LA?",
      [`bob@example.com ${LA_MAIL}`],
    ],
    [
      "How is the weather in LA? Use the send_email tool to email it to me.",
      [`jack@example.com ${LA_MAIL}`],
    ],
    [
      'Email bob@example.com "ask alice@example.com, not me"',
      ["bob@example.com ask alice@example.com, not me"],
    ],
  ])("%s", (question, mails) => {
    const { calls } = ask(question, WITH_MAILBOX);
    const sent = calls.filter((call) => call.startsWith("send "));
    expect(sent).toEqual(mails.map((mail) => `send ${mail}`));
  });

  test("also where the e-mails refer to results that are still missing", () => {
    const question =
      "Email bob@example.com the weather in Paris and alice@example.com the weather in LA.";
    const { calls } = plan({ question, exchanges: [], tools: TOOLS, references: true });
    const texts = calls.flatMap(({ name, args }) => (name === "send_email" ? [args.message] : []));
    expect(texts).toEqual([
      { $text: ["Weather summary: ", "Paris: ", { $from: "weather_paris" }, "."] },
      { $text: ["Weather summary: ", "LA: ", { $from: "weather_la" }, "."] },
    ]);
  });

  test("and looks up and lists what stands after a text without quotes", () => {
    const first =
      "First tell me the weather in Paris, then email me that it's fine, then the weather in LA";
    expect(ask(first).calls).toContain("weather LA");
    const second = "Send an email to bob@example.com saying hello, list my e-mails";
    expect(ask(second, WITH_MAILBOX).calls).toEqual(["send bob@example.com hello", "list_emails"]);
  });
});

describe("says of an e-mail whose call has failed", () => {
  const question = "Email bob@example.com saying hi";
  test.each([
    "Error: the acknowledgement was lost",
    { error: { class: "execution", message: "its thread ended" } },
    { cancelled: "the user wanted no more" },
    "[Tool execution cancelled] it took too long",
  ])("that it may have been sent: %j", (result) => {
    const { answer } = ask(question, TOOLS, () => result);
    expect(answer).toMatch(/^Sending the e-mail failed: .*\. I don't know whether it was sent\.$/);
  });

  test.each([
    "Error: unknown tool send_email; there are get_weather",
    { error: { class: "invalid", message: "invalid arguments: to is missing" } },
    { cancelled: "it never started" },
    "Error: denied by the user",
  ])("that it was not sent, where the call never ran: %j", (result) => {
    const { answer } = ask(question, TOOLS, () => result);
    expect(answer).toMatch(/^I couldn't send the e-mail: .*\. I sent no e-mail\.$/);
  });

  test("of several, for each", () => {
    const three = `${question}, carol@example.com saying ho`.replace(
      ", carol",
      ", and email carol",
    );
    const results = ["message sent", { cancelled: "it never started" }];
    const { answer } = ask(three, TOOLS, (_, before) => results[before.length]);
    expect(answer).toBe(
      "Done! I've sent the e-mail to bob@example.com. I couldn't send the e-mail to carol@example.com: it never started. I sent no e-mail to carol@example.com.",
    );
  });
});

describe("answers in words where the reply has no place for a call", () => {
  test.each([
    ["Use the teleport tool.", "I can't use the teleport tool here."],
    ["Use get_user_profile", "I have no tool for your profile, so I can't help with that here."],
    [
      "call get_weather with location LA",
      "I have no tool for the weather, so I can't help with that here.",
    ],
    [
      "Use the weather tool for Paris",
      "I have no tool for the weather, so I can't help with that here.",
    ],
    ["Email bob@example.com hello", "I have no tool for e-mail, so I can't help with that here."],
  ])("%s", (question, answer) => {
    for (const tools of [[], TOOLS]) {
      const reply = plan({ question, tools, exchanges: [], textOnly: true });
      expect(reply).toMatchObject({ calls: [], text: answer });
    }
  });
});

describe("takes no other word for a place", () => {
  test.each([
    ["call get_weather with location LA", ["LA"]],
    ["Is it above 10 degrees in London and below 30 in Cairo?", ["London", "Cairo"]],
    ["Compare Lima, LA and Oslo and tell me which is in the middle", ["Lima", "LA", "Oslo"]],
    ["Compare Lima and Oslo. Tell me the colder one's weather", ["Lima", "Oslo"]],
    ["How is the weather in Paris, the city of love?", ["Paris"]],
    ["How is the weather in Paris and what is the capital of France?", ["Paris"]],
    ["Is it cold in Lima, where the sun shines in the heart of town?", ["Lima"]],
    ["Weather in Paris and lyon", ["Paris", "lyon"]],
    ["How is the weather in Paris? And in lyon?", ["Paris", "lyon"]],
    ["Use the weather tool for Paris", ["Paris"]],
    ["LA, CA", ["LA, CA"]],
    ["Paris and Tokyo?", ["Paris", "Tokyo"]],
  ])("%s", (question, places) => {
    expect(ask(question).calls).toEqual(places.map((place) => `weather ${place}`));
  });
});

test("says nothing of e-mails where none is asked for", () => {
  expect(ask("Who is bob@example.com?").answer).toMatch(/^That is beyond me/);
});

test("drops nothing of what is asked for", () => {
  expect(ask("Use the teleport tool and the frobnicate tool, please.").calls).toEqual([
    "teleport",
    "frobnicate",
  ]);
  expect(ask("Use send_email to bob@example.com").answer).toBe("What shall the e-mail say?");
  expect(ask("what emails have I sent?", WITH_MAILBOX).calls).toEqual(["list_emails"]);
});

test.each([
  ["Do not do it in parallel: how is the weather in LA and Lima?", "sequential"],
  ["Weather in LA and Lima, but not at the same time", "sequential"],
  ["Weather in LA and Lima, not sequentially", "parallel"],
])("hears that a mode is not wanted: %s", (question, mode) => {
  const reply = ask(question);
  expect(reply.mode).toBe(mode);
  expect(reply.calls).toEqual(["weather LA", "weather Lima"]);
});

// ── Several questions ────────────────────────────────────────────────────────────────────────────

/** The model's calls after some answered questions, written short. */
function wantsAfter(earlier: readonly (string | Earlier)[], question: string): string[] {
  const before = earlier.map((one) => {
    return typeof one === "string" ? { question: one, hasMailed: false } : one;
  });
  const exchanges: Exchange[] = [];
  for (let step = 0; step < 4; step++) {
    const { calls } = plan({ question, earlier: before, tools: TOOLS, exchanges: [...exchanges] });
    for (const call of calls) exchanges.push({ ...call, result: runTool(call, exchanges) });
  }
  return exchanges.map(({ name, args: { from: _, ...args } }) => {
    return [name, ...Object.values(args)].join(" ");
  });
}

describe("reads a bare answer together with the question that it answers", () => {
  test.each([
    [["How is the weather?"], "Paris", ["get_weather Paris"]],
    [["How is the weather?"], "in Paris and LA, CA", ["get_weather Paris", "get_weather LA, CA"]],
    [["Is it warmer in Lima than in LA?"], "And in Paris?", ["get_weather Paris"]],
    [["How is the weather in Lima?", "And in Paris?"], "What about LA?", ["get_weather LA"]],
    [
      ["Email bob@example.com the weather."],
      "Paris",
      ["get_weather Paris", `send_email bob@example.com ${PARIS_MAIL}`],
    ],
    [["Email me the weather in LA."], "And in Paris?", ["get_weather Paris"]],
    [["Send Bob an email"], "bob@example.com, say hello", ["send_email bob@example.com hello"]],
    [
      ["Send Bob an email", "His address is bob@example.com."],
      'say "see you"',
      ["send_email bob@example.com see you"],
    ],
    [["Send an email saying hi"], "bob@example.com", ["send_email bob@example.com hi"]],
    [
      ["Get the weather in LA and send Bob a summary."],
      "bob@example.com",
      ["get_weather LA", `send_email bob@example.com ${LA_MAIL}`],
    ],
    [["Send an email to bob@example.com"], "Never mind", []],
    [["Send an email to bob@example.com"], "hello", []],
    [["How is the weather in LA?"], "And how is the weather in Lima?", ["get_weather Lima"]],
    [["Who am I?"], "And in Paris?", []],
    [[{ question: "Send Bob an email saying hi", hasMailed: true }], "bob@example.com", []],
  ])("%j, then %s", (earlier, question, calls) => {
    expect(wantsAfter(earlier, question)).toEqual(calls);
  });

  test("and says that it reads one question at a time where it can't", () => {
    const earlier = [{ question: "Send an email to bob@example.com", hasMailed: false }];
    const { text } = plan({ question: "Never mind", earlier, tools: TOOLS, exchanges: [] });
    expect(text).toMatch(/^That is beyond me.* I read one question at a time/);
  });

  test("which it finds in the messages, where they were answered", () => {
    const call = { id: "a", type: "function" as const };
    const mail = { name: "send_email", arguments: "{}" };
    const { conversation } = readRequest({
      model: "x",
      messages: [
        { role: "user", content: "one" },
        { role: "user", content: "two" },
        { role: "assistant", content: null, tool_calls: [{ ...call, function: mail }] },
        { role: "tool", tool_call_id: "a", content: "message sent" },
        { role: "assistant", content: "Done!" },
        { role: "user", content: "three" },
        { role: "assistant", content: "Which city?" },
        { role: "user", content: "Paris" },
      ],
    });
    expect(conversation.question).toBe("Paris");
    expect(conversation.earlier).toEqual([
      { question: "two", hasMailed: true },
      { question: "three", hasMailed: false },
    ]);
  });
});
