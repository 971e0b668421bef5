// Runs batches, each with a user who cancels as soon as some places have been called and some results
// have come, and prints the outcomes of the calls. After each, a batch without a cancel must work.
import { createHook } from "node:async_hooks";
import { BroadcastChannel } from "node:worker_threads";
import { z } from "zod";
import { parallelRunner } from "../../chapters/10-cancellation/main.ts";
import { readMailbox } from "../../mock-tools/mailbox.ts";

const Call = z.object({
  type: z.literal("function_call"),
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const Batch = z.object({ calls: z.array(Call), limit: z.number(), until: z.array(z.string()) });
type Batch = z.infer<typeof Batch>;
type OnStart = NonNullable<Parameters<typeof parallelRunner>[1]>;

let called: string[] = [];
let flags: Int32Array[] = [];
let look = (): void => undefined;
const Started = z.object({ location: z.string(), cancelled: z.instanceof(Int32Array) });
const channel = new BroadcastChannel("calls");
channel.onmessage = (message) => {
  const { location, cancelled } = Started.parse(Object(message).data);
  // The calls of the next batch may report late.
  if (location.startsWith("next")) return;
  called.push(location);
  flags.push(cancelled);
  look();
};

function countFlags(): number {
  return flags.filter((flag) => Atomics.load(flag, 0) !== 0).length;
}

/** Aborts, and returns how many flags were raised and how long the timers are that began at that moment. */
function abort(user: AbortController): { flags: number; graces: number[] } {
  const [graces, before]: [number[], number] = [[], countFlags()];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === "Timeout") graces.push(Object(resource)._idleTimeout);
    },
  }).enable();
  user.abort();
  hook.disable();
  return { flags: countFlags() - before, graces };
}

async function runUntil({ calls, limit, until }: Batch): Promise<object> {
  const user = new AbortController();
  const results: unknown[] = [];
  let atOnce = {};
  [called, flags] = [[], []];
  look = () => {
    const seen = [...called, ...results];
    if (user.signal.aborted || !until.every((one) => seen.includes(one))) return;
    atOnce = abort(user);
  };
  const onStart: OnStart = () => (outcome) => {
    if (outcome.type === "success") results.push(outcome.result);
    look();
  };
  look();
  const outcomes = await parallelRunner(limit, onStart)(calls, user.signal);
  return { outcomes, atOnce, mails: readMailbox().length };
}

const NEXT = ["next a", "next b", "next c"].map((location, index) => ({
  type: "function_call" as const,
  id: `next_${index}`,
  name: "get_weather",
  arguments: JSON.stringify({ location }),
}));

const [, , batches = "{}"] = process.argv;
for (const [name, batch] of Object.entries(
  z.record(z.string(), Batch).parse(JSON.parse(batches)),
)) {
  const ended = await runUntil(batch);
  look = () => undefined;
  const next = await parallelRunner()(NEXT, new AbortController().signal);
  console.log(JSON.stringify([name, { ...ended, called: called.toSorted(), next }]));
}
// The threads would wait for more calls.
process.stdout.write("", () => process.exit());
