// Runs of chapter 22 that are killed and started again beside an engine that outlives them, and the
// traces that they leave.
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import { z } from "zod";
import { readNotes } from "../../chapters/22-durable-execution/counts.ts";
import type { Ended } from "../../scripts/run.ts";
import { type Engine, openEngine } from "../../shared/engine/engine.ts";
import { freshFolder, until } from "./engine.ts";
import { startForUser } from "./interrupt.ts";
import { look, newStory, requestsOf, type Story, stepOf } from "./lives.ts";
import type { Api, ResponsesRequest } from "./responses.ts";
import { worldOf } from "./worlds.ts";

export const MAIN = "chapters/22-durable-execution/main.ts";
export const SERIAL = "test/programs/22-serial.ts";

/** A conversation in one or more lives: its world, and its name at an engine. */
export type Run = Story & { readonly name: string; readonly engine?: Engine };

/** A conversation on an engine, or on one of its own. */
export function newRun(engine?: Engine, question?: string): Run {
  const story = newStory(question);
  return { ...story, name: story.question.replaceAll(/\W/g, "-"), ...(engine && { engine }) };
}

/**
 * Runs a function beside an engine, which is ended afterwards. Programs must use it one by one: the engine
 * calls the program that was registered last.
 */
export async function besideEngine(act: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await openEngine(freshFolder());
  try {
    await act(engine);
  } finally {
    await engine.close();
  }
}

// ── What the engine holds ────────────────────────────────────────────────────────────────────────

const Line = z.object({ Command: z.unknown(), Notification: z.unknown() }).partial();
const Begun = z.object({ Run: z.object({ completion_id: z.number(), name: z.string() }) });
const Ends = z.object({ id: z.object({ CompletionId: z.number() }) });
const Rows = z.object({ rows: z.array(z.record(z.string(), z.unknown())) });

/** Asks the engine about its own tables, in SQL. */
async function query({ admin }: Engine, sql: string) {
  const response = await fetch(`${admin}/query`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query: sql }),
  });
  return Rows.parse(await response.json()).rows;
}

/** What the engine knows about a run besides its journal. */
export async function readStatus({ engine, name }: Run, column: string): Promise<unknown> {
  if (!engine) throw new Error("the run's engine is its own");
  const from = `FROM sys_invocation WHERE idempotency_key = '${name}'`;
  const [row] = await query(engine, `SELECT ${column} ${from}`);
  return row?.[column];
}

/** The effects of a run that the engine has recorded so far, and whether it has the answer. */
export async function readJournal({ engine, name }: Run) {
  if (!engine) throw new Error("the run's engine is its own");
  const rows = await query(
    engine,
    `SELECT j.entry_lite_json FROM sys_journal j JOIN sys_invocation i ON i.id = j.id
     WHERE i.idempotency_key = '${name}' ORDER BY j.index`,
  );
  const lines = rows.map(({ entry_lite_json }) => Line.parse(JSON.parse(String(entry_lite_json))));
  const ends = lines.flatMap(({ Notification }) => Ends.safeParse(Notification).data?.id ?? []);
  const ended = new Set(ends.map(({ CompletionId }) => CompletionId));
  const begun = lines.flatMap(({ Command }) => Begun.safeParse(Command).data?.Run ?? []);
  const recorded = begun.filter(({ completion_id: id }) => ended.has(id)).map(({ name }) => name);
  const isAnswered = lines.some(({ Command }) => Object(Command).Output !== undefined);
  return { recorded, isAnswered };
}

// ── Lives ────────────────────────────────────────────────────────────────────────────────────────

export type Life = {
  readonly program?: string;
  /** Another weather of test/worlds instead of "counted". */
  readonly world?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** When to kill the program, in milliseconds after its first output. */
  readonly killAfter?: number;
  /** When to kill the engine, counted in the same way. */
  readonly killEngineAfter?: number;
};

/** Where a run's program is started, and its environment. */
export function settingsOf(
  { url }: { readonly url: string },
  { folder, name, engine }: Run,
  { env, world: weather = "counted" }: Life = {},
) {
  const place = engine && {
    RESTATE_INGRESS_URL: engine.ingress,
    RESTATE_ADMIN_URL: engine.admin,
  };
  const world = { OPENAI_BASE_URL: url, WORLD_DIR: folder, RUN: name, ...place };
  return { folder: worldOf(weather), env: { ...world, ...env } };
}

/** Starts a run's program, with tools that count their runs. */
export function startLife(api: { readonly url: string }, run: Run, life: Life = {}) {
  return startForUser(life.program ?? MAIN, [run.question], settingsOf(api, run, life));
}

/** Kills an engine with SIGKILL, and waits until its keeper has started it again. */
export async function killEngine(engine: Engine): Promise<void> {
  const { pid } = engine;
  process.kill(pid, "SIGKILL");
  await until(() => expect(engine.pid).not.toBe(pid));
}

/** Runs a run's program until it has ended in any way and the engine runs. */
export async function live(
  api: { readonly url: string },
  run: Run,
  life: Life = {},
): Promise<Ended> {
  const { began, kill, ended } = startLife(api, run, life);
  await began;
  let hasEnded = false;
  const end = ended.finally(() => {
    hasEnded = true;
  });
  const killIt = async (): Promise<void> => {
    if (life.killAfter === undefined) return;
    await wait(life.killAfter);
    kill();
  };
  const { engine } = run;
  const killItsEngine = async (): Promise<void> => {
    if (life.killEngineAfter === undefined || !engine) return;
    await wait(life.killEngineAfter);
    if (!hasEnded) await killEngine(engine);
  };
  await Promise.all([end, killIt(), killItsEngine()]);
  return end;
}

/** The time of an undisturbed run from its program's first output to its end, in milliseconds. */
export async function timeLife(api: { readonly url: string }, run: Run): Promise<number> {
  const { began, ended } = startLife(api, run);
  await began;
  const start = performance.now();
  await ended;
  return performance.now() - start;
}

/** Sorts by step; a step's request comes before its calls. */
function rankOf(key: string): number {
  const [, step = "", kind] = /^step (\d+) (request|call)/.exec(key) ?? [];
  return 2 * Number(step) + (kind === "call" ? 1 : 0);
}

/**
 * Checks that a run has never gone back: when a step's calls begin, its request is recorded, and when
 * the next request begins, all its calls are. And that a process begins an effect once, if its engine stays.
 */
function expectForward({ folder }: Run, engineKills: number, words: string): void {
  const begun = readNotes(folder).filter(({ how }) => how === "begun");
  const ranks = begun.map(({ key }) => rankOf(key));
  expect(ranks, words).toEqual(ranks.toSorted((one, other) => one - other));
  const { pid } = begun.at(-1) ?? {};
  const keys = begun.filter((note) => note.pid === pid).map(({ key }) => key);
  const most = Math.max(0, ...keys.map((key) => keys.filter((one) => one === key).length));
  expect(most, words).toBeLessThanOrEqual(1 + engineKills);
}

/** How often the tools and the model have worked for a run so far, by their own counts. */
function countFor(api: Api<ResponsesRequest>, run: Run): string[] {
  const requests = requestsOf(api, run).map((request) => `step ${stepOf(request)} request`);
  return [...requests, ...look(run).runs];
}

/** Checks that nothing runs in a life that the engine had recorded before it. */
export async function liveWithoutRepeating(
  api: Api<ResponsesRequest>,
  run: Run,
  life: Life,
  words: string,
): Promise<Ended & { readonly wasAnswered: boolean }> {
  const { recorded, isAnswered: wasAnswered } = await readJournal(run);
  const before = recorded.map((key) => [key, countOf(key)]);
  function countOf(key: string): number {
    return countFor(api, run).filter((one) => one === key).length;
  }
  const ended = await live(api, run, life);
  expect(
    recorded.map((key) => [key, countOf(key)]),
    words,
  ).toEqual(before);
  expectForward(run, life.killEngineAfter === undefined ? 0 : 1, words);
  return { ...ended, wasAnswered };
}
