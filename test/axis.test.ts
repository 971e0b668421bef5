// Pictures of recorded runs: replies, arguments and calls as rows, with time on an axis.
import { expect, test } from "vitest";
import { drawRuns, type Runs } from "../scripts/axis.ts";

const runs: Runs = [
  {
    title: "late",
    rows: [
      { label: "reply 1", spans: [{ what: "reply", start: 0, end: 200 }] },
      {
        label: "get_weather LA",
        spans: [
          { what: "arguments", start: 50, end: 100 },
          { what: "call", start: 201, end: 300 },
        ],
      },
      { label: "reply 2", spans: [{ what: "reply", start: 301, end: 400 }] },
    ],
  },
  {
    title: "early",
    rows: [
      {
        label: "get_weather LA",
        spans: [
          { what: "arguments", start: 50, end: 105 },
          { what: "call", start: 106, end: 205 },
        ],
      },
      { label: "send_email", spans: [{ what: "call", start: 399, end: 399 }] },
    ],
  },
];

test("all runs are drawn on one axis, and each row says its times", () => {
  expect(drawRuns(runs, 40).split("\n")).toEqual([
    "ms             0    50   100  150  200  250  300  350  400",
    "",
    "late",
    "reply 1        ────────────────────                     0–200 ms",
    "get_weather LA      ·····          ██████████           100, 201–300 ms",
    "reply 2                                      ────────── 301–400 ms",
    "",
    "early",
    "get_weather LA      ·····██████████                     105, 106–205 ms",
    "send_email                                            █ 399–399 ms",
  ]);
});

test("failed, lost and replayed spans, a limit and its grace look different, and stay on the axis", () => {
  const rows: Runs[number]["rows"] = [
    { label: "a", spans: [{ what: "failed", start: 10, end: 10 }] },
    { label: "b", spans: [{ what: "lost", start: 10, end: 50 }] },
    {
      label: "limit",
      spans: [
        { what: "limit", start: 0, end: 40 },
        { what: "grace", start: 40, end: 45 },
      ],
    },
    { label: "c", spans: [{ what: "call", start: 50, end: 50 }] },
    { label: "d", spans: [{ what: "replayed", start: 20, end: 20 }] },
  ];
  expect(
    drawRuns([{ title: "one", rows }], 10)
      .split("\n")
      .slice(2),
  ).toEqual([
    "one",
    "a       ▒        10–10 ms failed",
    "b       ░░░░░░░░ 10–50 ms lost",
    "limit ┄┄┄┄┄┄┄┄!  40, 40–45 ms",
    "c              █ 50–50 ms",
    "d         ○      20–20 ms replayed",
  ]);
});

test.each([
  [9, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]],
  [10, ["0", "2", "4", "6", "8", "10"]],
  [4_145, ["0", "500", "1000", "1500", "2000", "2500", "3000", "3500", "4000"]],
  [60_000, ["0", "10000", "20000", "30000", "40000", "50000", "60000"]],
])("the axis of a run of %i ms has round marks that do not touch", (end, marks) => {
  const rows = [{ label: "reply 1", spans: [{ what: "reply", start: 0, end } as const] }];
  const [axis = ""] = drawRuns([{ title: "one", rows }], 80).split("\n");
  expect(axis.split(/ +/)).toEqual(["ms", ...marks]);
});
