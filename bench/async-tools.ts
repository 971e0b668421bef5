import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { allAtOnce, bareAgent } from "./bare-loop.ts";
import { type Candidate, interleave, type Spread, startInstantModel, timed } from "./measure.ts";

const CHAPTER = "chapters/09-async-tools/main.ts";

const SLOW_PROFILE = `
import { setTimeout as wait } from "node:timers/promises";
export async function lookUpProfile(): Promise<string> {
  await wait(50);
  return "";
}
`;
const EMPTY_PROFILE = 'export function lookUpProfile(): string { return ""; }\n';

type RunBatch = (calls: readonly object[]) => Promise<object[]>;
type Chapter = {
  runAgent(question: string, runBatch: RunBatch): Promise<string>;
  parallelRunner(limit: number): RunBatch;
  splitRunner(waiting: RunBatch): RunBatch;
};

async function load(folder: string): Promise<Chapter> {
  return import(pathToFileURL(join(folder, CHAPTER)).href);
}

/** The tools with their kinds swapped: those that wait run in threads, those that compute do not. */
function swapBounds(): string {
  const source = readFileSync(join(ROOT, "mock-tools/tools.ts"), "utf8");
  const other = new Map([
    ["cpu", "io"],
    ["io", "cpu"],
  ]);
  return source.replaceAll(/bound: "(\w+)",/g, (_, bound) => `bound: "${other.get(bound)}",`);
}

/** Times a whole run with so many calls of a tool, and its batch alone. No call waits for a lane. */
function agent(chapter: Chapter, calls: number, tool: string): Candidate {
  return async () => {
    const runBatch = chapter.splitRunner(chapter.parallelRunner(calls));
    let batch = 0;
    const run = await timed(() => {
      return chapter.runAgent(`${calls} ${tool} calls`, async (list) => {
        const start = performance.now();
        const outcomes = await runBatch(list);
        batch = performance.now() - start;
        return outcomes;
      });
    });
    return { ...run, batch };
  };
}

type Results = Record<string, Record<string, Spread>>;

/** Calls that wait and calls that compute, each on the event loop and in threads. */
export async function measureAsyncTools(): Promise<Results> {
  await startInstantModel();
  const slow = { "mock-tools/profile.ts": SLOW_PROFILE };
  const right = await load(copyBook(slow));
  const wrong = await load(copyBook({ ...slow, "mock-tools/tools.ts": swapBounds() }));
  const results: Results = {};
  for (const [calls, rounds] of [
    [8, 11],
    [64, 7],
    [512, 3],
  ] as const) {
    const candidates = {
      loop: agent(right, calls, "get_user_profile"),
      threads: agent(wrong, calls, "get_user_profile"),
    };
    results[`${calls} waits`] = await interleave(candidates, rounds);
  }
  const heavy = {
    loop: agent(wrong, 8, "get_weather"),
    threads: agent(right, 8, "get_weather"),
  };
  results["8 forecasts"] = await interleave(heavy, 5);
  return results;
}

/** The cost of the limit when the calls cost nothing: whole runs, compared with the bare loop's. */
export async function measureAsyncOverhead(): Promise<Results> {
  await startInstantModel();
  const folder = copyBook({ "mock-tools/profile.ts": EMPTY_PROFILE });
  const chapter = await load(folder);
  const { client } = await import(pathToFileURL(join(folder, "shared/model.ts")).href);
  const results: Results = {};
  for (const calls of [8, 64, 512]) {
    const question = `${calls} get_user_profile calls`;
    const candidates = {
      bare: () => timed(() => bareAgent(client, question, (list) => allAtOnce(list, () => ""))),
      loop: agent(chapter, calls, "get_user_profile"),
    };
    results[calls] = await interleave(candidates, 60);
  }
  return results;
}
