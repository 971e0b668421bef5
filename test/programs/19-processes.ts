// Runs calls that start processes, and calls about these processes. Their outcomes are
// reported case by case. The studies are those of test/worlds/studying.ts.
import { once } from "node:events";
import { BroadcastChannel } from "node:worker_threads";
import { parallelRunner } from "../../chapters/19-background-tools/main.ts";
import {
  endProcesses,
  openProcesses,
  withProcesses,
} from "../../chapters/19-background-tools/processes.ts";
import { report } from "./report.ts";

process.stderr.isTTY = true;

type Call = Parameters<ReturnType<typeof parallelRunner>>[0][number];

let begun: string[] = [];
const channel = new BroadcastChannel("studies");
const told = new EventTarget();
channel.onmessage = (event) => {
  begun.push(Object(event).data);
  told.dispatchEvent(new Event("begun"));
};

/** Waits until so many studies have begun, since the last case. */
async function untilBegun(count: number): Promise<void> {
  while (begun.length < count) await once(told, "begun");
}

function call(id: string, name: string, args: unknown): Call {
  const text = typeof args === "string" ? args : JSON.stringify(args);
  return { type: "function_call", id, name, arguments: text };
}

const study = (location: string, id = location) => call(id, "study_climate", { location });
const awaiting = (...ids: unknown[]) => call("await", "await_processes", { ids });
const cancel = (id: unknown) => call("cancel", "cancel_process", { id });
const signal = (id: unknown, name: string, payload: unknown = "") =>
  call("signal", "signal_process", { id, name, payload });
const weather = (location: string) => call("weather", "get_weather", { location });

/** A conversation: it runs batches one after the other, and returns the outcome of each call. */
function converse(processes = openProcesses(), limit = 4) {
  const run = parallelRunner(limit, undefined, processes);
  const say = async (...calls: Call[]): Promise<unknown[]> => {
    const outcomes = await run(calls);
    return outcomes.map((outcome) => {
      return outcome.type === "success" ? outcome.result : outcome.error;
    });
  };
  return { say, open: () => processes.open() };
}

async function answerAtOnce() {
  const { say, open } = converse();
  const first = await say(study("held a"), weather("LA"));
  await untilBegun(1);
  const meanwhile = open();
  await say(signal("held a", "go", "now"));
  return { first, meanwhile, last: await say(awaiting("held a")), after: open() };
}

async function refuseArguments() {
  const { say, open } = converse();
  const wrong = [{}, { location: 7 }, { location: null }, "{broken", "[]", ""];
  const outcomes = await say(...wrong.map((args) => call("wrong", "study_climate", args)));
  return { outcomes, running: open(), unknown: await say(awaiting("wrong")), begun };
}

async function startTwice() {
  const { say } = converse();
  const same = await say(study("held", "a"), study("held", "a"));
  const later = await say(call("a", "study_climate", ' { "location" : "held" } '));
  const other = await say(study("held b", "a"));
  await untilBegun(1);
  await say(signal("a", "go"));
  const again = await say(study("held", "a"), awaiting("a"));
  return { same, later, other, again, begun };
}

async function awaitSeveral() {
  const { say } = converse();
  await say(study("held a"), study("held b"));
  await untilBegun(2);
  const both = say(awaiting("held b", "held a", "held b"));
  await say(signal("held a", "go", "first"));
  await say(signal("held b", "go", "second"));
  const kinds = ["throwing", "dying", "odd", "quick"];
  await say(...kinds.map((kind) => study(kind)));
  return {
    both: await both,
    kinds: await say(awaiting(...kinds)),
    again: await say(awaiting("quick")),
  };
}

async function cancelAll() {
  const { say } = converse();
  await say(study("quick"), study("throwing"));
  await say(awaiting("quick", "throwing"));
  const ended = await say(cancel("quick"), cancel("throwing"));
  await say(study("held"), study("keen"));
  await untilBegun(4);
  const first = await say(cancel("held"), cancel("held"), cancel("keen"));
  await say(study("deaf"), study("deaf too"), study("held in the queue"));
  await untilBegun(6);
  const second = await say(cancel("held in the queue"), cancel("deaf"), cancel("deaf too"));
  const again = await say(cancel("held"), cancel("keen"), cancel("deaf"));
  const ids = ["held", "keen", "deaf", "deaf too", "held in the queue"];
  return {
    ended,
    first,
    second,
    again,
    ends: await say(awaiting(...ids)),
    begun: begun.toSorted(),
  };
}

async function cancelWhileAwaiting() {
  const { say } = converse();
  await say(study("deaf"), study("held"));
  await untilBegun(2);
  const outcomes = await say(
    awaiting("held", "deaf"),
    awaiting("deaf"),
    cancel("deaf"),
    cancel("held"),
  );
  return {
    outcomes,
    next: await say(study("quick"), weather("LA")),
    end: await say(awaiting("quick")),
  };
}

/** With no time to wait, a running process is reported as running at once. */
async function awaitInVain() {
  const processes = openProcesses(0);
  const { say } = converse(processes, 1);
  await say(study("deaf"), study("held"), study("held in the queue"));
  await untilBegun(2);
  const first = await say(awaiting("held", "deaf", "held in the queue"), cancel("deaf"));
  await untilBegun(3);
  await say(signal("held", "go", "now"), cancel("held in the queue"));
  await processes.find("held").outcome;
  return { first, again: await say(awaiting("held", "deaf", "held in the queue")) };
}

/** Two questions. The first one leaves both threads busy and one study in the queue. */
async function answerBefore() {
  const ask = withProcesses(async (question, processes) => {
    const { say } = converse(processes);
    if (question === "second") {
      await say(study("quick"));
      return JSON.stringify(await say(awaiting("quick")));
    }
    await say(study("deaf"), study("deaf too"), study("held in the queue"));
    await untilBegun(2);
    return "answered";
  });
  return [await ask("first"), await ask("second")];
}

async function sendSignals() {
  const { say } = converse();
  await say(study("held a"), study("held b"), study("held late"));
  await untilBegun(2);
  const early = await say(
    signal("held late", "hint", "early"),
    signal("held late", "hint", "bird"),
  );
  const numbers = await say(signal("held a", "hint", "one"), signal("held a", "hint", "two"));
  await say(signal("held a", "go", "three"));
  await untilBegun(3);
  await say(signal("held late", "go", "late"), signal("held b", "go", "b"));
  const results = await say(awaiting("held a", "held b", "held late"));
  await say(study("held c"));
  await say(cancel("held c"));
  const late = await say(signal("held a", "go"), signal("held c", "go"));
  return { early, numbers, results, late };
}

async function tryHandles() {
  const { say } = converse();
  await say(weather("LA"), study("held a"), study("held b"));
  const odd = ["__proto__", "constructor", "toString", "", "weather", "HELD A", "x".repeat(500)];
  const unknown = await say(
    ...odd.flatMap((id) => [awaiting("held a", id), cancel(id), signal(id, "go")]),
  );
  const kinds = [7, null, true, {}, [], { handle: "process", id: "held a" }];
  const malformed = await say(
    ...kinds.flatMap((id) => [awaiting(id), cancel(id), signal(id, "go")]),
    awaiting(),
    call("none", "await_processes", {}),
    call("text", "await_processes", { ids: "held a" }),
    signal("held a", "go", { season: "winter" }),
    call("broken", "cancel_process", "{"),
  );
  await untilBegun(2);
  await say(signal("held a", "go", "a"), signal("held b", "go", "b"));
  return { unknown, malformed, end: await say(awaiting("held a", "held b")) };
}

/** Each pair that has begun is released when no other study has begun meanwhile, so a third would be noticed. */
async function runMany() {
  const { say } = converse();
  const places = Array.from({ length: 26 }, (_, index) => `held ${index}`);
  const handles = await say(...places.map((place) => study(place)));
  await untilBegun(2);
  const others = await say(...["a", "b", "c", "d", "e", "f"].map(weather));
  const peaks: number[] = [];
  for (let count = 2; count <= places.length; count += 2) {
    await untilBegun(count);
    await say(weather("LA"));
    peaks.push(begun.length - (count - 2));
    await say(...begun.slice(count - 2, count).map((place) => signal(place, "go", place)));
  }
  return { handles, others, peaks, results: await say(awaiting(...places)) };
}

async function talkTwice() {
  const [one, other] = [converse(), converse()];
  const first = await one.say(study("held a", "same"));
  const second = await other.say(study("quick b", "same"));
  const foreign = await other.say(study("quick c", "own"), awaiting("same", "own"));
  await one.say(signal("same", "go", "one"));
  return { first, second, foreign, ends: await one.say(awaiting("same"), awaiting("own")) };
}

async function tellProgress() {
  const { say } = converse();
  await say(study("telling"));
  await untilBegun(1);
  await say(signal("telling", "go", "done"));
  // The main thread is busy, so the last progress and the result arrive together.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  return await say(awaiting("telling"));
}

/** The last case: afterwards nothing can be started. */
async function endAll() {
  const { say, open } = converse();
  await say(study("deaf a"), study("deaf b"), study("quick c"));
  await untilBegun(2);
  const waiting = say(awaiting("deaf a", "quick c"));
  await endProcesses();
  return { outcomes: await waiting, running: open() };
}

/** How many studies begin in a case. All must have reported before the next case, which counts its own. */
const CASES = [
  [answerAtOnce, 1],
  [refuseArguments, 0],
  [startTwice, 1],
  [awaitSeveral, 6],
  [cancelAll, 6],
  [cancelWhileAwaiting, 3],
  [awaitInVain, 3],
  [answerBefore, 3],
  [sendSignals, 4],
  [tryHandles, 2],
  [runMany, 26],
  [talkTwice, 3],
  [tellProgress, 1],
  [endAll, 2],
] as const;

for (const [run, count] of CASES) {
  begun = [];
  const value = await run();
  await untilBegun(count);
  report(run.name, value);
}
// The threads of the chapter's other pool would keep the process.
process.exit();
