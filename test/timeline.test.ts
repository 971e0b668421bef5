// The timeline shows parallel calls as bars on one axis, for all threads.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { run } from "../scripts/run.ts";
import { type Bar, drawBars } from "../shared/bars.ts";
import { fitTo, widthOf } from "../shared/columns.ts";
import { type CallBar, makeBars } from "../shared/call-bars.ts";
import { printed } from "./support/pages.ts";

const plain = (_: string, text: string): string => text;

function bar(
  label: string,
  start: number,
  end: number,
  how: Bar["how"] = "done",
  run = 1,
): CallBar {
  return { label, arguments: "{}", start, end, how, run };
}

test("bars stand on one axis, and each says how long its call took and how it ended", () => {
  const bars = [
    bar("get_weather LA", 1_000, 1_100),
    bar("get_weather Atlantis", 1_000, 1_001, "failed"),
    bar("get_weather Pompeii", 1_050, 1_200, "lost"),
  ];
  expect(drawBars(bars, 60, plain).split("\n")).toEqual([
    "get_weather LA       ██████████████              100 ms",
    "get_weather Atlantis ▒                           1 ms failed",
    "get_weather Pompeii        ░░░░░░░░░░░░░░░░░░░░  150 ms lost",
    "3 calls: 101 ms of work in 200 ms; 1 lost (a bar ends when",
    "that was noticed)",
  ]);
});

test("each run of the agent has bars of its own, and all have one scale", () => {
  const bars = [
    bar("a", 1_000, 1_100),
    bar("b", 1_100, 1_200),
    bar("a", 5_000, 5_100, "done", 2),
    bar("b", 5_000, 5_100, "done", 2),
  ];
  expect(drawBars(bars, 19, plain).split("\n")).toEqual([
    "run 1",
    "a █████      100 ms",
    "b      █████ 100 ms",
    "2 calls: 200 ms of",
    "work in 200 ms",
    "",
    "run 2",
    "a █████      100 ms",
    "b █████      100 ms",
    "2 calls: 200 ms of",
    "work in 100 ms",
  ]);
});

test("of many calls, the first are drawn and the others are counted", () => {
  const bars = Array.from({ length: 200_000 }, (_, index) =>
    bar(`call ${index}`, index, index + 1),
  );
  const lines = drawBars(bars, 80, plain).split("\n");
  expect(lines.slice(49)).toEqual([
    expect.stringMatching(/^call 49 /),
    "… (199950 more calls)",
    "200000 calls: 200000 ms of work in 200000 ms",
  ]);
});

test("in a narrow terminal the labels are cut, and the end of each is kept", () => {
  const [first = ""] = drawBars([bar("get_weather Pompeii", 0, 100)], 40, plain).split("\n");
  expect(first).toBe("…weather Pompeii ████████████████ 100 ms");
});

test.each([120, 80, 46, 40, 30, 22])("in %i columns no line is wider", (columns) => {
  const bars = [
    bar("get_weather Pompeii", 0, 12_345, "lost"),
    bar("get_weather 東京都", 12_000, 12_345, "failed"),
    bar("send_email somebody.with.a.long.name@example.com", 0, 20_000),
  ];
  const widths = drawBars(bars, columns, plain).split("\n").map(widthOf);
  expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
});

test.each([
  ["abc", 3],
  ["東京", 4],
  ["서울", 4],
  ["ｱｲ", 2],
  ["Ａ（", 4],
  ["Zürich", 6],
  ["Zu\u0308rich", 6],
  ["👩‍👩‍👧", 2],
  ["☀", 1],
  ["☀️", 2],
  ["a\u200bb", 2],
])("the text %s has the columns that a terminal gives it", (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

test("a label has exactly its columns, also where a wide letter would stand across the edge", () => {
  expect(fitTo("東京", 6)).toBe("東京  ");
  expect(fitTo("東京都", 4)).toBe("…都 ");
  expect(fitTo("東京都", 5)).toBe("…京都");
});

test("a bar has the colour of its end, and a label has none of its own", () => {
  const paint = (colour: string, text: string) => `<${colour} ${text}>`;
  const bars = [
    bar("\u001b[31ma", 0, 1),
    bar("b", 0, 1, "failed"),
    bar("c", 0, 1, "lost"),
    bar("d", 0, 1, "running"),
  ];
  const colours = drawBars(bars, 80, paint).match(/^.*<\w+ ./gm);
  expect(colours).toEqual(["a <green █", "b <red ▒", "c <yellow ░", "d <yellow ▓"]);
});

test("a call whose thread has ended is lost at that moment, and any other one without an end is running", () => {
  const start = (call: string, thread: number, at: number) =>
    ({ type: "start", call, label: call, arguments: "{}", thread, at }) as const;
  const notes = [
    start("second", 1, 20),
    start("first", 2, 10),
    { type: "end", call: "first", how: "done", at: 15 },
    start("third", 3, 30),
    { type: "end", call: "third", how: "failed", at: 40 },
    start("fourth", 4, 35),
    start("fifth", -1, 36),
    { type: "end", call: "fifth", how: "lost", at: 45 },
  ] as const;
  const moments = { threads: new Map([[1, 25]]), runs: [], latest: 50 };
  expect(makeBars(notes, moments)).toEqual([
    bar("first", 10, 15),
    bar("second", 20, 25, "lost"),
    bar("third", 30, 40, "failed"),
    bar("fourth", 35, 50, "running"),
    bar("fifth", 36, 45, "lost"),
  ]);
});

test("a process passes on that a call was lost with its thread", async () => {
  const { stdout, code } = await run("test/programs/passed-notes.ts");
  expect(stdout).toBe("start of get_weather Vostok\nend, lost\n");
  expect(code).toBe(0);
});

test("a call belongs to the run whose first reply came last, and the first calls to the first run", () => {
  const notes = [5, 15, 25].map((at) => {
    const said = { label: `${at}`, arguments: "{}" };
    return { type: "start", call: `${at}`, ...said, thread: 0, at } as const;
  });
  const moments = { threads: new Map(), runs: [10, 20], latest: 30 };
  expect(makeBars(notes, moments).map(({ run }) => run)).toEqual([1, 1, 2]);
});

/** The bars that a chapter draws for a question: their begins and ends on the axis, and the words. */
async function draw(chapter: string, ...words: string[]) {
  const { stdout, stderr, code } = await run(`chapters/${chapter}/main.ts`, [
    "--timeline",
    ...words,
  ]);
  const lines = stderr.split("\n").filter((line) => /[█▒░▓]/.test(line));
  const bars = lines.map((line) => {
    const [label = "", end = ""] = line.split(/[█▒░▓]+/);
    return { label: label.trim(), from: label.length, to: line.lastIndexOf(end), end: end.trim() };
  });
  return { stdout, stderr, code, bars };
}

test("calls of chapter 04 overlap, and those of 03 do not", async () => {
  const question = "How is the weather in Beijing and LA?";
  const [apart, together] = await Promise.all([
    draw("03-agent-loop", question),
    draw("04-parallel-tools", question),
  ]);
  const cities = ["get_weather Beijing", "get_weather LA"];
  expect(apart.bars.map(({ label }) => label)).toEqual(cities);
  expect(together.bars.map(({ label }) => label).toSorted()).toEqual(cities);
  const [first, second] = apart.bars;
  expect(second?.from).toBeGreaterThanOrEqual(first?.to ?? 0);
  const [one, other] = together.bars;
  expect(other?.from).toBeLessThan(one?.to ?? 0);
  expect(together.stderr).toMatch(/\n2 calls: \d+ ms of work in \d+ ms\n$/);
});

test("the transcript is the same with a timeline and without", async () => {
  const { stdout, code } = await draw("04-parallel-tools");
  expect(stdout).toBe(printed("04"));
  expect(code).toBe(0);
});

test("a call that ends its thread is lost, one that fails has failed, and an unknown tool has no bar", async () => {
  const question = "Use the teleport tool. How is the weather in Pompeii, Atlantis and LA?";
  const { bars } = await draw("05-error-recovery", question);
  const ends = bars.map(({ label, end }) => `${label}${end.replace(/^\d+ ms/, "")}`);
  expect(ends.toSorted()).toEqual([
    "get_weather Atlantis failed",
    "get_weather LA",
    "get_weather Pompeii lost",
  ]);
});

test("each attempt of a retry is a bar of its own", async () => {
  const { bars } = await draw("06-retries", "How is the weather in Oslo?");
  expect(bars.map(({ label, end }) => [label, end.includes("failed")])).toEqual([
    ["get_weather Oslo", true],
    ["get_weather Oslo", false],
  ]);
});

test("calls on the event loop and calls in threads stand on one axis", async () => {
  const { bars } = await draw("09-async-tools", "Weather in LA? Who am I?");
  expect(bars.map(({ label }) => label).toSorted()).toEqual(["get_user_profile", "get_weather LA"]);
});

test("a thread that ends takes no call of another pool along: that one is lost when its own thread ends", async () => {
  const question =
    "Study the climate of Vostok, don't wait. How is the weather in Pompeii, LA, Lima and Tokyo?";
  const { bars } = await draw("19-background-tools", question);
  const lost = bars.filter(({ end }) => end.endsWith("lost")).map(({ label }) => label);
  expect(lost.toSorted()).toEqual(["get_weather Pompeii", "study_climate Vostok"]);
  const study = bars.find(({ label }) => label === "study_climate Vostok");
  const forecasts = bars.filter(({ label }) => !lost.includes(label));
  expect(forecasts).toHaveLength(3);
  // The call is cancelled when the answer comes.
  expect(study?.to).toBeGreaterThanOrEqual(Math.max(...forecasts.map(({ to }) => to)));
});

test.each(["02-tool-use", "04-parallel-tools", "08-tracing"])(
  "in a file, the bar of %s says what its call was given",
  async (chapter) => {
    const TIMELINE_FILE = join(mkdtempSync(join(tmpdir(), "bars-")), "bars.jsonl");
    await run(`chapters/${chapter}/main.ts`, ["Weather in LA?"], { env: { TIMELINE_FILE } });
    const [bar]: CallBar[] = JSON.parse(readFileSync(TIMELINE_FILE, "utf8").split("\n")[0] ?? "");
    expect(bar).toMatchObject({ label: "get_weather LA", arguments: '{"location":"LA"}' });
  },
);

test("chapter 08 draws its own timeline instead", async () => {
  const { stderr } = await draw("08-tracing", "Weather in LA?");
  expect(stderr).toContain("gain");
  expect(stderr).not.toContain("of work in");
});

/** Code that makes one of a program's streams look like a terminal. */
function asTerminal(stream: "stdout" | "stderr", env: Record<string, string> = {}) {
  const script = `process.${stream}.isTTY = true; process.${stream}.columns = 50`;
  const url = `data:text/javascript,${encodeURIComponent(script)}`;
  return { env: { NODE_OPTIONS: `--import ${url}`, ...env } };
}

test("bars are drawn if stderr is a terminal, even if stdout is not, and no wider than it", async () => {
  const [drawn, not] = await Promise.all([
    run("chapters/04-parallel-tools/main.ts", ["Weather in LA?"], asTerminal("stderr")),
    run("chapters/04-parallel-tools/main.ts", ["Weather in LA?"], asTerminal("stdout")),
  ]);
  const [, , bar = ""] = drawn.stderr.split("\n");
  const shown = stripVTControlCharacters(bar);
  expect(shown).toMatch(/^get_weather LA █+ +\d+ ms$/);
  expect(shown.length).toBeLessThanOrEqual(50);
  expect(bar).toContain("\u001b[32m█");
  expect(not.stderr).not.toContain("█");
});

test("with NO_COLOR, the bars have no colour", async () => {
  const env = asTerminal("stderr", { NO_COLOR: "1" });
  const { stderr } = await run("chapters/04-parallel-tools/main.ts", ["Weather in LA?"], env);
  expect(stderr).toMatch(/^get_weather LA █+ +\d+ ms$/m);
});

test("without a terminal, COLUMNS says how wide the picture may be, if it is a number", async () => {
  const draw = async (COLUMNS: string) => {
    const question = ["--timeline", "Weather in LA?"];
    const { stderr } = await run("chapters/04-parallel-tools/main.ts", question, {
      env: { COLUMNS },
    });
    return stderr.split("\n")[2] ?? "";
  };
  const [narrow, wrong] = await Promise.all([draw("30"), draw("-1")]);
  expect(narrow.length).toBeLessThanOrEqual(30);
  expect(wrong.length).toBeGreaterThan(70);
});

test("the four settings of chapter 15 are four runs", async () => {
  const { stderr } = await draw("15-parallel-knobs", "Weather in LA?");
  expect(stderr.match(/^run \d$/gm)).toEqual(["run 1", "run 2", "run 3", "run 4"]);
});

test("without a terminal or the option, nothing is drawn", async () => {
  const { stderr } = await run("chapters/04-parallel-tools/main.ts", ["Weather in LA?"]);
  expect(stderr).toMatch(/^model: .*\n$/);
});
