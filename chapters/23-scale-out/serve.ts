// What a worker does for a call. It runs in another process than the loop.
import { readOutcome } from "../../shared/outcomes.ts";
import { describeCall } from "../../shared/shown.ts";
import type { Durable } from "./calls.ts";
import {
  explain,
  FunctionCall,
  fail,
  giveUp,
  type Outcome,
  parseJson,
  runCall,
  tools,
} from "./main.ts";

/** Asks people, starts a process, or works on one. Returns nothing if the call still has to run. */
async function serveDurably(call: FunctionCall, durable: Durable): Promise<Outcome | undefined> {
  const tool = tools.get(call.name);
  const args = tool && parseJson(tool.parameters, call.arguments);
  // People are not asked about a call that cannot run; runCall says what is wrong with it.
  if (!tool || !args?.ok) return undefined;
  if (tool.askFirst) {
    const refusal = await durable.ask(describeCall(call.name, args.value));
    if (refusal) return fail(call, refusal.code, refusal.message);
  }
  if (tool.background) {
    const handle = await durable.processes.start(call.id, args.value);
    if (handle) return { type: "success", id: call.id, result: handle };
    return fail(call, "handle_conflict", `${call.id} is a process with other arguments`);
  }
  if (!tool.local) return undefined;
  try {
    return { type: "success", id: call.id, result: await tool.run(args.value, durable.processes) };
  } catch (error) {
    return explain(call, error);
  }
}

/** Serves a call that a conversation has sent. Its waits are kept by the engine and hold no thread. */
export async function serveCall(sent: object, durable: Durable): Promise<Outcome> {
  const call = FunctionCall.parse(sent);
  const outcome = await serveDurably(call, durable);
  if (outcome) return outcome;
  const run = durable.execute(call.id, call, (key) => runCall(call, key));
  return readOutcome(await run.catch((error) => giveUp(call, error)));
}
