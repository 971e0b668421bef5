import { expect, test } from "vitest";
import { z } from "zod";
import { serveBarrier, WAITING_WEATHER } from "./support/barrier.ts";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";

const FILE = "chapters/11-dynamic-parallelism/main.ts";

/** A tool that waits at the barrier for the places that are called together, and is nasty elsewhere. */
const WEATHER = `
import { forecast as nasty } from "./nasty.ts";
import { forecast as waiting } from "./waiting.ts";
export function forecast(args: { location: string }): unknown {
  return args.location.startsWith("together") ? waiting(args) : nasty(args);
}
`;

/** A reply with a mode; without one if it is undefined. */
function inMode(mode: unknown, reply: string): string {
  return JSON.stringify({ mode, ...JSON.parse(reply) });
}

function calls(count: number): string {
  return outputs(...[..."abcdef"].slice(0, count).map((place) => weather(place)));
}

type Case = { readonly runner: string; readonly replies: readonly string[] };

/** What a model may say in place of a mode, and how it is shown. */
const NO_MODES: readonly (readonly [mode: unknown, shown: string])[] = [
  [undefined, "undefined"],
  [null, "null"],
  [7, "7"],
  [true, "true"],
  ["", '""'],
  ["zigzag", '"zigzag"'],
  ["PARALLEL", '"PARALLEL"'],
  [" parallel", '" parallel"'],
  ["constructor", '"constructor"'],
  ["__proto__", '"__proto__"'],
  [["parallel"], '["parallel"]'],
  [{ mode: "parallel" }, '{"mode":"parallel"}'],
];

/** Conversations by their question: the runner that runAgent gets, and the replies before the last. */
const CASES = new Map<string, Case>([
  [
    "together",
    {
      runner: "undefined",
      replies: [
        inMode("parallel", outputs(...["c", "b", "a"].map((name) => weather(`together ${name}`)))),
      ],
    },
  ],
  ["sequential", { runner: "parallelRunner()", replies: [inMode("sequential", calls(4))] }],
  ["no calls", { runner: "undefined", replies: [inMode("zigzag", outputs())] }],
  [
    "a mode for each reply",
    {
      runner: "parallelRunner(2)",
      replies: [
        inMode("parallel", calls(3)),
        inMode("sequential", calls(3)),
        inMode("parallel", calls(1)),
        inMode("parallel", calls(1)),
        inMode("zigzag", calls(2)),
        inMode("parallel", calls(2)),
      ],
    },
  ],
  ...["parallel", "sequential"].map((mode) => {
    return [
      `nasty, ${mode}`,
      { runner: "undefined", replies: [inMode(mode, NASTY_REPLY)] },
    ] as const;
  }),
  ...["undefined", "parallelRunner()"].flatMap((runner) =>
    NO_MODES.map(([mode, shown]) => {
      return [`${runner} for ${shown}`, { runner, replies: [inMode(mode, calls(3))] }] as const;
    }),
  ),
]);

/** Holds all the conversations in one program, and tells of each what was said and when calls ran. */
const OWN = `
import { Piscina } from "piscina";
import { parallelRunner, runAgent } from "./${FILE}";
let [trail, said] = ["", []];
const { run } = Piscina.prototype;
Piscina.prototype.run = function (...args) {
  trail += "(";
  return run.apply(this, args).finally(() => (trail += ")"));
};
console.log = (text) => {
  if (text.startsWith("[Step ")) trail += " ";
  if (text.startsWith("Unknown ")) said.push(text);
};
const report = [];
for (const [question, runner] of [
  ${[...CASES].map(([question, { runner }]) => `[${JSON.stringify(question)}, ${runner}],`).join("\n  ")}
]) {
  [trail, said] = ["", []];
  await runAgent(question, runner);
  report.push([question, { trail: trail.trim(), said }]);
}
process.stdout.write(JSON.stringify(report), () => process.exit());
`;

const Report = z.array(
  z.tuple([z.string(), z.object({ trail: z.string(), said: z.array(z.string()) })]),
);

async function converse() {
  const folder = copyBook({
    "own.ts": OWN,
    "mock-tools/weather.ts": WEATHER,
    "mock-tools/nasty.ts": NASTY_WEATHER,
    "mock-tools/waiting.ts": WAITING_WEATHER,
  });
  const barrier = await serveBarrier((waiting) => (waiting.length < 3 ? [] : waiting.toSorted()));
  const { code, stdout, requests } = await runScript(
    "own.ts",
    ({ messages: [, question, ...rest] }) => {
      const replied = rest.filter(({ role }) => role === "assistant").length;
      return CASES.get(question?.content ?? "")?.replies[replied] ?? outputs();
    },
    { folder, env: { BARRIER_URL: barrier.url } },
  );
  barrier.close();
  expect(code).toBe(0);
  const report = new Map(Report.parse(JSON.parse(stdout)));
  const look = (question: string) => {
    const asked = requests.filter(({ messages }) => messages[1]?.content === question);
    const results = asked.slice(1).map((request) => lastResults([request]));
    return { ...report.get(question), results };
  };
  return { requests, look };
}
const conversations = converse();

/** The results of that many calls, in the order asked. */
function calm(count: number) {
  const places = [..."abcdef"].slice(0, count);
  return places.map((place, index) => ({ id: `call_${index}`, result: `calm in ${place}` }));
}

function peakOf(trail = ""): number {
  const depths = [...trail].map((_, index) => {
    return trail.slice(0, index + 1).replaceAll(/[^(]/g, "").length * 2 - index - 1;
  });
  return Math.max(...depths);
}

test("in the mode parallel the calls of a reply are all under way before any of them ends", async () => {
  const { look } = await conversations;
  expect(look("together")).toEqual({
    trail: "((()))",
    said: [],
    results: [
      ["c", "b", "a"].map((name, index) => {
        return { id: `call_${index}`, result: `calm in together ${name}` };
      }),
    ],
  });
});

test("in the mode sequential a call starts when the one before it has ended, whatever the default", async () => {
  const { look } = await conversations;
  expect(look("sequential")).toEqual({ trail: "()()()()", said: [], results: [calm(4)] });
});

test.each(NO_MODES.map(([, shown]) => shown))(
  "a reply whose mode is %s goes to the default runner, which is the serial one, and that is said once",
  async (shown) => {
    const { look } = await conversations;
    const said = [`Unknown mode ${shown}: the calls go to the default runner.`];
    const results = [calm(3)];
    expect(look(`undefined for ${shown}`)).toEqual({ trail: "()()()", said, results });
    expect(look(`parallelRunner() for ${shown}`)).toEqual({ trail: "((()))", said, results });
  },
);

test("a reply without calls needs no runner, so nothing is said of its mode", async () => {
  const { look } = await conversations;
  expect(look("no calls")).toEqual({ trail: "", said: [], results: [] });
});

test("each reply picks its own runner, and a reply of one call runs one call in either mode", async () => {
  const { look } = await conversations;
  expect(look("a mode for each reply")).toEqual({
    trail: "((())) ()()() () () (()) (())",
    said: ['Unknown mode "zigzag": the calls go to the default runner.'],
    results: [3, 3, 1, 1, 2, 2].map(calm),
  });
});

test.each([
  ["parallel", 4],
  ["sequential", 1],
])(
  "in the mode %s the nasty batch gets its outcomes in the order asked, and never more than %i run",
  async (mode, peak) => {
    const { look } = await conversations;
    const { trail, said, results } = look(`nasty, ${mode}`);
    expect(results).toEqual([NASTY_RESULTS]);
    expect(peakOf(trail)).toBe(peak);
    expect(said).toEqual([]);
  },
);

test("the format that is sent insists on one of the two modes, before the outputs", async () => {
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

test("the prompt explains both modes, and that a call that needs a result belongs in a later reply", async () => {
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

test("the demo gets the same results and answer in both modes, from calls that start at other times", async () => {
  const { code, stdout } = await run(FILE);
  const [parallel = [], sequential = []] = stdout
    .split(/^Q: .*\n/m)
    .slice(1)
    .map((part) => part.trim().split(/\n\nThe calls: (.*)\n\n/));
  const [steps, , answer] = parallel;
  expect(parallel).toEqual([steps, "((()))", answer]);
  expect(sequential).toEqual([steps, "()()()", answer]);
  expect(answer).toMatch(/^A:\nHere's the weather: /);
  expect(code).toBe(0);
});
