import { isWorldKept } from "../../mock-tools/world.ts";
import { type Execute, inline } from "../../shared/effects.ts";
import { printMissed, withKill, withKillInWrite } from "../../shared/kill.ts";
import { print } from "../../shared/print.ts";
import { addSettings } from "../../shared/settings.ts";
import { asOneEffect, type RunBatch } from "./grain.ts";
import { type Journal, openJournal } from "./journal.ts";

const { JOURNAL } = process.env;

addSettings({
  JOURNAL: "record each effect in this file, and run only what it lacks",
  JOURNAL_GRAIN: "call or batch: what counts as one effect",
  JOURNAL_SYNC: "on or off: wait for the disk after each line",
  KILL_AT: 'kill the program at this moment, for example "after step 2 call 0"',
});

/** A setting that is one of two words; the first is the default. Throws an error for any other word. */
function choose<Word extends string>(name: string, first: Word, second: Word): Word {
  const value = process.env[name] || first;
  const word = [first, second].find((one) => one === value);
  if (word !== undefined) return word;
  throw new Error(`expected ${first} or ${second} in ${name}, got ${value}`);
}

function readGrain(): "call" | "batch" {
  return choose("JOURNAL_GRAIN", "call", "batch");
}

/** Returns the runner. If JOURNAL_GRAIN is batch, its whole batch is one effect. */
export function withGrain<Call>(runBatch: RunBatch<Call>): RunBatch<Call> {
  return readGrain() === "batch" ? asOneEffect(runBatch) : runBatch;
}

let journal: Journal | undefined;

/** The effects of one question. If JOURNAL is set, they are recorded and replayed; otherwise they only run. */
export function openEffects(question: string): Execute {
  const sync = choose("JOURNAL_SYNC", "on", "off") === "on";
  if (!JOURNAL) return withKill(inline);
  // A rerun with another mailbox would send its e-mails again.
  const isMailboxKept = isWorldKept || process.env.MAILBOX_FILE;
  if (!isMailboxKept) throw new Error("JOURNAL needs a WORLD_DIR, where e-mails outlive the run");
  const options = { question, grain: readGrain(), sync, wrap: withKillInWrite };
  journal = openJournal(JOURNAL, options);
  return withKill(journal.execute);
}

/** Prints how many effects were replayed and how many ran. Warns if the moment of KILL_AT never came. */
export function printCounts(): void {
  printMissed();
  if (!journal) return;
  const { replayed, executed } = journal.counts;
  print(`\nReplayed: ${replayed}, executed: ${executed}`);
}
