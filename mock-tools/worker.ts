// The thread entry: plain data comes in, the named tool runs, plain data goes out.
import { isMainThread } from "node:worker_threads";
import { studyClimate, studySeason } from "./climate.ts";
import type { RunContext } from "./context.ts";
import { listDays } from "./daily.ts";
import { deliver, readMailbox } from "./mailbox.ts";
import { noteCall } from "./notes.ts";
import { asPlainResult, messageOf } from "./plain.ts";
import { lookUpProfile } from "./profile.ts";
import type { Tool } from "./tools.ts";
import { forecast } from "./weather.ts";

const runs = new Map<string, Tool["run"]>([
  ["get_weather", forecast],
  ["get_daily_weather", listDays],
  ["get_user_profile", lookUpProfile],
  ["send_email", deliver],
  ["list_emails", readMailbox],
  ["study_climate", studyClimate],
  ["study_season", studySeason],
]);

/** What a tool throws from a timer ends its thread. The pool must hear of it as a readable error. */
if (!isMainThread) {
  process.on("uncaughtException", (thrown) => {
    throw new Error(messageOf(thrown));
  });
}

/** What crosses over to the thread: a tool's name, arguments that were validated, the context. */
export type Task = {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly context?: RunContext;
};

/**
 * Runs a tool and returns its result as plain data.
 *
 * @throws what asPlainResult throws where the tool has failed. Any other error is not the tool's
 */
export async function runTool({ name, args, context }: Task): Promise<unknown> {
  const run = runs.get(name);
  if (!run) throw new Error(`no tool named ${name} in this thread`);
  return asPlainResult(() => noteCall(name, args, () => run(args, context)));
}
