// What this process has run, and what it was given from the journal. It is written to a file of the world, so
// that it outlives the process, and the engine knows nothing of it.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { now } from "../../mock-tools/notes.ts";
import { worldFile } from "../../mock-tools/world.ts";
import type { Execute } from "../../shared/effects.ts";
import { print } from "../../shared/print.ts";

const FILE = "effects.jsonl";
const Note = z.object({
  pid: z.number(),
  key: z.string(),
  how: z.enum(["begun", "executed", "replayed"]),
  /** Milliseconds since 1970. */
  at: z.number(),
});
export type Note = z.infer<typeof Note>;

/** How far each effect has come in this process. */
const effects = new Map<string, Note["how"]>();

function note(key: string, how: Note["how"]): void {
  // An effect may come again in one process, and what it has run stays run.
  if (how === "replayed" && effects.has(key)) return;
  effects.set(key, how);
  const line: Note = { pid: process.pid, key, how, at: now() };
  appendFileSync(worldFile(FILE), `${JSON.stringify(line)}\n`);
}

/** Makes effects that note when they begin, and when they have been executed or replayed. */
export function withCounts(execute: Execute): Execute {
  return async (key, input, run) => {
    const value = await execute(key, input, async (idempotencyKey) => {
      note(key, "begun");
      const ended = await run(idempotencyKey);
      note(key, "executed");
      return ended;
    });
    note(key, "replayed");
    return value;
  };
}

/** Prints how many effects this process was given from the journal, and how many it has run. */
export function printCounts(): void {
  const hows = [...effects.values()];
  const count = (how: Note["how"]) => hows.filter((one) => one === how).length;
  print(`\nReplayed: ${count("replayed")}, executed: ${count("executed")}`);
}

/** What all processes of a world have noted so far, in order. */
export function readNotes(world: string): Note[] {
  const file = join(world, FILE);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => Note.parse(JSON.parse(line)));
}
