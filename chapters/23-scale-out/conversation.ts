// The service that answers questions. A question goes to it through the engine.
import { type ObjectContext, object } from "@restatedev/restate-sdk";
import { z } from "zod";
import type { Execute } from "../../shared/effects.ts";
import { openEngine } from "../../shared/engine/engine.ts";
import { fetchFromEngine } from "../../shared/engine/fetch.ts";
import { registerService } from "../../shared/engine/register.ts";
import { sayFailed, serveService } from "../../shared/engine/serve.ts";
import { openWaits } from "../../shared/engine/waits.ts";
import { rewindTranscript } from "../../shared/print.ts";
import { expectShape } from "../../shared/shape.ts";
import { sendCall } from "./calls.ts";
import { JOURNAL_MISMATCH, orTerminal, recorded } from "./durable.ts";
import { type Address, readAddress, readSettings } from "./settings.ts";
import { withWorkers } from "./workers.ts";

/** What the loop needs from the engine: an effect runs here, a call runs in a worker. */
export type Engine = {
  readonly execute: Execute;
  readonly send: (call: object) => Promise<unknown>;
};
export type Answer = (question: string, engine: Engine) => Promise<string>;

const SERVICE = "conversation";

/** One object for each conversation. The engine lets it answer one question at a time. */
export function makeConversation(answer: Answer) {
  return object({
    name: SERVICE,
    handlers: {
      async ask(ctx: ObjectContext, question: string) {
        rewindTranscript();
        const waitFor = openWaits();
        const engine: Engine = {
          execute: recorded(ctx, waitFor),
          send: (call) => sendCall(ctx, waitFor, { conversation: ctx.key, call }),
        };
        return { question, answer: await orTerminal(answer(question, engine)) };
      },
    },
  });
}

/** A question, its conversation, and the name of its run at the engine. */
export type Asked = {
  readonly conversation: string;
  readonly run: string;
  readonly question: string;
};

/** Sends a question to the engine. Questions with the same key share one run. */
async function post({ ingress, lost }: Address, asked: Asked): Promise<unknown> {
  const response = await fetchFromEngine(`${ingress}/${SERVICE}/${asked.conversation}/ask`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": asked.run },
    body: JSON.stringify(asked.question),
    signal: lost,
  });
  return response.json();
}

const Reply = z.union([
  z.object({ question: z.string(), answer: z.string() }),
  z.object({ code: z.number(), message: z.string() }),
]);

/**
 * Sends a question to the engine. Returns the answer when the run has ended, in this process or another.
 *
 * @throws an error that says why the run failed, or that the run has another question
 */
export async function ask(address: Address, asked: Asked): Promise<string> {
  const reply = expectShape("an answer of the engine", Reply, await post(address, asked));
  if ("message" in reply) throw new Error(reply.message);
  if (reply.question === asked.question) return reply.answer;
  const { run, question } = asked;
  throw new Error(`the question of the run ${run} was ${reply.question} and is ${question}`);
}

/** Serves a conversation here, starts workers for its calls, and sends it a question. */
async function serveAndAsk(answer: Answer, address: Address, asked: Asked): Promise<string> {
  const changed = new AbortController();
  const whenFailed = (error: Error) => {
    if (Object(error).code !== JOURNAL_MISMATCH) return sayFailed(error);
    const { message } = error;
    changed.abort(new Error(`the program is not the one that began the run: ${message}`));
  };
  const served = await serveService([makeConversation(answer)], { whenFailed });
  try {
    await registerService(address, served.port);
    return await withWorkers(address, (workersLost) => {
      const lost = AbortSignal.any([address.lost, workersLost, changed.signal]);
      return ask({ ...address, lost }, asked);
    });
  } finally {
    await served.close();
  }
}

/** Makes an agent whose questions go through the engine in the settings, or through an engine of its own. */
export function throughEngine(answer: Answer): (question: string) => Promise<string> {
  return async (question) => {
    const { run, conversation, folder, temporary } = readSettings();
    const address = readAddress();
    const asked = { run, conversation, question };
    if (address) return serveAndAsk(answer, address, asked);
    const own = await openEngine(folder, { temporary });
    try {
      return await serveAndAsk(answer, own, asked);
    } finally {
      await own.close();
    }
  };
}
