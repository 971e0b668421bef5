// Has many conversations at once, and kills a worker and the engine meanwhile.
//
// npx tsx chapters/23-scale-out/load.ts 100 2
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { messageOf } from "../../mock-tools/plain.ts";
import { endWithOutput } from "../../shared/output.ts";
import { print, printStatus } from "../../shared/print.ts";
import { ask } from "./conversation.ts";
import { type Answered, askAll, countCalls, makeQuestions, percentile } from "./crowd.ts";
import { openFleet } from "./fleet.ts";
import { type Kills, killBoth } from "./kills.ts";
import { openWatch } from "./watch.ts";

const MAX_CONVERSATIONS = 1_000;
const MAX_WORKERS = 8;
/** The most conversations that are open at once. With more, their retries alone keep a restarted engine busy. */
const MAX_OPEN = 50;
const MAX_SECONDS = 120;

const HELP = `Has many conversations at once, each of which sends an e-mail. A worker is killed while it runs
a call, and later the engine. The exit code is 0 if nothing was lost and nothing was sent twice.

  npx tsx chapters/23-scale-out/load.ts [CONVERSATIONS] [WORKERS]

CONVERSATIONS is 100, and ${MAX_CONVERSATIONS} at most. WORKERS is 2, and ${MAX_WORKERS} at most. ${MAX_OPEN} conversations are open at once.
On a terminal it says how long that took. The offline model answers. It ends by itself, after ${MAX_SECONDS} seconds at the latest.`;

const Mail = z.object({ to: z.string() });

/** How many e-mails were sent, and to how many people. Each conversation writes to another person. */
function countMails(folder: string): { mails: number; people: number } {
  const file = join(folder, "mailbox.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  const people = new Set(lines.map((line) => Mail.parse(JSON.parse(line)).to));
  return { mails: lines.length, people: people.size };
}

type Run = {
  readonly answered: readonly Answered[];
  readonly kills: Kills;
  /** How many calls have begun, including those that began again. */
  readonly begun: number;
  readonly mails: number;
  readonly people: number;
  readonly seconds: number;
};

/** Prints what is the same in every run without errors. */
function printTable({ answered, kills, mails, people }: Run): void {
  const rows = [
    ["conversations", answered.length],
    ["answered", answered.filter(({ error }) => error === undefined).length],
    ["wrong answers", answered.filter(({ isRight, error }) => !isRight && !error).length],
    ["e-mails", mails],
    ["e-mails sent twice", mails - people],
    ["workers killed", kills.workers],
    ["engine restarts", kills.restarts],
  ] as const;
  for (const [name, number] of rows) print(`${name.padEnd(20)}${String(number).padStart(5)}`);
}

/** On a terminal, prints the times, which differ in each run. */
function printTimes({ answered, kills, begun, seconds }: Run, { calls }: { calls: number }): void {
  if (!process.stderr.isTTY) return;
  const ms = (number: number) => `${Math.round(number).toLocaleString("en")} ms`;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => ms(percentile(answered, share)));
  const rate = (answered.length / seconds).toFixed(1);
  printStatus(
    `times: ${seconds.toFixed(1)} s, ${rate} a second; p50 ${p50}, p95 ${p95}, p99 ${p99}`,
  );
  printStatus(
    `calls: ${calls}, begun ${begun} times; ${kills.ranInWorker} ran in the worker when it was killed, ${kills.ranAtEngine} when the engine was`,
  );
  printStatus(`engine: took calls again after ${ms(kills.gap)}`);
}

/** Returns what went wrong, or undefined. */
function complain({ answered, kills, mails, people }: Run): string | undefined {
  const failed = answered.find(({ error }) => error !== undefined);
  if (failed) return failed.error;
  if (answered.some(({ isRight }) => !isRight)) return "an answer is to another question";
  if (people !== answered.length) return "an e-mail is lost";
  if (mails !== people) return "an e-mail was sent twice";
  // Without running calls, the kills prove nothing.
  if (kills.ranInWorker === 0) return "the worker ran no call when it was killed";
  if (kills.ranAtEngine === 0) return "no call ran when the engine was killed";
  return undefined;
}

/** Starts the fleet, asks all questions, and ends the fleet. */
async function run(conversations: number, workers: number): Promise<void> {
  const questions = makeQuestions(conversations);
  const needed = countCalls(questions);
  const watch = openWatch();
  const fleet = await openFleet(workers, watch.note);
  try {
    const start = performance.now();
    const [answered, kills] = await Promise.all([
      askAll(questions, MAX_OPEN, (question) => ask(fleet.engine, question)),
      killBoth(fleet, watch, needed.forecasts),
    ]);
    const seconds = (performance.now() - start) / 1000;
    const begun = watch.begun();
    const done = { answered, kills: kills(), begun, seconds, ...countMails(fleet.folder) };
    printTable(done);
    printTimes(done, needed);
    const complaint = complain(done);
    if (complaint) throw new Error(complaint);
  } finally {
    await fleet.close();
  }
}

function readNumber(name: string, given: string, max: number): number {
  const number = Number(given);
  if (/^\d+$/.test(given) && number >= 1 && number <= max) return number;
  throw new Error(`expected a whole number from 1 to ${max} for ${name}, got ${given}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
  if (values.help || values.h) return print(HELP);
  const [unknown] = Object.keys(values);
  if (unknown) throw new Error(`expected two numbers or --help, got the option ${unknown}`);
  const [conversations = "100", workers = "2", ...more] = positionals;
  if (more.length > 0) throw new Error(`expected two numbers, got ${more.join(" ")} as well`);
  const late = wait(MAX_SECONDS * 1000, undefined, { ref: false }).then(() => {
    throw new Error(`not finished after ${MAX_SECONDS} seconds`);
  });
  await Promise.race([
    run(
      readNumber("CONVERSATIONS", conversations, MAX_CONVERSATIONS),
      readNumber("WORKERS", workers, MAX_WORKERS),
    ),
    late,
  ]);
}

endWithOutput();
try {
  await main();
} catch (error) {
  printStatus(`error: ${messageOf(error)}`);
  process.exit(1);
}
