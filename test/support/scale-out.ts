// Helpers that start the programs, workers and people of chapter 23 beside an engine that outlives them.
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, vi } from "vitest";
import { z } from "zod";
import { copyBook } from "../../scripts/copy.ts";
import { type Ended, run } from "../../scripts/run.ts";
import { type Engine, openEngine } from "../../shared/engine/engine.ts";
import { fetchFromEngine } from "../../shared/engine/fetch.ts";
import { serveBarrier } from "./barrier.ts";
import { freshFolder } from "./engine.ts";
import { startForUser } from "./interrupt.ts";
import { like } from "./worlds.ts";

export const MAIN = "chapters/23-scale-out/main.ts";
const WORKER = "chapters/23-scale-out/worker.js";
const APPROVE = "chapters/23-scale-out/approve.ts";

/** Waits until a check holds, long enough for many processes to start on a busy machine. */
export function until(holds: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(holds, { timeout: 120_000, interval: 50 });
}

let copy: string | undefined;

/** A copy of the book whose tools note their runs, and wait in places that a test chooses. */
export function book(): string {
  copy ??= copyBook({
    "mock-tools/weather.ts": like("test/worlds/placed.ts"),
    "mock-tools/climate.ts": like("test/worlds/seasons.ts"),
  });
  return copy;
}

export type Env = Readonly<Record<string, string>>;

/** An engine, a world that outlives all processes, and a barrier for its tools. */
export type Stage = {
  readonly engine: Engine;
  readonly world: string;
  /** The settings with which each process is started. */
  readonly env: Env;
  /** The log of the barrier, such as "start X" and "end X". */
  readonly log: readonly string[];
  /** Releases all calls under a name, now and later. */
  letGo(name: string): void;
  close(): Promise<void>;
};

/** @param arrived releases other names, as in serveBarrier */
export async function openStage(
  arrived: Parameters<typeof serveBarrier>[0] = () => [],
): Promise<Stage> {
  const open = new Set<string>();
  const barrier = await serveBarrier((waiting) => {
    const passing = waiting.filter((name) => open.has(name));
    return passing.length > 0 ? passing : arrived(waiting);
  });
  const engine = await openEngine(freshFolder(), { temporary: true });
  const world = mkdtempSync(join(tmpdir(), "world-"));
  const env = {
    WORLD_DIR: world,
    BARRIER_URL: barrier.url,
    RESTATE_INGRESS_URL: engine.ingress,
    RESTATE_ADMIN_URL: engine.admin,
  };
  const close = async () => {
    barrier.close();
    await engine.close();
  };
  const letGo = (name: string): void => {
    open.add(name);
    barrier.letGo(name);
  };
  return { engine, world, env, log: barrier.log, letGo, close };
}

// ── Workers ──────────────────────────────────────────────────────────────────────────────────────

const Report = z.looseObject({ pids: z.array(z.number()) });

/** Workers that belong to no program. */
export type Workers = {
  readonly primary: ChildProcess;
  /** The process ids of the workers that run now. */
  pids(): readonly number[];
  /** Ends them, and returns their output. */
  close(): Promise<string>;
};

/** Starts workers, and waits until the engine knows them. */
export async function startWorkers({ env }: Stage, count = 2, own: Env = {}): Promise<Workers> {
  const primary = fork(join(book(), WORKER), [], {
    env: { ...process.env, ...env, ...own, WORKERS: String(count) },
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let pids: readonly number[] = [];
  const stderr = primary.stderr ? text(primary.stderr) : "";
  const ended = once(primary, "exit");
  await new Promise((resolve, reject) => {
    primary.on("message", (message) => {
      const report = Report.safeParse(message);
      if (!report.success) return;
      pids = report.data.pids;
      resolve(pids);
    });
    void ended.then(async () => reject(new Error(`the workers do not start: ${await stderr}`)));
  });
  return {
    primary,
    pids: () => pids,
    async close() {
      if (primary.connected) primary.disconnect();
      await ended;
      return stderr;
    },
  };
}

// ── Calls ────────────────────────────────────────────────────────────────────────────────────────

const Outcome = z.union([
  z.object({ type: z.literal("success"), id: z.string(), result: z.unknown() }),
  z.object({ type: z.literal("failure"), id: z.string(), error: z.unknown() }),
]);

/** A call of the model. */
export type Call = { readonly id: string; readonly name: string; readonly arguments: string };

export function call(id: string, name: string, args: unknown): Call {
  return { id, name, arguments: typeof args === "string" ? args : JSON.stringify(args) };
}

/** Calls a handler at an engine. */
export async function post({ engine }: Stage, path: string, body: unknown) {
  const response = await fetch(`${engine.ingress}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { ok: response.ok, text: await response.text() };
}

/** Has a worker run a call of a conversation, as the loop does. Returns its result or its error. */
export async function send({ engine }: Stage, conversation: string, one: Call): Promise<unknown> {
  const response = await fetchFromEngine(`${engine.ingress}/calls/run`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify({ conversation, call: { type: "function_call", ...one } }),
  });
  const outcome = Outcome.parse(await response.json());
  expect(outcome.id).toBe(one.id);
  return outcome.type === "success" ? outcome.result : outcome.error;
}

const Note = z.looseObject({ location: z.string(), pid: z.number().optional() });
const Mail = z.object({ to: z.string(), message: z.string(), key: z.string() });

function readLines<Value>(file: string, schema: z.ZodType<Value>): Value[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => schema.parse(JSON.parse(line)));
}

/** The notes of a world's tools. */
export function notesOf({ world }: Pick<Stage, "world">) {
  return readLines(join(world, "notes.jsonl"), Note);
}

/** The e-mails that were sent in a world. */
export function mailsOf({ world }: Pick<Stage, "world">) {
  return readLines(join(world, "mailbox.jsonl"), Mail);
}

// ── People ───────────────────────────────────────────────────────────────────────────────────────

const Rows = z.object({ rows: z.array(z.record(z.string(), z.string())) });

/** Asks an engine about its state, in SQL. */
export async function query({ engine }: Stage, sql: string) {
  const response = await fetch(`${engine.admin}/query`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query: sql }),
  });
  return Rows.parse(await response.json()).rows;
}

const Asked = z.object({ text: z.string(), deadline: z.number(), awakeable: z.string() });

/** All questions about calls whose text contains some words, also those that are resolved. */
export async function askedAbout(stage: Stage, words: string) {
  const from = "FROM state WHERE service_name = 'approvals' AND key = 'asked'";
  const rows = await query(stage, `SELECT service_key, value_utf8 ${from}`);
  const all = rows.map(({ service_key: key = "", value_utf8: asked = "" }) => {
    return { key, ...Asked.parse(JSON.parse(asked)) };
  });
  return all.filter(({ text }) => text.includes(words));
}

/** Waits until people are asked about a call whose text contains some words, and returns its key. */
export async function keyOf(stage: Stage, words: string): Promise<string> {
  let found = "";
  await until(async () => {
    const [asked] = await askedAbout(stage, words);
    expect(asked, `a pending call with ${words}`).toBeDefined();
    found = asked?.key ?? "";
  });
  return found;
}

/** Runs approve.ts in another process, as a person would. */
export function approve({ env }: { readonly env: Env }, ...words: string[]): Promise<Ended> {
  const { RESTATE_INGRESS_URL = "", RESTATE_ADMIN_URL = "" } = env;
  return run(APPROVE, words, { env: { RESTATE_INGRESS_URL, RESTATE_ADMIN_URL } });
}

// ── Programs ─────────────────────────────────────────────────────────────────────────────────────

/** Starts the chapter's program with a question. */
export function startMain({ env }: { readonly env: Env }, question: string, own: Env = {}) {
  return startForUser(MAIN, [question], { folder: book(), env: { ...env, ...own } });
}
