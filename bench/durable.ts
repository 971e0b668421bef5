import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Context, RetryableError, service } from "@restatedev/restate-sdk";
import type { Row, Runs } from "../scripts/axis.ts";
import { ROOT } from "../scripts/chapters.ts";
import { type Execute, inline } from "../shared/effects.ts";
import { type Engine, openEngine } from "../shared/engine/engine.ts";
import { registerService } from "../shared/engine/register.ts";
import { serveService } from "../shared/engine/serve.ts";
import { runProgram } from "../shared/processes.ts";
import { interleave, LOADER, type Spread } from "./measure.ts";

const EFFECTS = 100;
const ROUNDS = 20;
const RECORDINGS = 5;
const QUESTION = "Get the weather in Beijing and LA and send an summary email to me.";
/** How long the model thinks, in ms. The replies must be visible beside the calls. */
const THINKING_MS = "100";

function load(file: string) {
  return import(pathToFileURL(join(ROOT, "chapters", file)).href);
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "engines-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The time of an effect that does nothing, in ms: the mean of several, one after the other. */
async function timeEffects(execute: Execute): Promise<number> {
  const call = { type: "function_call", id: "la", name: "get_weather", arguments: "{}" };
  const start = performance.now();
  for (let index = 0; index < EFFECTS; index++) {
    const outcome = { type: "success", id: "la", result: "sunny, 20 degrees" };
    await execute(`step 1 call ${index}`, call, async () => outcome);
  }
  return (performance.now() - start) / EFFECTS;
}

/** Serves effects on an engine. Returns the time of one effect when it is recorded and when it is replayed. */
async function serveEffects({ ingress, ...engine }: Engine) {
  const { durable } = await load("22-durable-execution/durable.ts");
  let times: number[] = [];
  const effects = service({
    name: "effects",
    handlers: {
      async run(ctx: Context) {
        times.push(await timeEffects(durable(ctx)));
        // All effects are recorded. The error makes the engine call the handler again.
        if (times.length === 1) throw new RetryableError("again", { retryAfter: 1 });
      },
    },
  });
  const { port } = await serveService([effects], { whenFailed: () => undefined });
  await registerService(engine, port);
  return async () => {
    times = [];
    await fetch(`${ingress}/effects/run`, { method: "POST" });
    const [recorded = Number.NaN, replayed = Number.NaN] = times;
    return { recorded, replayed };
  };
}

/** The cost of an effect without work: inline, in the journal of 21, on the engine. And of an engine's start. */
export async function measureDurable(): Promise<Record<string, Spread>> {
  const { openJournal } = await load("21-replay/journal.ts");
  const folder = makeFolder();
  const engine = await openEngine(join(folder, "engine"));
  let count = 0;
  const inJournal = async () => {
    const file = join(folder, `${count++}.jsonl`);
    const { execute, close } = openJournal(file, { question: "?", grain: "call", sync: true });
    const effect = await timeEffects(execute);
    close();
    return { effect };
  };
  const startEngine = async () => {
    const start = performance.now();
    const own = await openEngine(join(folder, `engine-${count++}`), { temporary: true });
    const ms = performance.now() - start;
    await own.close();
    return { ms };
  };
  const candidates = {
    inline: async () => ({ effect: await timeEffects(inline) }),
    journal: inJournal,
    engine: await serveEffects(engine),
    start: startEngine,
  };
  const measured = await interleave(candidates, ROUNDS);
  await engine.close();
  return measured;
}

type Note = { pid: number; key: string; how: "begun" | "executed" | "replayed"; at: number };

/** Sorts notes by step; the request of a step comes before its calls. */
function inOrder(notes: readonly Note[]): Note[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const place = ({ key }: Note) => key.replace("request", "");
  return notes.toSorted((one, other) => compare(place(one), place(other)));
}

/** A row for each effect of one process. */
function rowsOf(notes: readonly Note[], since: (at: number) => number): Row[] {
  const ended = notes.filter(({ how }) => how !== "begun");
  return inOrder(ended).map(({ key, how, at }) => {
    const begun = notes.find((note) => note.key === key && note.how === "begun");
    const ran = key.endsWith("request") ? "reply" : "call";
    const what = how === "replayed" ? how : ran;
    return { label: key, spans: [{ what, start: since(begun?.at ?? at), end: since(at) }] };
  });
}

/** A run that is killed when two of its three calls are recorded, and goes on in a second process. */
async function record(): Promise<Runs> {
  const { readNotes } = await load("22-durable-execution/counts.ts");
  const folder = makeFolder();
  const engine = await openEngine(join(folder, "engine"));
  const settings = {
    RUN: "recorded",
    RESTATE_INGRESS_URL: engine.ingress,
    RESTATE_ADMIN_URL: engine.admin,
    OFFLINE_LATENCY_MS: THINKING_MS,
  };
  const args = [...LOADER, join(ROOT, "chapters/22-durable-execution/main.ts"), QUESTION];
  await runProgram(folder, args, { ...settings, KILL_AT: "recorded 2 calls" });
  const killed = Date.now();
  await runProgram(folder, args, { ...settings, KILL_AT: "" });
  await engine.close();
  const notes: Note[] = readNotes(folder);
  const [first] = notes;
  const since = (at: number): number => Math.round(at - (first?.at ?? 0));
  const title = `the first process, killed at ${since(killed)} ms`;
  return [
    {
      title,
      rows: rowsOf(
        notes.filter(({ pid }) => pid === first?.pid),
        since,
      ),
    },
    {
      title: "the second one",
      rows: rowsOf(
        notes.filter(({ pid }) => pid !== first?.pid),
        since,
      ),
    },
  ];
}

function endOf(runs: Runs): number {
  return Math.max(
    ...runs.flatMap(({ rows }) => rows.flatMap(({ spans }) => spans.map(({ end }) => end))),
  );
}

/** Records the run several times, and returns the recording of middle length. */
export async function recordResumed(): Promise<Runs> {
  const recordings: Runs[] = [];
  while (recordings.length < RECORDINGS) recordings.push(await record());
  const sorted = recordings.toSorted((one, other) => endOf(one) - endOf(other));
  return sorted[RECORDINGS >> 1] ?? [];
}
