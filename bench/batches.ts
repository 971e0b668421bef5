import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { forecast } from "../mock-tools/weather.ts";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { allAtOnce, bareAgent, oneByOne } from "./bare-loop.ts";
import { interleave, type Spread, startInstantModel, timed } from "./measure.ts";
import { startThreads } from "./plain-threads.ts";

const CHAPTER = "chapters/04-parallel-tools/main.ts";

type Results = Record<string, Record<string, Spread>>;

/** One reply of several CPU-bound calls: one by one and all at once on one thread, and in a pool. */
export async function measureBatches(): Promise<Results> {
  await startInstantModel();
  const { client } = await import("../shared/model.ts");
  const chapter = await import(pathToFileURL(join(ROOT, CHAPTER)).href);
  const results: Results = {};
  for (const calls of [2, 8, 32]) {
    const question = `${calls} calls`;
    const candidates = {
      serial: () => timed(() => bareAgent(client, question, (list) => oneByOne(list, forecast))),
      all: () => timed(() => bareAgent(client, question, (list) => allAtOnce(list, forecast))),
      pool: () => timed(() => chapter.runAgent(question)),
    };
    results[calls] = await interleave(candidates, calls > 8 ? 5 : 11);
  }
  return results;
}

/**
 * The cost of threads when the tool costs nothing: whole runs with a pool, compared with the bare loop
 * and with the bare loop that has threads but no pool.
 */
export async function measureOverhead(): Promise<Results> {
  await startInstantModel();
  const { client } = await import("../shared/model.ts");
  const weather = 'export function forecast(): string { return ""; }\n';
  const copy = copyBook({ "mock-tools/weather.ts": weather });
  const chapter = await import(pathToFileURL(join(copy, CHAPTER)).href);
  const runInThread = startThreads(copy, 4);
  const threads = (args: { location: string }) => runInThread({ name: "get_weather", args });
  const results: Results = {};
  for (const calls of [1, 8, 64, 512]) {
    const question = `${calls} calls`;
    const candidates = {
      bare: () => timed(() => bareAgent(client, question, (list) => allAtOnce(list, () => ""))),
      threads: () => timed(() => bareAgent(client, question, (list) => allAtOnce(list, threads))),
      pool: () => timed(() => chapter.runAgent(question)),
    };
    results[calls] = await interleave(candidates, 60);
  }
  return results;
}
