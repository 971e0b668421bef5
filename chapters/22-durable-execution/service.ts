// The service that answers questions. A question goes to it through the engine.
import { type Context, service, TerminalError } from "@restatedev/restate-sdk";
import { z } from "zod";
import { describe } from "../../shared/describe.ts";
import type { Execute } from "../../shared/effects.ts";
import { openEngine } from "../../shared/engine/engine.ts";
import { fetchFromEngine } from "../../shared/engine/fetch.ts";
import { registerService } from "../../shared/engine/register.ts";
import { sayFailed, serveService } from "../../shared/engine/serve.ts";
import { withKill } from "../../shared/kill.ts";
import { rewindTranscript } from "../../shared/print.ts";
import { expectShape } from "../../shared/shape.ts";
import { withCounts } from "./counts.ts";
import { durable, JOURNAL_MISMATCH, JournalMismatch } from "./durable.ts";
import { type Address, readSettings } from "./settings.ts";

type Answer = (question: string, execute: Execute) => Promise<string>;

const SERVICE = "agent";

/** The engine calls the handler once for each run, and again whenever the run has to go on. */
function makeService(answer: Answer) {
  return service({
    name: SERVICE,
    handlers: {
      async ask(ctx: Context, question: string) {
        rewindTranscript();
        const execute = withCounts(withKill(durable(ctx)));
        try {
          return { question, answer: await answer(question, execute) };
        } catch (error) {
          if (error instanceof JournalMismatch) throw error;
          // After any other error, the engine would call the handler again, which would fail again.
          throw new TerminalError(describe(error));
        }
      },
    },
  });
}

const Reply = z.union([
  z.object({ question: z.string(), answer: z.string() }),
  z.object({ code: z.number(), message: z.string() }),
]);

/** Sends a question to the engine. Questions with the same key share one run. */
async function post({ ingress, lost }: Address, run: string, question: string): Promise<unknown> {
  const response = await fetchFromEngine(`${ingress}/${SERVICE}/ask`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": run },
    body: JSON.stringify(question),
    signal: lost,
  });
  return response.json();
}

/** Returns the answer when the run has ended, in this process or another. */
async function ask(address: Address, run: string, question: string): Promise<string> {
  const reply = expectShape("an answer of the engine", Reply, await post(address, run, question));
  if ("message" in reply) throw new Error(reply.message);
  if (reply.question === question) return reply.answer;
  throw new Error(`the question of the run ${run} was ${reply.question} and is ${question}`);
}

/** Serves the answering service, and sends the question to the engine. */
async function serveAndAsk(answer: Answer, address: Address, run: string, question: string) {
  const changed = new AbortController();
  const whenFailed = (error: Error) => {
    if (Object(error).code !== JOURNAL_MISMATCH) return sayFailed(error);
    const { message } = error;
    changed.abort(new Error(`the program is not the one that began the run: ${message}`));
  };
  const served = await serveService([makeService(answer)], { whenFailed });
  const lost = AbortSignal.any([address.lost, changed.signal]);
  try {
    await registerService(address, served.port);
    return await ask({ ...address, lost }, run, question);
  } finally {
    await served.close();
  }
}

/** Makes an agent whose questions go through the engine in the settings, or through an engine of its own. */
export function throughEngine(answer: Answer): (question: string) => Promise<string> {
  return async (question) => {
    const { run, engine, temporary } = readSettings();
    if (typeof engine !== "string") return serveAndAsk(answer, engine, run, question);
    const own = await openEngine(engine, { temporary });
    try {
      return await serveAndAsk(answer, own, run, question);
    } finally {
      await own.close();
    }
  };
}
