import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { listPending, resolve } from "../../chapters/23-scale-out/pending.ts";
import { type Check, expectThat } from "../support/check.ts";
import { type Beside, withEngine } from "../support/engine.ts";
import { countMails } from "../support/folder.ts";
import { asking, email } from "../support/replies.ts";

const LOOK_MS = 50;
const SECONDS = 600;
/** How Restate names a handler that does not do what its journal says. */
const MISMATCH = /mismatch|\(570\)/i;

const Rows = z.object({ rows: z.array(z.record(z.string(), z.unknown())) });

/** The unfinished calls of handlers: their ids, and why their last attempts have failed. */
async function lookAt({ admin }: Beside) {
  const sql =
    "SELECT id, target_service_name, last_failure FROM sys_invocation WHERE status != 'completed'";
  const response = await fetch(`${admin}/query`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query: sql }),
  });
  return Rows.parse(await response.json()).rows;
}

/** Ends all calls of handlers, so that the program that waits for an answer ends, too. */
async function killAll(beside: Beside): Promise<void> {
  for (const { id } of await lookAt(beside)) {
    await fetch(`${beside.admin}/invocations/${String(id)}/kill`, { method: "PATCH" });
  }
}

/** A worker is killed when the call that it runs was approved. The next one sends the e-mail. */
export const check: Check = ({ ask }) =>
  withEngine(async (beside) => {
    const { env } = beside;
    let isOver = false;
    let attempts = 0;
    const keys = new Set<string>();
    const left: number[] = [];
    let mismatch = false;
    const person = async () => {
      while (!isOver) {
        await wait(LOOK_MS);
        for (const { key, deadline } of await listPending(beside)) {
          if (keys.has(key)) continue;
          keys.add(key);
          left.push(deadline - Date.now());
          await resolve(beside, key, { said: "yes" });
        }
        const failures = (await lookAt(beside)).map((row) => String(row.last_failure));
        mismatch ||= failures.some((text) => MISMATCH.test(text));
        if (mismatch) await killAll(beside);
      }
    };
    const meanwhile = person();
    const { feedback, stderr, code } = await ask({
      replies: [asking(email("bob@example.com", "hello", "bob"))],
      tools: {
        send_email() {
          attempts++;
          return undefined;
        },
      },
      env: { ...env, WORKERS: "1", KILL_WORKER: "bob", APPROVAL_SECONDS: String(SECONDS) },
      limit: 60_000,
      mayFail: true,
    });
    isOver = true;
    await meanwhile;
    expectThat(
      !mismatch,
      "the worker was killed when Bob's e-mail was approved, and the next one did not do what the journal says",
    );
    const [error = `code ${code}`] = /^error: .*/m.exec(stderr) ?? [];
    expectThat(
      code === 0,
      `expected an answer after the worker was replaced; the program ended with: ${error}`,
    );
    expectThat(
      keys.size === 1,
      `expected people to be asked once about Bob's e-mail; ${keys.size} keys were pending, one after the other`,
    );
    const seconds = Math.round((left[0] ?? 0) / 1_000);
    expectThat(
      SECONDS - 60 <= seconds && seconds <= SECONDS,
      `expected a deadline ${SECONDS} seconds after people were asked; ${seconds} seconds were left`,
    );
    const mails = countMails(env.WORLD_DIR ?? "");
    const result = JSON.stringify(feedback[0]?.results[0]?.result);
    expectThat(
      mails === 1 && attempts === 1,
      `expected Bob's e-mail to be sent once; the mailbox has ${mails}, and the call ended with ${result}`,
    );
    return `people were asked once and had ${seconds} seconds; the worker was killed, and the next one sent the approved e-mail`;
  });
