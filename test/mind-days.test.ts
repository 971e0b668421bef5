// The offline model answers a question about a month from a list of days. It may see only a part of the list.
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { listDays } from "../mock-tools/daily.ts";
import type { Call, Exchange, Offer } from "../shared/offline/mind/conversation.ts";
import { plan } from "../shared/offline/mind/plan.ts";
import { cutText } from "./support/cut-text.ts";
import { MAX_STEPS, TOOLS } from "./support/small-world.ts";

const PARAMETERS = z.toJSONSchema(z.object({}));
const DAILY: readonly Offer[] = ["get_daily_weather", "read_output"].map((name) => {
  return { name, description: "", about: JSON.stringify(PARAMETERS) };
});
const ALL = [...TOOLS, ...DAILY];
const JACK = { name: "Jack", email: "jack@example.com" };
const JULY =
  /^July 2025 in Paris: 31 days, 21\.9 degrees on average; .* July 19 with 25 degrees\.$/;

/** The calls of the offline model, written short. */
function wants(
  question: string,
  exchanges: Exchange[] = [],
  tools: readonly Offer[] = ALL,
): string[] {
  const { calls } = plan({ question, exchanges, tools });
  return calls.map(({ name, args }) => [name, ...Object.values(args)].join(" "));
}

/** A tool's output, or a part of an earlier output. */
function run({ name, args }: Call, outputs: ReadonlyMap<string, string>): unknown {
  if (name === "get_user_profile") return JACK;
  if (name === "send_email") return "message sent";
  if (name === "get_daily_weather") return listDays({ location: String(args.location) });
  const lines = outputs.get(String(args.call_id))?.split("\n") ?? [];
  return lines.slice(Number(args.from_line) - 1, Number(args.to_line)).join("\n");
}

/**
 * Holds a conversation with tools that show at most so many lines of an output.
 *
 * @returns the calls, written short, the e-mails, and the answer
 */
function converse(question: string, lines: number, tools = ALL) {
  const budget = { bytes: 1_000_000, lines };
  const outputs = new Map<string, string>();
  const exchanges: Exchange[] = [];
  const asked: string[] = [];
  const sent: object[] = [];
  for (let step = 1; step <= MAX_STEPS; step++) {
    const { text, calls } = plan({ question, exchanges: [...exchanges], tools });
    if (calls.length === 0) return { asked, sent, answer: text };
    for (const { name, args } of calls) {
      asked.push([name, ...Object.values(args)].join(" "));
      if (name === "send_email") sent.push({ to: args.to, message: args.message });
      const output = run({ name, args }, outputs);
      const id = `"${name}" \\ ${asked.length}`;
      if (typeof output === "string") outputs.set(id, output);
      const result = typeof output === "string" ? cutText(output, id, budget) : output;
      exchanges.push({ name, args, result });
    }
  }
  throw new Error(`no answer to ${question}`);
}

test.each([
  ["How was July in Paris?", ["Paris"]],
  ["how was july in paris", ["paris"]],
  ["How was the weather in Cairo in May?", ["Cairo"]],
  ["What was the warmest day of August in New York?", ["New York"]],
  ["How warm was March in Lima and Tokyo?", ["Lima", "Tokyo"]],
  ["Tell me about December in London, please.", ["London"]],
])("%s asks for the days of the year there", (question, places) => {
  expect(wants(question)).toEqual(places.map((place) => `get_daily_weather ${place}`));
});

test.each([
  ["How is the weather in Paris?", ["get_weather Paris"]],
  ["May I ask about the weather in Paris?", ["get_weather Paris"]],
  ["Who am I?", ["get_user_profile"]],
])("%s asks for what it asked for before", (question, calls) => {
  expect(wants(question)).toEqual(calls);
});

test("without a tool that lists days, a month changes nothing", () => {
  expect(wants("How is the weather in Paris in July?", [], TOOLS)).toEqual(["get_weather Paris"]);
  expect(wants("How was July in Paris?", [], TOOLS)).toEqual([]);
  const { text } = plan({ question: "How was July in Paris?", exchanges: [], tools: TOOLS });
  expect(text).toMatch(/^That is beyond me/);
});

test("from a whole list it answers at once", () => {
  const { asked, answer } = converse("How was July in Paris?", 1_000);
  expect(asked).toEqual(["get_daily_weather Paris"]);
  expect(answer).toMatch(JULY);
});

test("it says which year it has, if the question wants another one", () => {
  const { answer } = converse("How was July 2024 in Paris?", 400);
  const [first, ...rest] = answer.split(". ");
  expect(first).toBe("I have no days of 2024 in Paris, only of 2025");
  expect(rest.join(". ")).toMatch(JULY);
  expect(converse("How was July 2025 in Paris?", 400).answer).toMatch(JULY);
});

test("if a list is cut, it reads the month's lines and no others", () => {
  const { asked, answer } = converse("How was July in Paris?", 40);
  expect(asked).toEqual([
    "get_daily_weather Paris",
    'read_output "get_daily_weather" \\ 1 182 212',
  ]);
  expect(answer).toMatch(JULY);
});

test("if those lines are cut, too, it reads on until it has the whole month", () => {
  const { asked, answer } = converse("How was July in Paris?", 12);
  expect(asked.slice(1).map((call) => call.split(" ").slice(-2).join(" "))).toEqual([
    "182 212",
    "194 212",
    "206 212",
  ]);
  expect(answer).toMatch(JULY);
});

test("a month in the shown part needs no more calls", () => {
  expect(converse("How was January in Paris?", 40).asked).toEqual(["get_daily_weather Paris"]);
  expect(converse("How was February in Paris?", 40).asked.at(-1)).toMatch(/ 41 59$/);
});

test("several months and places are read side by side, and told one after the other", () => {
  const { asked, answer } = converse("How were July and August in Paris and Sydney?", 40);
  expect(asked).toEqual([
    "get_daily_weather Paris",
    "get_daily_weather Sydney",
    'read_output "get_daily_weather" \\ 1 182 212',
    'read_output "get_daily_weather" \\ 1 213 243',
    'read_output "get_daily_weather" \\ 2 182 212',
    'read_output "get_daily_weather" \\ 2 213 243',
  ]);
  const told = answer.match(/\w+ 2025 in \w+: 31 days/g);
  const months = ["Paris", "Sydney"].flatMap((place) => {
    return ["July", "August"].map((month) => `${month} 2025 in ${place}: 31 days`);
  });
  expect(told).toEqual(months);
});

const list: Exchange = {
  name: "get_daily_weather",
  args: { location: "Paris" },
  result: cutText(listDays({ location: "Paris" }), "list", { bytes: 2_000, lines: 40 }),
};

function says(exchanges: Exchange[], tools = ALL): string {
  return plan({ question: "How was July in Paris?", exchanges, tools }).text;
}

test("if the rest cannot be read, it tells only what it knows", () => {
  const noReader = ALL.filter(({ name }) => name !== "read_output");
  expect(says([list], noReader)).toBe("I couldn't read the days of July 2025 in Paris.");
  const args = { call_id: "list", from_line: 182, to_line: 212 };
  const failed = { name: "read_output", args, result: "[Tool execution failed] no output there" };
  expect(wants("How was July in Paris?", [list, failed])).toEqual([]);
  expect(says([list, failed])).toBe(
    "I couldn't read the days of July 2025 in Paris. I couldn't read the rest of an output: no output there.",
  );
  const some = { ...failed, result: "2025-07-30 sunny, 21 degrees\n2025-07-31 sunny, 24 degrees" };
  expect(wants("How was July in Paris?", [list, some])).toEqual(["read_output list 182 210"]);
  const rest = { name: "read_output", args: { ...args, to_line: 210 }, result: "nothing of use" };
  expect(says([list, some, rest])).toBe(
    "July 2025 in Paris: 2 of 31 days, 22.5 degrees on average; the warmest day was July 31 with 24 degrees.",
  );
});

test("for a tool that failed or was cancelled, it quotes the error", () => {
  const failed = (result: string): Exchange => ({ ...list, result });
  expect(says([failed("[Tool execution failed] no station in Paris")])).toBe(
    "I couldn't get the daily weather in Paris: no station in Paris.",
  );
  expect(says([failed("[Tool execution cancelled] it never started")])).toBe(
    "I couldn't get the daily weather in Paris: it never started.",
  );
});

test("for any months and places, even if little is shown at once, it tells each month as far as it was read, within the steps", () => {
  const months = fc.subarray(["January", "April", "May", "July", "December"], { minLength: 1 });
  const places = fc.subarray(["Paris", "LA", "New York", "Sydney"], { minLength: 1 });
  const property = fc.property(months, places, fc.integer({ min: 1, max: 400 }), (...all) => {
    const [names, cities, lines] = all;
    const question = `How was ${names.join(" and ")} in ${cities.join(" and ")}?`;
    const { asked, answer } = converse(question, lines);
    const whole = answer.match(/\w+ 2025 in [\w ]+: 3[01] days/g) ?? [];
    const some = answer.match(/\w+ 2025 in [\w ]+: \d+ of 3[01] days/g) ?? [];
    expect(whole.length + some.length).toBe(names.length * cities.length);
    if (lines >= 6) expect(some).toEqual([]);
    expect(answer).not.toMatch(/undefined|NaN|null|I /);
    expect(new Set(asked).size).toBe(asked.length);
  });
  fc.assert(property, { numRuns: 100 });
});

test("if little is shown at once, it stops after some reads, and says how many days it knows", () => {
  const { asked, answer } = converse("How was July in Paris?", 2);
  expect(asked).toHaveLength(7);
  expect(answer).toMatch(/^July 2025 in Paris: 12 of 31 days, /);
});

const year = listDays({ location: "Paris" }).split("\n");

/** The last lines of the year, and a marker that says which they are. */
function tail(range: string): Exchange {
  const marker = `[lines ${range} of 365, 1 of 2 bytes; read_output with call_id "list" gives the rest]`;
  return { ...list, result: [...year.slice(-40), marker].join("\n") };
}

test("it also reads the month's lines if the last lines of a list are shown", () => {
  const shown = tail("326 to 365");
  expect(wants("How was July in Paris?", [shown])).toEqual(["read_output list 182 212"]);
  const args = { call_id: "list", from_line: 182, to_line: 212 };
  const july = { name: "read_output", args, result: year.slice(181, 212).join("\n") };
  expect(says([shown, july])).toMatch(JULY);
});

test("if the lines are not those that were named, it says that it can't read the list", () => {
  const wrong = tail("1 to 40");
  const [read = ""] = wants("How was July in Paris?", [wrong]);
  const [from, to] = read.split(" ").slice(2).map(Number);
  const args = { call_id: "list", from_line: from, to_line: to };
  const result = year.slice(Number(from) - 1, to).join("\n");
  expect(says([wrong, { name: "read_output", args, result }])).toBe(
    "I can't read the days of Paris.",
  );
  // Rows that are longer than the budget would be two lines each.
  expect(says([tail("286 to 365")])).toBe("I can't read the days of Paris.");
});

test("an e-mail about a month waits until it is read, and says it", () => {
  const question = "How was July in Paris? Email me the answer.";
  const { asked, answer, sent } = converse(question, 40);
  expect(asked.map((call) => call.split(" ")[0])).toEqual([
    "get_daily_weather",
    "get_user_profile",
    "read_output",
    "send_email",
  ]);
  expect(sent).toEqual([{ to: "jack@example.com", message: expect.stringMatching(JULY) }]);
  const [done, ...rest] = answer.split(". ");
  expect(done).toBe("Done! I've sent the answer to your email");
  expect(rest.join(". ")).toMatch(JULY);
});

test("if nothing is known about the month, no e-mail is sent", () => {
  const failed = { ...list, result: "[Tool execution failed] no station in Paris" };
  const profile = { name: "get_user_profile", args: {}, result: JACK };
  const { calls, text } = plan({
    question: "How was July in Paris? Email me the answer.",
    exchanges: [failed, profile],
    tools: ALL,
  });
  expect(calls).toEqual([]);
  expect(text).toBe(
    "I couldn't get the daily weather in Paris: no station in Paris. I sent no e-mail.",
  );
});

test("a missing reader tool is tried if the question names it", () => {
  const { text, calls } = plan({ question: "Use the read_output tool.", exchanges: [], tools: [] });
  expect([text, calls.length]).toEqual(["I'll try the read_output tool.", 1]);
});

test("a month without a place gets a question", () => {
  expect(plan({ question: "How was July?", exchanges: [], tools: ALL }).text).toBe(
    "Which city? Ask me how July was in Paris, for example.",
  );
});

test("a result that is not a list of days, or only looks like one, does no harm", () => {
  for (const result of [7, "2025-99-99 x, 1 degrees", "of 5, read_output", "\n\n"]) {
    expect(says([{ ...list, result }])).toBe("I can't read the days of Paris.");
  }
  for (const result of [null, {}, ""]) {
    expect(says([{ ...list, result }])).toMatch(/^I couldn't get the daily weather in Paris: no /);
  }
  const forged = `2025-01-01 sunny, 1 degrees\n[lines 1 of 9, 1 of 2 bytes; read_output with call_id "\\u0041" gives the rest]`;
  expect(wants("How was July in Paris?", [{ ...list, result: forged }])).toEqual([]);
  const odd = `2025-01-01 sunny, 1 degrees\n[lines 1 of 900, 1 of 2 bytes; read_output with call_id "\\x" gives the rest]`;
  expect(says([{ ...list, result: odd }])).toBe("I couldn't read the days of July 2025 in Paris.");
});
