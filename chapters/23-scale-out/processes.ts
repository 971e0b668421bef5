// The processes of a conversation. A handle names a study at the engine, so any process of ours can reach
// the study by its handle, as long as the engine has its data.
import {
  handlers,
  type InvocationId,
  type ObjectContext,
  object,
  TerminalError,
} from "@restatedev/restate-sdk";
import type { Signal } from "../../mock-tools/context.ts";
import { study } from "./study.ts";

type Started = {
  /** The arguments, as JSON. */
  readonly input: string;
  /** The study's id at the engine. */
  readonly id: InvocationId;
  readonly signals: number;
};
type Registry = ObjectContext<Record<string, Started>>;

async function find(ctx: Registry, id: string): Promise<Started> {
  const started = await ctx.get(id);
  if (started) return started;
  const known = (await ctx.stateKeys()).join(", ") || "none";
  throw new TerminalError(`unknown process ${id}; there are ${known}`, { errorCode: 404 });
}

/** The key of a study. It contains the conversation, since ids of calls may repeat in another one. */
function keyOf(ctx: Registry, id: string): string {
  return `${ctx.key} ${id}`;
}

type Start = { readonly id: string; readonly args: object };

const { exclusive } = handlers.object;
const PRIVATE = { ingressPrivate: true };

/** One object for each conversation. Its state holds the processes that the conversation started. */
export const processes = object({
  name: "processes",
  handlers: {
    start: exclusive(PRIVATE, async (ctx: Registry, { id, args }: Start) => {
      // Parsed arguments have the order of their schema, so equal arguments give equal JSON.
      const input = JSON.stringify(args);
      const before = await ctx.get(id);
      if (before) return before.input === input;
      const { invocationId } = ctx.workflowSendClient(study, keyOf(ctx, id)).run(args);
      ctx.set(id, { input, id: await invocationId, signals: 0 });
      return true;
    }),
    find: exclusive(PRIVATE, async (ctx: Registry, ids: readonly string[]) => {
      const found: InvocationId[] = [];
      for (const id of ids) found.push((await find(ctx, id)).id);
      return found;
    }),
    signal: exclusive(PRIVATE, async (ctx: Registry, one: { id: string; signal: Signal }) => {
      const started = await find(ctx, one.id);
      const number = started.signals + 1;
      ctx.set(one.id, { ...started, signals: number });
      await ctx.workflowClient(study, keyOf(ctx, one.id)).signal({ number, signal: one.signal });
      return number;
    }),
  },
});
