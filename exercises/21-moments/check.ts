import { join } from "node:path";
import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { countMails, freshFolder } from "../support/folder.ts";
import type { Program } from "../support/program.ts";

const Counts = z.object({ replayed: z.number(), executed: z.number(), mails: z.number() });
const Prediction = z.object({ torn: Counts, batch: Counts });

const QUESTION = "Get the weather in LA and send a summary email to me.";
const LIMIT_MS = 60_000;

/** A run that is killed, and its rerun. Returns what the rerun counts, and how many e-mails there are. */
async function liveTwice(run: Program["run"], KILL_AT: string, JOURNAL_GRAIN: string) {
  const WORLD_DIR = freshFolder();
  const env = { WORLD_DIR, JOURNAL: join(WORLD_DIR, "journal.jsonl"), JOURNAL_GRAIN };
  await run([QUESTION], { env: { ...env, KILL_AT }, limit: LIMIT_MS });
  const { stdout } = await run([QUESTION], { env, limit: LIMIT_MS });
  const [, replayed, executed] = /^Replayed: (\d+), executed: (\d+)$/m.exec(stdout) ?? [];
  const mails = countMails(WORLD_DIR);
  return { replayed: Number(replayed), executed: Number(executed), mails };
}

const say = ({ replayed, executed }: z.infer<typeof Counts>) => {
  return `${replayed} replayed and ${executed} executed`;
};

/** The prediction is what the two reruns print. */
export const check: Check = async ({ predicted, run }) => {
  const prediction = await predicted(Prediction);
  const [torn, batch] = await Promise.all([
    liveTwice(run, "20 bytes of step 2 request", "call"),
    liveTwice(run, "after step 2 batch", "batch"),
  ]);
  expectThat(
    say(prediction.torn) === say(torn),
    `torn: the prediction is ${say(prediction.torn)}, but the effects before step 2 have whole lines, and they are not all`,
  );
  expectThat(
    say(prediction.batch) === say(batch),
    `batch: the prediction is ${say(prediction.batch)}, but the calls of a step are one effect there, and that of step 2 had no line`,
  );
  for (const [name, { mails }] of Object.entries({ torn, batch })) {
    const said = name === "torn" ? prediction.torn.mails : prediction.batch.mails;
    expectThat(
      said === mails,
      `${name}.mails: the prediction is ${said}; with which key does the rerun send the e-mail, and has the mailbox seen that key?`,
    );
  }
  return `the reruns counted ${say(torn)}, and ${say(batch)}, as predicted, and each left ${batch.mails} e-mail in its mailbox`;
};
