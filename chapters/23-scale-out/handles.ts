// What a call can do with the processes of its conversation.
import {
  CancelledError,
  type Context,
  type InvocationId,
  InvocationIdParser,
  TimeoutError,
} from "@restatedev/restate-sdk";
import { z } from "zod";
import { messageOf } from "../../mock-tools/plain.ts";
import type { Wait } from "../../shared/engine/waits.ts";
import type { Signal } from "../../mock-tools/context.ts";
import { processes } from "./processes.ts";

/** How long one call waits for processes, because a process may never end. */
export const MAX_WAIT_SECONDS = 30;

/** What the model reads of a cancelled process. */
const CANCELLED = "[Tool execution cancelled] it ended without a result";

/** What the model gets instead of a result. It names the process by this id from then on. */
export type Handle = { readonly handle: "process"; readonly id: string };

/** How a process has ended, or that it is running. */
type Ended = { readonly id: string } & Readonly<Record<string, unknown>>;

export type Processes = {
  /** Starts a process, or finds the one with this id. Returns nothing if that has other arguments. */
  start(id: string, args: object): Promise<Handle | undefined>;
  /** Waits until all have ended, but at most half a minute. Rejects if an id is unknown. */
  awaitAll(ids: readonly string[]): Promise<readonly Ended[]>;
  cancel(id: string): Promise<Ended>;
  /** Sends a signal, and returns how many signals the process has got. */
  signal(id: string, signal: Signal): Promise<number>;
};

/** The engine's code for a process that was cancelled. */
const CONFLICT = 409;

function explain(id: string, error: unknown): Ended {
  // This call was cancelled, not the process.
  if (error instanceof CancelledError) throw error;
  if (error instanceof TimeoutError) return { id, running: true };
  if (Object(error).code === CONFLICT) return { id, cancelled: CANCELLED };
  const message = messageOf(error);
  return { id, error: { class: "execution", code: "tool_error", message } };
}

const Ids = z.array(z.string().transform(InvocationIdParser.fromString));

/** The processes of a conversation, for one call of a handler. */
export function openProcesses(ctx: Context, wait: Wait, conversation: string): Processes {
  const registry = ctx.objectClient(processes, conversation);
  const find = async (ids: readonly string[]) => Ids.parse(await wait(registry.find(ids)));
  const attach = async (id: string, invocation: InvocationId): Promise<Ended> => {
    const limit = { seconds: MAX_WAIT_SECONDS };
    try {
      return { id, result: await wait(ctx.attach(invocation).orTimeout(limit)) };
    } catch (error) {
      return explain(id, error);
    }
  };
  return {
    async start(id, args) {
      const isSame = await wait(registry.start({ id, args }));
      return isSame ? { handle: "process", id } : undefined;
    },
    async awaitAll(ids) {
      const found = await find(ids);
      return Promise.all(found.map((invocation, index) => attach(ids[index] ?? "", invocation)));
    },
    async cancel(id) {
      const [invocation] = await find([id]);
      if (!invocation) throw new Error(`unknown process ${id}`);
      ctx.cancel(invocation);
      return attach(id, invocation);
    },
    async signal(id, signal) {
      return Number(await wait(registry.signal({ id, signal })));
    },
  };
}
