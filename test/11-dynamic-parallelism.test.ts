import { expect, test } from "vitest";
import { z } from "zod";
import { run } from "../scripts/run.ts";
import { serveScript } from "../scripts/serve.ts";
import { readReports } from "./programs/report.ts";
import { serveBarrier } from "./support/barrier.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { lastResults, outputs, weather } from "./support/script.ts";
import { worldOf } from "./support/worlds.ts";

test("in the mode parallel the calls of a reply are all under way before any of them ends", async () => {
  const { look, resultsOf, barrier } = await conversations;
  const { trail, results } = look("parallel");
  expect(trail).toBe("parallel ((()))");
  expect(results).toEqual([calm(some(3))]);
  expect(barrier.slice(0, 3).toSorted()).toEqual(["start a", "start b", "start c"]);
  expect(barrier.slice(3, 6).toSorted()).toEqual(["end a", "end b", "end c"]);
  expect(resultsOf("at the barrier")[0]).toEqual(calm(["c", "a", "b"]));
});

test("in the mode sequential, or in an unknown one, a call starts when the one before it has ended", async () => {
  const { look, barrier } = await conversations;
  const { trail, results } = look("sequential");
  expect(trail).toBe("sequential ()()()()");
  expect(results).toEqual([calm(some(4))]);
  const names = ["d", "e", "f", "g", "h"];
  expect(barrier.slice(6)).toEqual(names.flatMap((name) => [`start ${name}`, `end ${name}`]));
});

/** What a model may write in place of a mode, and how it is shown. */
const NO_MODES = new Map<string, unknown>([
  ["undefined", undefined],
  ["null", null],
  ["7", 7],
  ["true", true],
  ['""', ""],
  ['"zigzag"', "zigzag"],
  ['"PARALLEL"', "PARALLEL"],
  ['" parallel"', " parallel"],
  ['"constructor"', "constructor"],
  ['"__proto__"', "__proto__"],
  ['["parallel"]', ["parallel"]],
  ['{"mode":"parallel"}', { mode: "parallel" }],
]);

test.each([...NO_MODES.keys()])(
  "a reply whose mode is %s goes to the sequential runner, and one warning says so",
  async (shown) => {
    const { look } = await conversations;
    expect(look(`the mode ${shown}`)).toEqual({
      said: [`Unknown mode ${shown}: the calls go to the default runner.`],
      peak: 1,
      trail: "sequential ()()()",
      results: [calm(some(3))],
    });
  },
);

const QUESTION =
  "Email bob@slow.example saying lunch is at noon in the old hall behind the station where we met in spring, then email him saying sorry, at one.";

test("two e-mails over a slow line arrive in the order asked in the mode sequential, and not in parallel", async () => {
  const file = "chapters/11-dynamic-parallelism/main.ts";
  const { stdout } = await run(file, [`${QUESTION} Run the calls in sequential mode.`]);
  const arrived = (text: string): string[] =>
    [...text.matchAll(/"message": "(\w+)/g)].map(([, word = ""]) => word);
  expect(arrived(stdout)).toEqual(["lunch", "sorry"]);
  const page = printed("11", `${QUESTION} Run the calls in parallel mode.`);
  expect(arrived(page)).toEqual(["sorry", "lunch"]);
});

test("a reply without calls needs no runner, so no warning is printed about its mode", async () => {
  const { look } = await conversations;
  const { said, trail, results } = look("no calls");
  expect({ said, trail, results }).toEqual({ said: [], trail: "", results: [] });
});

test("each reply picks its own runner, and a reply of one call runs one call in either mode [T11]", async () => {
  const { look } = await conversations;
  const { said, trail, results } = look("a mode for each reply");
  expect(trail).toBe(
    "parallel ((())) sequential ()()() parallel () sequential () sequential ()() parallel (())",
  );
  expect(results).toEqual([3, 3, 1, 1, 2, 2].map((count) => calm(some(count))));
  expect(said).toEqual(['Unknown mode "zigzag": the calls go to the default runner.']);
});

test("the nasty batch gets its outcomes in the order asked, and never more than 4 of its calls run", async () => {
  const { look } = await conversations;
  const { said, peak, results } = look("nasty");
  expect(results).toEqual([NASTY_RESULTS]);
  expect(peak).toBe(4);
  expect(said).toEqual([]);
});

test("the format that is sent requires one of the two modes, before the outputs", async () => {
  const { requests } = await conversations;
  const format = requests[0]?.response_format;
  expect(format).toEqual({
    type: "json_schema",
    json_schema: {
      name: "reply",
      strict: true,
      schema: expect.objectContaining({
        properties: {
          mode: { type: "string", enum: ["parallel", "sequential"] },
          outputs: expect.objectContaining({ type: "array" }),
        },
        required: ["mode", "outputs"],
        additionalProperties: false,
      }),
    },
  });
  expect(JSON.stringify(format)).toContain('"properties":{"mode":');
});

test("the prompt explains both modes, and that a call that needs a result belongs in a later reply [G15]", async () => {
  const { requests } = await conversations;
  const prompt = requests[0]?.messages[0]?.content.replaceAll("\n", " ");
  expect(prompt).toContain('"enum":["parallel","sequential"]');
  expect(prompt).toContain(
    [
      'In the mode "parallel" the calls of a reply run at the same time,',
      'in the mode "sequential" one after another.',
      "Choose parallel for calls that do not affect one another,",
      "sequential where their order matters.",
      "A call that needs the result of another belongs in a later reply.",
    ].join(" "),
  );
});

/** The parts of what the chapter prints: for each question what comes before and after its trail. */
function parts(text: string): string[][] {
  const questions = text.split(/^Q: .*\n/m).slice(1);
  return questions.map((part) => part.trim().split(/\n\nThe calls: (.*)\n\n/));
}

test("the demo runs the weather of three cities at once, and two e-mails in order", () => {
  const [weathers, mails] = parts(printed("11"));
  expect(weathers?.slice(1)).toEqual([
    "((()))",
    expect.stringMatching(/^A:\nHere's the weather: /),
  ]);
  const [, trail, rest = ""] = mails ?? [];
  expect(trail).toBe("()()");
  expect([...rest.matchAll(/"message": "(.*)"/g)].map(([, text]) => text)).toEqual([
    "Lunch at noon?",
    "Sorry, at one.",
  ]);
});

test("two e-mails in the mode parallel are both under way at once, so nothing keeps their order", async () => {
  const question = 'First email bob@example.com "one", then email him "two", in parallel mode.';
  const { stdout } = await run("chapters/11-dynamic-parallelism/main.ts", [question]);
  expect(parts(stdout).map(([, trail]) => trail)).toEqual(["(())"]);
});

// ── One program has all the conversations ────────────────────────────────────────────────────────

/** The places of that many calls, none of which has to wait for anything. */
function some(count: number): string[] {
  return ["one", "two", "three", "four"].slice(0, count);
}

/** A reply that has a mode, unless that is undefined, and a call for each place. */
function inMode(mode: unknown, places: readonly string[]): string {
  const reply = outputs(...places.map((place) => weather(place)));
  return JSON.stringify({ mode, ...JSON.parse(reply) });
}

/** The results of such calls, in the order asked. */
function calm(places: readonly string[]) {
  return places.map((place, index) => ({ id: `call_${index}`, result: `calm in ${place}` }));
}

/** What the model replies before its last reply, by question; the runners are watched. */
const WATCHED = new Map<string, readonly string[]>([
  ["parallel", [inMode("parallel", some(3))]],
  ["sequential", [inMode("sequential", some(4))]],
  ["no calls", [inMode("zigzag", [])]],
  [
    "a mode for each reply",
    [
      inMode("parallel", some(3)),
      inMode("sequential", some(3)),
      inMode("parallel", some(1)),
      inMode("sequential", some(1)),
      inMode("zigzag", some(2)),
      inMode("parallel", some(2)),
    ],
  ],
  ["nasty", [JSON.stringify({ mode: "parallel", ...JSON.parse(NASTY_REPLY) })]],
  ...[...NO_MODES].map(([shown, mode]) => [`the mode ${shown}`, [inMode(mode, some(3))]] as const),
]);

/** The same with the chapter's own runners, and with calls that wait at a barrier. */
const UNWATCHED = new Map<string, readonly string[]>([
  [
    "at the barrier",
    [inMode("parallel", [..."cab"]), inMode("sequential", [..."def"]), inMode("zigzag", [..."gh"])],
  ],
]);

/** Releases a, b and c when all three of them wait, and any other at once. */
function letGo(waiting: readonly string[]): readonly string[] {
  const early = waiting.some((name) => "abc".includes(name)) && waiting.length < 3;
  return early ? [] : waiting;
}

const Report = z.object({ peak: z.number(), trail: z.string() });

async function converse() {
  const barrier = await serveBarrier(letGo);
  const replies = new Map([...WATCHED, ...UNWATCHED]);
  const server = await serveScript(({ messages: [, question, ...rest] }) => {
    const replied = rest.filter(({ role }) => role === "assistant").length;
    return replies.get(question?.content ?? "")?.[replied] ?? outputs();
  });
  const questions = [WATCHED, UNWATCHED].map((one) => JSON.stringify([...one.keys()]));
  const { code, stdout, stderr } = await run("test/programs/11-modes.ts", questions, {
    folder: worldOf("nasty-or-waiting"),
    env: { OPENAI_BASE_URL: server.url, BARRIER_URL: barrier.url },
  });
  server.close();
  barrier.close();
  expect([code, stderr]).toEqual([0, ""]);
  const reports = readReports(stdout);
  const resultsOf = (question: string) => {
    const asked = server.requests.filter(({ messages }) => messages[1]?.content === question);
    return asked.slice(1).map((request) => lastResults([request]));
  };
  /** The warnings about modes for a question, the runner and trail of each batch, and its results. */
  const look = (question: string) => {
    const { printed: text = "", value } = reports.get(question) ?? {};
    const said = text.match(/^Unknown .*$/gm) ?? [];
    return { ...Report.parse(value), said, results: resultsOf(question) };
  };
  return { requests: server.requests, barrier: barrier.log, resultsOf, look };
}

const conversations = converse();
