// The service that runs the model's calls. Any worker may take a call.
import { type Context, service } from "@restatedev/restate-sdk";
import type { Execute } from "../../shared/effects.ts";
import { openWaits, type Wait } from "../../shared/engine/waits.ts";
import { printStatus } from "../../shared/print.ts";
import { askPeople, type Resolution } from "./approvals.ts";
import { orTerminal, recorded } from "./durable.ts";
import { withKillFirst } from "./kill.ts";
import { openProcesses, type Processes } from "./handles.ts";
import { approvalSeconds } from "./settings.ts";

/** What a call can use besides a thread. All of it outlives the worker. */
export type Durable = {
  readonly execute: Execute;
  /** Asks people about the call. Returns why it must not run, or nothing if it was approved. */
  ask(text: string): Promise<Refusal | undefined>;
  readonly processes: Processes;
};

const { RESTATE_INGRESS_URL = "" } = process.env;
const COMMAND = `RESTATE_INGRESS_URL=${RESTATE_INGRESS_URL} npx tsx chapters/23-scale-out/approve.ts`;

type Refusal = {
  readonly code: "approval_denied" | "tool_completion_timeout";
  readonly message: string;
};

function refuse({ said, reason }: Resolution): Refusal | undefined {
  if (said === "no") return { code: "approval_denied", message: reason ?? "somebody said no" };
  if (said === "yes") return undefined;
  return { code: "tool_completion_timeout", message: "nobody approved it in time" };
}

function openDurable(ctx: Context, conversation: string): Durable {
  const wait = openWaits();
  return {
    execute: withKillFirst(recorded(ctx, wait)),
    async ask(text) {
      const asked = { text, seconds: approvalSeconds() };
      const resolution = await askPeople(ctx, wait, asked, (key) => {
        printStatus(
          `waiting for approval; to resolve it: ${COMMAND} ${key} yes (or no "a reason")`,
        );
      });
      return refuse(resolution);
    },
    processes: openProcesses(ctx, wait, conversation),
  };
}

/** A call and its conversation. */
type Sent = { readonly conversation: string; readonly call: object };
type Run = (call: object, durable: Durable) => Promise<object>;

/** Makes the service that runs calls. They run in the process that serves it. */
export function makeCalls(run: Run) {
  return service({
    name: "calls",
    handlers: {
      run: (ctx: Context, { conversation, call }: Sent) =>
        orTerminal(run(call, openDurable(ctx, conversation))),
    },
  });
}

/** Has a worker run a call. */
export function sendCall(ctx: Context, wait: Wait, sent: Sent): Promise<unknown> {
  const calls = ctx.serviceClient<ReturnType<typeof makeCalls>>({ name: "calls" });
  return wait(calls.run(sent));
}
