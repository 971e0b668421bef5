import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Row, Runs } from "../scripts/axis.ts";
import { ROOT } from "../scripts/chapters.ts";
import { LOADER, type Spread, spread } from "./measure.ts";

const CHAPTER = join(ROOT, "chapters/20-human-approval");
const ROUNDS = 200;
const RECORDINGS = 5;
/** The time between two answers of the person, in ms. */
const BETWEEN_MS = 150;

/** Loads a file of the chapter, with a folder of its own for the pending calls. */
async function load(file: string) {
  if (!process.env.APPROVALS_DIR) {
    const folder = mkdtempSync(join(tmpdir(), "approvals-"));
    process.env.APPROVALS_DIR = folder;
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  return import(pathToFileURL(join(CHAPTER, file)).href);
}

/** The time from another process resolving a call to the end of the call's wait, in ms. */
export async function measureWakeUp(): Promise<Record<string, Spread>> {
  const { openWait } = await load("waits.ts");
  const file = join(import.meta.dirname, "resolver.ts");
  const stdio = ["pipe", "pipe", "inherit"] as const;
  const resolver = spawn(process.execPath, [...LOADER, file], { stdio: [...stdio] });
  const lines = createInterface({ input: resolver.stdout });
  const values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { key, resolution } = openWait(`0.${round}`, "id", { text: "", seconds: 60 });
    const line = once(lines, "line");
    // The watcher must have started, as it has when a person answers.
    await wait(5);
    resolver.stdin.write(`${key}\n`);
    await resolution;
    const woken = process.hrtime.bigint();
    const [resolved] = await line;
    values.push(Number(woken - BigInt(resolved)) / 1e6);
  }
  resolver.kill();
  return { ms: spread(values.slice(10)) };
}

function call(id: string, name: string, args: object) {
  return { type: "function_call", id, name, arguments: JSON.stringify(args) };
}

function mail(id: string) {
  return call(id, "send_email", { from: "a@example.com", to: id, message: "hello" });
}

/** Records when each call of a batch was pending and when it ran, with a single slot for all calls. */
async function record(): Promise<Row[]> {
  const { parallelRunner } = await load("main.ts");
  const { listPending, resolve } = await load("exchange.ts");
  const spans = new Map<string, Row["spans"]>(["bob", "eve", "LA", "Lima"].map((id) => [id, []]));
  const zero = performance.now();
  const now = (): number => Math.round(performance.now() - zero);
  const runBatch = parallelRunner(1, ({ id }: { id: string }) => {
    const start = now();
    return ({ type }: { type: string }) => {
      if (type === "success") spans.get(id)?.push({ what: "call", start, end: now() });
    };
  });
  const places = ["LA", "Lima"].map((location) => call(location, "get_weather", { location }));
  const batch = runBatch([mail("bob"), mail("eve"), ...places]);
  for (const [to, said] of [["bob", "yes"] as const, ["eve", "no"] as const]) {
    await wait(BETWEEN_MS);
    const { key } = listPending().find(({ text }: { text: string }) => text.includes(to));
    resolve(key, { said });
    spans.get(to)?.push({ what: "pending", start: 0, end: now() });
  }
  await batch;
  return [...spans].map(([id, found]) => {
    const name = id === "bob" || id === "eve" ? "send_email" : "get_weather";
    return { label: `${name} ${id}`, spans: found };
  });
}

function endOf(rows: readonly Row[]): number {
  return Math.max(...rows.flatMap(({ spans }) => spans.map(({ end }) => end)));
}

/** Records the batch several times, and returns the recording of middle length. */
export async function recordPending(): Promise<Runs> {
  const recordings: Row[][] = [];
  while (recordings.length <= RECORDINGS) recordings.push(await record());
  // The first recording includes the start of the threads.
  const sorted = recordings.slice(1).toSorted((one, other) => endOf(one) - endOf(other));
  return [{ title: "one slot for four calls", rows: sorted[RECORDINGS >> 1] ?? [] }];
}
