// Decides whether the calls of a batch may run: somebody approves or denies each, or nobody does in time.
import { messageOf } from "../../mock-tools/plain.ts";
import type { Resolution } from "./exchange.ts";
import { asReady } from "./ready.ts";
import { type Asked, cancel, openWait, untilCancelled, type Wait } from "./waits.ts";

/** Takes a call's key, with which people can resolve it, and stores what they are asked. */
export type TakeKey = (asked: Asked) => Omit<Wait, "resolution">;
/** "pending" if somebody was asked. Otherwise the call may run at once. */
export type Said = "pending" | undefined | Promise<"pending" | undefined>;
/** Asks somebody about a call, given its arguments. */
export type AskFirst = (args: Readonly<Record<string, unknown>>, takeKey: TakeKey) => Said;

/** Whether a call may run, and why not. */
export type Consent =
  | { readonly type: "given" }
  | { readonly type: "refused"; readonly code: Code; readonly message: string }
  | { readonly type: "cancelled"; readonly error: Failure };
type Failure = { readonly class: string; readonly code: string; readonly message: string };
type Code =
  | "approval_denied"
  | "tool_completion_timeout"
  | "pending_tool_missing_completion_key"
  | "tool_error";

const CANCELLED: Consent = {
  type: "cancelled",
  error: {
    class: "cancelled",
    code: "tool_completion_cancelled",
    message: "nobody waits for it any more",
  },
};

function refuse(code: Code, reason: unknown): Consent {
  return { type: "refused", code, message: messageOf(reason) };
}

function toConsent({ said, reason }: Resolution): Consent {
  if (said === "yes") return { type: "given" };
  if (said === "no") return refuse("approval_denied", reason ?? "somebody said no");
  if (said === "timeout") return refuse("tool_completion_timeout", "nobody approved it in time");
  return CANCELLED;
}

/** Has people asked about the call at a place, and waits for its resolution. It never rejects. */
async function park(place: string, id: string, ask: (takeKey: TakeKey) => Said): Promise<Consent> {
  const taken: Wait[] = [];
  const takeKey: TakeKey = (asked) => {
    // A call has one key, even if it is taken several times.
    taken[0] ??= openWait(place, id, asked);
    return taken[0];
  };
  try {
    const said = await ask(takeKey);
    if (said !== "pending") return { type: "given" };
    const [wait] = taken;
    if (wait) return toConsent(await wait.resolution);
    return refuse("pending_tool_missing_completion_key", "it is pending, but nobody took its key");
  } catch (thrown) {
    return refuse("tool_error", thrown);
  } finally {
    // If asking failed, nothing waits for the call any more.
    cancel(place);
  }
}

let batches = 0;

type Released<Call> = { readonly call: Call; readonly index: number; readonly consent: Consent };

/** Hands out one call after the other, to the next free slot. After a cancel, none of them runs. */
async function* handOut<Call>(
  asked: readonly Promise<Released<Call>>[],
  cancelled: AbortSignal,
): AsyncGenerator<Released<Call>> {
  for (const ready of asReady(asked)) {
    const released = await ready;
    yield cancelled.aborted ? { ...released, consent: CANCELLED } : released;
  }
}

/**
 * Asks about all calls of a batch at once. Returns each call when it is known whether it may run: first
 * the calls about which nobody was asked, in their order.
 */
export function askAll<Call extends { readonly id: string }>(
  calls: readonly Call[],
  ask: (call: Call, takeKey: TakeKey) => Said,
): AsyncGenerator<Released<Call>> {
  const batch = ++batches;
  const cancelled = untilCancelled();
  const asked = calls.map(async (call, index) => {
    const consent = await park(`${batch}.${index}`, call.id, (takeKey) => ask(call, takeKey));
    return { call, index, consent };
  });
  return handOut(asked, cancelled);
}
