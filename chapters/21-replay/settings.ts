import { isWorldKept } from "../../mock-tools/world.ts";
import { type Execute, inline } from "../../shared/effects.ts";
import { printMissed, withKill, withKillInWrite } from "../../shared/kill.ts";
import { print } from "../../shared/print.ts";
import { addSettings } from "../../shared/settings.ts";
import { asOneEffect, type RunBatch } from "./grain.ts";
import { type Journal, openJournal } from "./journal.ts";

const { JOURNAL } = process.env;

addSettings({
  JOURNAL: "record each effect in this file, and run none of them twice",
  JOURNAL_GRAIN: "call or batch: what is one effect",
  JOURNAL_SYNC: "on or off: wait for the disk after each line",
  KILL_AT: 'kill the program then, for example "after step 2 call 0"',
});

/** A setting that is one of two words, the first if nothing is set. Throws an error for any other. */
function choose<Word extends string>(name: string, first: Word, second: Word): Word {
  const value = process.env[name] || first;
  const word = [first, second].find((one) => one === value);
  if (word !== undefined) return word;
  throw new Error(`expected ${first} or ${second} in ${name}, got ${value}`);
}

function readGrain(): "call" | "batch" {
  return choose("JOURNAL_GRAIN", "call", "batch");
}

/** The runner itself, or one whose whole batch is one effect if JOURNAL_GRAIN says so. */
export function withGrain<Call>(runBatch: RunBatch<Call>): RunBatch<Call> {
  return readGrain() === "batch" ? asOneEffect(runBatch) : runBatch;
}

let journal: Journal | undefined;

/** The effects of one question: with JOURNAL set they are recorded and replayed, else they just run. */
export function openEffects(question: string): Execute {
  const sync = choose("JOURNAL_SYNC", "on", "off") === "on";
  if (!JOURNAL) return withKill(inline);
  // A rerun that found another mailbox would send its e-mails again.
  const isMailboxKept = isWorldKept || process.env.MAILBOX_FILE;
  if (!isMailboxKept) throw new Error("JOURNAL needs a WORLD_DIR, where e-mails outlive the run");
  const options = { question, grain: readGrain(), sync, wrap: withKillInWrite };
  journal = openJournal(JOURNAL, options);
  return withKill(journal.execute);
}

/** Prints how many effects were in the journal and how many ran, and says so where KILL_AT never came. */
export function printCounts(): void {
  printMissed();
  if (!journal) return;
  const { replayed, executed } = journal.counts;
  print(`\nReplayed: ${replayed}, executed: ${executed}`);
}
