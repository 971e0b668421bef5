// A study as a workflow. Each season is an effect, so a worker that takes over begins at the next season.
import {
  handlers,
  TerminalError,
  type WorkflowContext,
  type WorkflowSharedContext,
  workflow,
} from "@restatedev/restate-sdk";
import { Piscina } from "piscina";
import { z } from "zod";
import { execArgv, reportDeadThreads } from "../../shared/threads.ts";
import { SEASONS, sayClimate } from "../../mock-tools/climate.ts";
import type { Signal } from "../../mock-tools/context.ts";
import { messageOf } from "../../mock-tools/plain.ts";
import { killFirst } from "./kill.ts";

/** How many seasons one worker computes at once; the others wait for a thread. */
const MAX_THREADS = 2;

let pool: Piscina | undefined;

/** Studies have their own pool, so that they take no call's thread. It is made for the first study. */
function openPool(): Piscina {
  if (pool) return pool;
  pool = new Piscina({
    filename: `${import.meta.dirname}/../../mock-tools/worker.ts`,
    name: "runTool",
    execArgv,
    // With fewer, no new thread would start if a season is cancelled while others wait.
    minThreads: MAX_THREADS,
    maxThreads: MAX_THREADS,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  reportDeadThreads(pool);
  return pool;
}

/** Reads the signals from this number on. Returns the next number and the wanted seasons. */
async function readSignals(ctx: WorkflowContext, next: number, wanted: readonly string[]) {
  // The engine records what peek returns, so a worker that takes over reads the same.
  const signal = await ctx.promise<Signal>(`signal ${next}`).peek();
  if (!signal) return { next, wanted };
  const { name, payload } = signal;
  const isHeeded = name === "narrow" && SEASONS.includes(payload);
  return readSignals(ctx, next + 1, isHeeded ? [payload] : wanted);
}

/** Computes the mean of one season in a thread. If the study is cancelled, the thread is ended. */
async function studySeason(ctx: WorkflowContext, location: string, season: string) {
  const end = new AbortController();
  const task = { name: "study_season", args: { location, season } };
  const compute = async () => {
    killFirst(`${ctx.key.replace(/^\S+ /, "")} ${season}`);
    try {
      return Number(await openPool().run(task, { signal: end.signal }));
    } catch (error) {
      // It would fail again, so there is only one attempt.
      throw new TerminalError(messageOf(error));
    }
  };
  try {
    return await ctx.run(season, compute);
  } catch (error) {
    end.abort();
    throw error;
  }
}

const Task = z.object({ location: z.string() });

async function studyAll(ctx: WorkflowContext, args: object): Promise<string> {
  const { location } = Task.parse(args);
  const means = new Map<string, number>();
  let heard = await readSignals(ctx, 1, SEASONS);
  for (;;) {
    const season = heard.wanted.find((one) => !means.has(one));
    if (!season) break;
    means.set(season, await studySeason(ctx, location, season));
    heard = await readSignals(ctx, heard.next, heard.wanted);
  }
  const studied = [...means].map(([season, degrees]) => ({ season, degrees }));
  return sayClimate(
    location,
    studied.filter(({ season }) => heard.wanted.includes(season)),
  );
}

/** A signal, and its number: the first one is 1. */
type Sent = { readonly number: number; readonly signal: Signal };

export const study = workflow({
  name: "study",
  handlers: {
    async run(ctx: WorkflowContext, args: object) {
      try {
        return await studyAll(ctx, args);
      } finally {
        ctx.set("ended", true);
      }
    },
    signal: handlers.workflow.shared(
      async (ctx: WorkflowSharedContext, { number, signal }: Sent) => {
        if (await ctx.get("ended"))
          throw new TerminalError("the study has ended", { errorCode: 409 });
        await ctx.promise<Signal>(`signal ${number}`).resolve(signal);
      },
    ),
  },
});
