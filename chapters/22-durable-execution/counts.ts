// Counts which effects this process ran, and which came from the journal. They are noted in a file of the
// world, so that the notes outlive the process. The engine does not use them.
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
  // The engine may replay an effect in the process that ran it; it still counts as executed.
  if (how === "replayed" && effects.has(key)) return;
  effects.set(key, how);
  const line: Note = { pid: process.pid, key, how, at: now() };
  appendFileSync(worldFile(FILE), `${JSON.stringify(line)}\n`);
}

/** Wraps effects: notes when each begins, and when it was executed or replayed. */
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

/** Prints how many effects this process replayed from the journal, and how many it ran. */
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
