import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";

/**
 * What the systems behind this book do, and the test that holds the book to it. The letters stand
 * for the systems: T the tutorial that chapter 04 comes from, M Mojentic, L lash, G MassGen, R Reson.
 */
const BEHAVIOURS: readonly (readonly [
  row: string,
  behaviour: string,
  test: string,
  name: string,
])[] = [
  [
    "T1",
    "a reply is a list of messages and function calls",
    "04",
    "messages beside calls are printed",
  ],
  [
    "T2",
    "results carry the model's call ids, which may repeat",
    "04",
    "every broken call gets a result",
  ],
  ["T3", "the calls of a reply run at once", "04", "have started before any of them ends"],
  [
    "T4",
    "each message is printed, with calls or without",
    "04",
    "messages beside calls are printed",
  ],
  ["T5", "no call ends the loop; messages are joined; ten steps", "04", "stop at the step limit"],
  ["T6", "results go back as one user message", "04", "results stand in the order asked"],
  ["T7", "a bad reply is said back and costs a step", "04", "every kind of bad reply"],
  ["T8", "a bad call gets an error in its own place", "04", "every broken call gets a result"],
  [
    "T9",
    "the demo's two questions, and the mailbox",
    "04",
    "the demo asks the seed's two questions",
  ],
  ["T10", "two of three fail: typed outcomes, a partial answer", "05", "two of three calls fail"],
  ["M1", "the loop knows runBatch only", "07", "the same steps with both runners"],
  [
    "M2",
    "the serial runner runs one call at a time",
    "07",
    "starts a call when the one before it has ended",
  ],
  [
    "M3",
    "the parallel runner has a limit, checked when it is made",
    "07",
    "is refused when the runner is made",
  ],
  [
    "M4",
    "outcomes in input order, paired by position",
    "07",
    "both runners give the nasty batch one outcome",
  ],
  ["M5", "one outcome record per call", "05", "the nasty batch gets one outcome per call"],
  [
    "M6",
    "throwing anything is a failure, siblings are not affected",
    "05",
    "the nasty batch gets one outcome",
  ],
  [
    "M7",
    "an unknown tool is a failure of its call alone",
    "05",
    "the nasty batch gets one outcome",
  ],
  [
    "M8",
    "an empty batch has no outcomes and starts nothing",
    "07",
    "an empty batch has no outcomes",
  ],
  ["M16", "at the step limit the result is an error", "04", "stop at the step limit"],
  ["M18", "broken argument JSON fails in its own place", "05", "the nasty batch gets one outcome"],
  [
    "L1",
    "one slot per call, filled once, in input order",
    "05",
    "the nasty batch gets one outcome",
  ],
  [
    "L3",
    "an unavailable tool: class, code, siblings run",
    "05",
    "the nasty batch gets one outcome",
  ],
  [
    "L4",
    "invalid arguments: class, code, the tool is not entered",
    "05",
    "the nasty batch gets one outcome",
  ],
  [
    "L5",
    "failures have a class; a plain error is of execution",
    "05",
    "the nasty batch gets one outcome",
  ],
  ["L8", "duplicate ids: work by position", "07", "both runners give the nasty batch one outcome"],
  [
    "L20",
    "retry only where the tool's policy and the failure both consent",
    "06",
    "a failure that does not consent is final at once",
  ],
  [
    "L21",
    "attempts count the first; delay and cap; exhausted",
    "06",
    "the third failure in a row is the last",
  ],
  [
    "L2",
    "a call is resolved and validated before anything of it runs",
    "06",
    "unknown tools and bad arguments reach no thread",
  ],
  ["L22", "one stable key for all attempts", "06", "all attempts of a call have one key"],
  [
    "L23",
    "a serial call that is tried again keeps the others away",
    "12",
    "a serial call that is tried again excludes the others",
  ],
  [
    "L6",
    "parallel calls together, then the serial ones alone, in the order asked",
    "12",
    "and then the serial ones, each alone",
  ],
  ["T11", "the model picks the mode, for each reply", "11", "each reply picks its own runner"],
  [
    "G15",
    "the prompt says what runs at once, and that dependent calls go in separate replies",
    "11",
    "the prompt explains both modes",
  ],
  ["T13", "independent calls are found by the program", "13", "whatever the graph"],
  ["R12", "the result of one call feeds another", "13", "a call uses its source's result"],
  [
    "R14",
    "one item per call each way, with the arguments as they came",
    "14",
    "the nasty batch goes back as it came",
  ],
  ["R1", "every call of a reply surfaces", "17", "the nasty batch streams in"],
  ["R2", "partials, then one complete, call after call", "17", "each call has its partials"],
  ["R3", "complete at the next call, or at the end", "17", "calls that wait for the end complete"],
  ["R4", "complete at one of two ends, once", "17", "at whichever of its two ends comes first"],
  ["R5", "pieces are put together by place", "17", "calls whose pieces come in any order keep"],
  [
    "R6",
    "no arguments are none; what never parses is not lost",
    "17",
    "arguments that never parse",
  ],
  ["R7", "a call starts when it is complete", "17", "a call starts while the reply streams"],
  ["R8", "one failure leaves the others alone", "17", "the nasty batch streams in, tools that"],
  ["R9", "tools that there are beside others", "17", "some that there are not"],
  ["R10", "nothing runs from a partial", "17", "wherever a stream breaks off, no call completes"],
  ["R11", "each provider's shapes", "16", "on Gemini's wire, calls are parts"],
  ["R13", "what was there before is unchanged", "17", "the demo prints the same over either"],
  ["G6", "merged into tool_choice, kind kept", "16", "is merged into tool_choice"],
  [
    "G7",
    "the mode in any case; unknown is left out",
    "16",
    "function_calling_mode is taken in any",
  ],
  ["G8", "nothing unanswered is ever sent", "14", "no request of any conversation"],
  ["G12", "one output for each call, in their order", "14", "one output per call, in call order"],
  ["M13", "hooks at the start and the end; what they throw is harmless", "08", "hook"],
  [
    "M14",
    "a batch event with names in input order and counts",
    "08",
    "a batch has one event with its tools",
  ],
  [
    "L16",
    "a start before and an end after each call",
    "08",
    "every call has one start and one end",
  ],
  [
    "L17",
    "a record beside the outcome, with its duration",
    "08",
    "calls that run at the same time overlap",
  ],
  [
    "G10",
    "calls that overlap do not mix up what is told of them",
    "08",
    "two calls with one id keep their own spans",
  ],
  ["T12", "waits need no thread each", "09", "50 waits are in flight at once and no thread waits"],
  [
    "G1",
    "what may arrive: sent if set, off beside built-in tools, absent without tools",
    "15",
    "beside built-in tools the knob is off",
  ],
  [
    "G2",
    "the local switch: in order when it is off, and never sent",
    "15",
    "with concurrent_tool_execution off, whatever the limit",
  ],
  ["G3", "the limit: ten if unset, none if zero", "15", "is reached and never passed; zero means"],
  ["G4", "the two knobs are independent", "15", "the two knobs are independent"],
  ["G5", "local keys never reach a request", "15", "local keys never get into a request"],
  [
    "M9",
    "a flag to cancel by, for tools that look at it",
    "10",
    "a tool that looks at the flag stops early",
  ],
  [
    "M10",
    "a tool that does not look at the flag runs unchanged",
    "10",
    "nobody loses a result to a sibling",
  ],
  [
    "M11",
    "cancelled before the start: the tool is never entered",
    "10",
    "nothing is started for a user who has cancelled",
  ],
  [
    "M12",
    "cancelled while running: an aware tool stops by itself",
    "10",
    "a tool that looks at the flag stops early",
  ],
  ["L10", "one cancel for the whole batch", "10", "all flags of a batch are raised at once"],
  [
    "L11",
    "a grace; what ends within it keeps its real outcome",
    "10",
    "a tool that fails inside the grace has failed",
  ],
  [
    "L12",
    "a deaf tool is ended, and its slot is filled",
    "10",
    "every slot is filled in the order asked",
  ],
  ["L13", "queued calls never start", "10", "calls in the queue are never entered"],
  ["M19", "a limit for each call", "10", "a call over its own limit is cancelled alone"],
  [
    "G9",
    "in order, an error becomes a result, the next call runs",
    "07",
    "both runners give the nasty batch",
  ],
  ["G11", "every call is answered", "14", "gets an output that says so"],
];

function testsOf(chapter: string): string[] {
  const files = readdirSync(join(ROOT, "test"));
  const file = files.find((name) => name.startsWith(chapter)) ?? "";
  const source = readFileSync(join(ROOT, "test", file), "utf8");
  return [...source.matchAll(/^(?:test|\])[^\n"]*\(\s*"([^"]+)"/gm)].flatMap(
    ([, name]) => name ?? [],
  );
}

test.each(BEHAVIOURS)("%s, %s, is held by a test", (_row, _behaviour, chapter, name) => {
  expect(testsOf(chapter).filter((title) => title.includes(name))).toHaveLength(1);
});

test("no row stands twice", () => {
  const rows = BEHAVIOURS.map(([row]) => row);
  expect(new Set(rows).size).toBe(rows.length);
});
