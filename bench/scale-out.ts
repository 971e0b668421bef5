import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { openEngine } from "../shared/engine/engine.ts";
import { type Candidate, interleave, type Spread } from "./measure.ts";

type Results = Record<string, Spread>;

/** The most conversations that are open at once, as in the chapter. */
const MAX_OPEN = 50;

/** Linux counts a process's CPU time in hundredths of a second: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const TICK_MS = 10;

/** The CPU time that a process has used so far, in ms; undefined if the system is not Linux. */
function cpuOf(pid: number): number | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  // The program's name stands before, in brackets, and may contain anything.
  const fields = readFileSync(file, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

type Engine = { readonly pid: number };
type Fleet = { readonly engine: Engine; readonly folder: string; close(): Promise<void> };
type Answered = { readonly ms: number; readonly isRight: boolean };
/** The chapter's functions that hold many conversations. */
type Crowd = {
  openFleet(workers: number): Promise<Fleet>;
  ask(engine: Engine, question: object): Promise<string>;
  makeQuestions(count: number, name: string): readonly object[];
  askAll(
    questions: readonly object[],
    open: number,
    ask: (question: object) => Promise<string>,
  ): Promise<Answered[]>;
  percentile(answered: readonly Answered[], share: number): number;
};

async function loadCrowd(): Promise<Crowd> {
  const load = (file: string) =>
    import(pathToFileURL(join(ROOT, "chapters/23-scale-out", file)).href);
  const [fleet, crowd, conversation] = await Promise.all(
    ["fleet.ts", "crowd.ts", "conversation.ts"].map(load),
  );
  return { ...fleet, ...crowd, ...conversation };
}

let runs = 0;

/** Holds so many conversations. None of them may fail. */
function converse(crowd: Crowd, { engine, folder }: Fleet, count: number): Candidate {
  return async () => {
    // The mailbox is read for each e-mail, so each run begins with an empty one.
    rmSync(join(folder, "mailbox.jsonl"), { force: true });
    const questions = crowd.makeQuestions(count, `run${runs++}-`);
    const cpu = cpuOf(engine.pid);
    const start = performance.now();
    const answered = await crowd.askAll(questions, MAX_OPEN, (question) =>
      crowd.ask(engine, question),
    );
    const seconds = (performance.now() - start) / 1000;
    if (answered.some(({ isRight }) => !isRight)) throw new Error("a conversation has failed");
    const used = cpu === undefined ? {} : { cpu: ((cpuOf(engine.pid) ?? 0) - cpu) / count };
    const [p50 = 0, p95 = 0, p99 = 0] = [0.5, 0.95, 0.99].map((share) =>
      crowd.percentile(answered, share),
    );
    return { rate: count / seconds, p50, p95, p99, ...used };
  };
}

/** A hundred conversations over 1, 2 and 4 workers. */
export async function measureScaleOut(): Promise<Results> {
  const crowd = await loadCrowd();
  const one = await crowd.openFleet(1);
  const two = await crowd.openFleet(2);
  const four = await crowd.openFleet(4);
  const measure = (fleet: Fleet) => converse(crowd, fleet, 100);
  const results = await interleave({ 1: measure(one), 2: measure(two), 4: measure(four) }, 7);
  for (const fleet of [one, two, four]) await fleet.close();
  return results;
}

/** More and more conversations over 2 workers. */
export async function measureGrowth(): Promise<Results> {
  const crowd = await loadCrowd();
  const fleet = await crowd.openFleet(2);
  const measure = (count: number) => converse(crowd, fleet, count);
  const candidates = { 10: measure(10), 100: measure(100), 1000: measure(1000) };
  const results = await interleave(candidates, 3);
  await fleet.close();
  return results;
}

const EMPTY_PROFILE = 'export function lookUpProfile(): string { return ""; }\n';
const Outcomes = z.array(z.looseObject({ type: z.literal("success") }));
const Times = z.object({ alone: z.number(), four: z.number() });
type Times = z.infer<typeof Times>;

type Call = { readonly type: "function_call"; readonly id: string; readonly name: string };
type Run = (calls: readonly Call[]) => Promise<unknown>;

/** The time per call, in ms: the time of a whole batch, divided by the number of its calls. */
async function perCall(run: Run, count: number): Promise<number> {
  const calls = Array.from({ length: count }, (_, index) => {
    const call = { type: "function_call", name: "get_user_profile", arguments: "{}" } as const;
    return { ...call, id: `call_${count}_${index}` };
  });
  const start = performance.now();
  Outcomes.parse(await run(calls));
  return (performance.now() - start) / count;
}

/** @param runner makes a runner with this limit of calls at once */
async function measureCalls(runner: (limit: number) => Run): Promise<Times> {
  return { alone: await perCall(runner(1), 50), four: await perCall(runner(4), 200) };
}

type Boundary = (...effect: readonly unknown[]) => Promise<unknown>;
type Chapter = {
  parallelRunner(limit: number): (calls: readonly Call[], boundary?: Boundary) => Promise<object[]>;
  splitRunner(waiting: Run): Run;
};
type Engine22 = { throughEngine(answer: Answer<Boundary>): (question: string) => Promise<string> };
type Engine23 = {
  throughEngine(answer: Answer<{ send: Boundary }>): (question: string) => Promise<string>;
};
type Answer<Given> = (question: string, given: Given) => Promise<string>;

/** Calls of a tool that takes no time: in this process, recorded by an engine, and sent to workers by it. */
export async function measureCallCost(): Promise<Results> {
  const engine = await openEngine(mkdtempSync(join(tmpdir(), "engine-")), { temporary: true });
  process.env.RESTATE_INGRESS_URL = engine.ingress;
  process.env.RESTATE_ADMIN_URL = engine.admin;
  process.env.WORKERS = "2";
  const book = copyBook({ "mock-tools/profile.ts": EMPTY_PROFILE });
  const load = (file: string) => import(pathToFileURL(join(book, "chapters", file)).href);
  const loop: Chapter = await load("09-async-tools/main.ts");
  const threads: Chapter = await load("14-native-tools/main.ts");
  const recorded: Chapter = await load("22-durable-execution/main.ts");
  const sent: Chapter = await load("23-scale-out/main.ts");
  const engine22: Engine22 = await load("22-durable-execution/service.ts");
  const engine23: Engine23 = await load("23-scale-out/conversation.ts");
  const ask22 = engine22.throughEngine(async (_, execute) =>
    JSON.stringify(
      await measureCalls((limit) => (calls) => recorded.parallelRunner(limit)(calls, execute)),
    ),
  );
  const ask23 = engine23.throughEngine(async (_, { send }) =>
    JSON.stringify(
      await measureCalls((limit) => (calls) => sent.parallelRunner(limit)(calls, send)),
    ),
  );
  const results = await interleave(
    {
      loop: () => measureCalls((limit) => loop.splitRunner(loop.parallelRunner(limit))),
      threads: () => measureCalls((limit) => threads.parallelRunner(limit)),
      recorded: async () => Times.parse(JSON.parse(await ask22("?"))),
      sent: async () => Times.parse(JSON.parse(await ask23("?"))),
    },
    7,
  );
  await engine.close();
  return results;
}
