import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";

/**
 * What the systems behind this book do. Every row is tested by a test with the row's id in brackets
 * at the end of its title. The letters name the systems: T the tutorial behind chapter 04, M Mojentic,
 * L lash, G MassGen, R Reson.
 */
const BEHAVIOURS: readonly (readonly [row: string, behaviour: string])[] = [
  ["T1", "a reply is a list of messages and function calls"],
  ["T2", "results carry the model's call ids, which may repeat"],
  ["T3", "the calls of a reply run at once"],
  ["T4", "each message is printed, with calls or without"],
  ["T5", "no call ends the loop; messages are joined; ten steps"],
  ["T6", "results go back as one user message"],
  ["T7", "a bad reply is said back and costs a step"],
  ["T8", "a bad call gets an error in its own place"],
  ["T9", "the demo's two questions, and the mailbox"],
  ["T10", "two of three fail: typed outcomes, a partial answer"],
  ["M1", "the loop knows runBatch only"],
  ["M2", "the serial runner runs one call at a time"],
  ["M3", "the parallel runner has a limit, checked when it is made"],
  ["M4", "outcomes in input order, paired by position"],
  ["M5", "one outcome record per call"],
  ["M6", "throwing anything is a failure, siblings are not affected"],
  ["M7", "an unknown tool is a failure of its call alone"],
  ["M8", "an empty batch has no outcomes and starts nothing"],
  ["M16", "at the step limit the result is an error"],
  ["M18", "broken argument JSON fails in its own place"],
  ["L1", "one slot per call, filled once, in input order"],
  ["L3", "an unavailable tool: class, code, siblings run"],
  ["L4", "invalid arguments: class, code, the tool is not entered"],
  ["L5", "failures have a class; a plain error is of execution"],
  ["L8", "duplicate ids: work by position"],
  ["L20", "retry only where the tool's policy and the failure both consent"],
  ["L21", "attempts count the first; delay and cap; exhausted"],
  ["L2", "a call is resolved and validated before anything of it runs"],
  ["L22", "one stable key for all attempts"],
  ["L23", "a serial call that is tried again keeps the others away"],
  ["L6", "parallel calls together, then the serial ones alone, in the order asked"],
  ["T11", "the model picks the mode, for each reply"],
  ["G15", "the prompt says what runs at once, and that dependent calls go in separate replies"],
  ["T13", "independent calls are found by the program"],
  ["R12", "the result of one call feeds another"],
  ["R14", "one item per call each way, with the arguments as they came"],
  ["R1", "every call of a reply surfaces"],
  ["R2", "partials, then one complete, call after call"],
  ["R3", "complete at the next call, or at the end"],
  ["R4", "complete at one of two ends, once"],
  ["R5", "pieces are put together by place"],
  ["R6", "no arguments are none; what never parses is not lost"],
  ["R7", "a call starts when it is complete"],
  ["R8", "one failure leaves the others alone"],
  ["R9", "tools that there are beside others"],
  ["R10", "nothing runs from a partial"],
  ["R11", "each provider's shapes"],
  ["R13", "what was there before is unchanged"],
  ["G6", "merged into tool_choice, kind kept"],
  ["G7", "the mode in any case; unknown is left out"],
  ["G8", "nothing unanswered is ever sent"],
  ["G12", "one output for each call, in their order"],
  ["M13", "hooks at the start and the end; what they throw is harmless"],
  ["M14", "a batch event with names in input order and counts"],
  ["L16", "a start before and an end after each call"],
  ["L17", "a record beside the outcome, with its duration"],
  ["G10", "calls that overlap do not mix up what is told of them"],
  ["T12", "waits need no thread each"],
  ["G1", "what may arrive: sent if set, off beside built-in tools, absent without tools"],
  ["G2", "the local switch: in order when it is off, and never sent"],
  ["G3", "the limit: ten if unset, none if zero"],
  ["G4", "the two knobs are independent"],
  ["G5", "local keys never reach a request"],
  ["M9", "a flag to cancel by, for tools that look at it"],
  ["M10", "a tool that does not look at the flag runs unchanged"],
  ["M11", "cancelled before the start: the tool is never entered"],
  ["M12", "cancelled while running: an aware tool stops by itself"],
  ["L10", "one cancel for the whole batch"],
  ["L11", "a grace; what ends within it keeps its real outcome"],
  ["L12", "a deaf tool is ended, and its slot is filled"],
  ["L13", "queued calls never start"],
  ["L15", "awaiting a process that is cancelled ends, even if it ignores the cancel"],
  ["L35", "start, await, cancel and signal, by handles that are checked"],
  ["M19", "a limit for each call"],
  ["G9", "in order, an error becomes a result, the next call runs"],
  ["G11", "every call is answered"],
  ["L18", "the model sees a projection of the outcome, with words for failures and cancels"],
  ["L19", "a budget for outputs, and a line that says what is left out"],
  ["L30", "a pending call takes its key first; without one it has failed"],
  ["L31", "a key is signed and carries its place; forged or revoked, it is unknown"],
  ["L32", "resolved once, before the wait as well; later tries learn how"],
  ["L33", "the deadline counts from the launch, and is a timeout for good"],
  ["L34", "cancelled while pending, for good"],
  ["L7", "a batch that fails as a whole: what is recorded is kept, nothing is lost in silence"],
  ["L24", "the hash of a batch: ids, tools, arguments and their order, with keys in order"],
  ["L25", "the step is a part of the key, and the place in the batch"],
  ["L26", "one boundary for effects; on replay nothing runs; another input is refused"],
  ["L27", "results are found by key, errors too"],
  ["L28", "an entry for each call, or for the whole batch"],
  ["L29", "inline or durable; a durable run refuses what dies with the program"],
];

/** The ids of rows in the titles, once for each title. */
const claimed = readdirSync(join(ROOT, "test"))
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) => [
    ...readFileSync(join(ROOT, "test", file), "utf8").matchAll(
      / \[([A-Z]\d+(?: [A-Z]\d+)*)\]["'`]/g,
    ),
  ])
  .flatMap(([, rows = ""]) => rows.split(" "));

test.each(BEHAVIOURS)("%s, %s, is held by a test", (row) => {
  expect(claimed).toContain(row);
});

test("no row occurs twice, and no title names an unknown row", () => {
  const rows = BEHAVIOURS.map(([row]) => row);
  expect(new Set(rows).size).toBe(rows.length);
  expect(claimed.filter((row) => !rows.includes(row))).toEqual([]);
});
