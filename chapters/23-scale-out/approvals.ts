// A pending call waits at the engine, not in a process, for an answer or for its deadline.
import { randomUUID } from "node:crypto";
import {
  type Context,
  handlers,
  type ObjectContext,
  object,
  rpc,
  TerminalError,
} from "@restatedev/restate-sdk";
import { z } from "zod";
import type { Wait } from "../../shared/engine/waits.ts";

const Answer = z.object({ said: z.enum(["yes", "no"]), reason: z.string().optional() });
const Resolution = Answer.extend({ said: z.enum(["yes", "no", "timeout"]) });
/** How a pending call was resolved. It never changes. */
export type Resolution = z.infer<typeof Resolution>;

/** What is asked about a pending call. */
type Asked = {
  /** The engine delivers the resolution there. It works without a key, so it is never shown. */
  readonly awakeable: string;
  /** The whole call, for a person. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly deadline: number;
};
type State = { asked: Asked; resolution: Resolution };
type Approval = ObjectContext<State>;

/** Resolves the call, unless it is resolved. Returns the resolution that counts, and whether it is this one. */
async function settle(ctx: Approval, resolution: Resolution) {
  const asked = await ctx.get("asked");
  if (!asked) throw new TerminalError("unknown or revoked key", { errorCode: 404 });
  const before = await ctx.get("resolution");
  if (before) return { ...before, accepted: false };
  ctx.set("resolution", resolution);
  ctx.resolveAwakeable(asked.awakeable, resolution);
  return { ...resolution, accepted: true };
}

/** Handlers that only other handlers may call, one at a time. */
const { exclusive } = handlers.object;
const PRIVATE = { ingressPrivate: true };

/**
 * One object for each pending call. Its key resolves the call, so it must be impossible to guess. The
 * engine runs one handler of an object at a time, so exactly one resolution is the first, and it counts.
 */
export const approvals = object({
  name: "approvals",
  handlers: {
    open: exclusive(PRIVATE, async (ctx: Approval, asked: Asked) => {
      ctx.set("asked", asked);
      const delay = Math.max(0, asked.deadline - (await ctx.date.now()));
      // The engine keeps the timer, so the deadline passes even if no process of ours runs.
      ctx.objectSendClient(approvals, ctx.key).expire(rpc.sendOpts({ delay }));
    }),
    expire: exclusive(PRIVATE, (ctx: Approval) => settle(ctx, { said: "timeout" })),
    resolve: exclusive(async (ctx: Approval, answer: unknown) => {
      const parsed = Answer.safeParse(answer);
      if (!parsed.success) throw new TerminalError("expected yes or no", { errorCode: 400 });
      const asked = await ctx.get("asked");
      // After everything was down, the timer may come a moment after the answer.
      const isLate = asked && (await ctx.date.now()) >= asked.deadline;
      if (isLate) await settle(ctx, { said: "timeout" });
      return settle(ctx, parsed.data);
    }),
  },
});

const Drawn = z.object({ key: z.string(), deadline: z.number() });
type Question = { readonly text: string; readonly seconds: number };

/**
 * Asks people about a call, and waits for an answer or the deadline. If all processes die meanwhile, the
 * wait goes on when they are started again.
 *
 * @param tell is called with the key that resolves the call
 */
export async function askPeople(
  ctx: Context,
  wait: Wait,
  { text, seconds }: Question,
  tell: (key: string) => void,
): Promise<Resolution> {
  const { id: awakeable, promise } = ctx.awakeable();
  const resolution = wait(promise);
  // Both are recorded, so they stay the same if this handler runs again.
  const draw = () => ({ key: randomUUID(), deadline: Date.now() + seconds * 1000 });
  const { key, deadline } = Drawn.parse(await wait(ctx.run("key", draw)));
  await wait(ctx.objectClient(approvals, key).open({ awakeable, text, deadline }));
  tell(key);
  return Resolution.parse(await resolution);
}
