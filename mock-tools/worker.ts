// The thread entry: plain data comes in, the named tool runs, plain data goes out.
import { deliver, readMailbox } from "./mailbox.ts";
import { lookUpProfile } from "./profile.ts";
import type { RunContext, Tool } from "./tools.ts";
import { forecast } from "./weather.ts";

const runs = new Map<string, Tool["run"]>([
  ["get_weather", forecast],
  ["get_user_profile", lookUpProfile],
  ["send_email", deliver],
  ["list_emails", readMailbox],
]);

/** What crosses over to the thread: a tool's name, arguments that were validated, the context. */
export type Task = { readonly name: string; readonly args: object; readonly context?: RunContext };

/** Runs a tool and returns its result; throws what the tool throws, or if the result cannot leave. */
export async function runTool({ name, args, context }: Task): Promise<unknown> {
  const run = runs.get(name);
  if (!run) throw new Error(`no tool named ${name} in this thread`);
  const result = await run(args, context);
  try {
    return structuredClone(result);
  } catch (error) {
    // A DataCloneError would arrive without its message.
    throw new Error(`the result cannot leave its thread: ${error}`);
  }
}
