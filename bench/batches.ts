import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { forecast } from "../mock-tools/weather.ts";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../test/support/book.ts";
import { allAtOnce, bareAgent, oneByOne } from "./bare-loop.ts";
import { type Candidate, interleave, type Spread } from "./measure.ts";

const CHAPTER = "chapters/04-parallel-tools/main.ts";
const LOADER = process.features.typescript ? [] : ["--import", "tsx"];

/** Starts the model that replies at once and aims the book's client at it. */
async function startInstantModel(): Promise<void> {
  const file = join(import.meta.dirname, "instant-model.ts");
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const server = spawn(process.execPath, [...LOADER, file], { stdio: [...stdio] });
  process.on("exit", () => server.kill());
  [process.env.OPENAI_BASE_URL] = await once(createInterface(server.stdout), "line");
}

/** Runs an agent once: the time it took and the event loop's longest stall meanwhile, in ms. */
function timed(agent: () => Promise<string>): Candidate {
  return async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    // The monitor counts from its first tick on, so a stall that begins before it goes unseen.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const start = performance.now();
    await agent();
    const ms = performance.now() - start;
    await new Promise((resolve) => setTimeout(resolve, 5));
    delay.disable();
    return { ms, stall: delay.max / 1e6 };
  };
}

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
      serial: timed(() => bareAgent(client, question, (list) => oneByOne(list, forecast))),
      all: timed(() => bareAgent(client, question, (list) => allAtOnce(list, forecast))),
      pool: timed(() => chapter.runAgent(question)),
    };
    results[calls] = await interleave(candidates, calls > 8 ? 5 : 11);
  }
  return results;
}

/** What the pool costs when the tool costs nothing: whole runs against the yardstick's. */
export async function measureOverhead(): Promise<Results> {
  await startInstantModel();
  const { client } = await import("../shared/model.ts");
  const weather = 'export function forecast(): string { return ""; }\n';
  const copy = copyBook({ "mock-tools/weather.ts": weather });
  const chapter = await import(pathToFileURL(join(copy, CHAPTER)).href);
  const results: Results = {};
  for (const calls of [1, 8, 64, 512]) {
    const question = `${calls} calls`;
    const candidates = {
      bare: timed(() => bareAgent(client, question, (list) => allAtOnce(list, () => ""))),
      pool: timed(() => chapter.runAgent(question)),
    };
    results[calls] = await interleave(candidates, 60);
  }
  return results;
}
