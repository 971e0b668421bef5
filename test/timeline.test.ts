// What one sees of parallel calls: a bar for each, on one axis, whichever thread it ran in.
import { expect, test } from "vitest";
import { run } from "../scripts/run.ts";
import { type Bar, drawBars, makeBars } from "../shared/timeline.ts";
import { printed } from "./support/pages.ts";

const plain = (_: string, text: string): string => text;

function bar(label: string, start: number, end: number, how: Bar["how"] = "done"): Bar {
  return { label, start, end, how };
}

test("bars stand on one axis, and each says how long its call took and how it ended", () => {
  const bars = [
    bar("get_weather LA", 1_000, 1_100),
    bar("get_weather Atlantis", 1_000, 1_001, "failed"),
    bar("get_weather Pompeii", 1_050, 1_200, "lost"),
  ];
  expect(drawBars(bars, 60, plain).split("\n")).toEqual([
    "get_weather LA       ████████████            100 ms",
    "get_weather Atlantis ▒                       1 ms failed",
    "get_weather Pompeii       ░░░░░░░░░░░░░░░░░  150 ms lost",
    "3 calls: 251 ms of work in 200 ms",
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

test("in a narrow terminal the labels get shorter, and the end of each is kept", () => {
  const [first = ""] = drawBars([bar("get_weather Pompeii", 0, 100)], 40, plain).split("\n");
  expect(first).toBe("…Pompeii ████████████████████ 100 ms");
  expect(drawBars([bar("x", 0, 0)], 10, plain)).toMatch(/^x {8}█ {19} 0 ms\n1 call: /);
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
  expect(colours).toEqual([
    "a        <green █",
    "b        <red ▒",
    "c        <yellow ░",
    "d        <yellow ▓",
  ]);
});

test("a call whose thread has ended is lost at that moment, and any other one without an end is running", () => {
  const start = (call: string, thread: number, at: number) =>
    ({ type: "start", call, label: call, thread, at }) as const;
  const notes = [
    start("second", 1, 20),
    start("first", 2, 10),
    { type: "end", call: "first", failed: false, at: 15 },
    start("third", 3, 30),
    { type: "end", call: "third", failed: true, at: 40 },
    start("fourth", 4, 35),
  ] as const;
  expect(makeBars(notes, new Map([[1, 25]]), 50)).toEqual([
    bar("first", 10, 15),
    bar("second", 20, 25, "lost"),
    bar("third", 30, 40, "failed"),
    bar("fourth", 35, 50, "running"),
  ]);
});

/** The bars that a chapter draws of a question: where they begin and end on the axis, and the words. */
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

test("a call that takes its thread down is lost, one that fails has failed, and an unknown tool has no bar", async () => {
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

test("a process that goes on is running, also where a thread of another pool has ended", async () => {
  const question = "Study the climate of Vostok, don't wait. How is the weather in Pompeii?";
  const { bars } = await draw("19-background-tools", question);
  const ends = bars.map(({ label, end }) => `${label}${end.replace(/^\d+ ms/, "")}`);
  expect(ends.toSorted()).toEqual(["get_weather Pompeii lost", "study_climate Vostok running"]);
});

test("chapter 08 draws its own timeline instead", async () => {
  const { stderr } = await draw("08-tracing", "Weather in LA?");
  expect(stderr).toContain("gain");
  expect(stderr).not.toContain("of work in");
});

test("without a terminal or the option, nothing is drawn", async () => {
  const { stderr } = await run("chapters/04-parallel-tools/main.ts", ["Weather in LA?"]);
  expect(stderr).toMatch(/^model: .*\n$/);
});
