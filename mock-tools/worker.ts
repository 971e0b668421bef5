// The entry of a thread: takes plain data, runs the named tool, returns plain data.
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

/** An error that a tool throws from a timer ends its thread. The pool must get a readable error. */
if (!isMainThread) {
  process.on("uncaughtException", (thrown) => {
    throw new Error(messageOf(thrown));
  });
}

/** What a thread gets: a tool's name, validated arguments, and the context. */
export type Task = {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly context?: RunContext;
};

/**
 * Runs a tool and returns its result as plain data.
 *
 * @throws an error whose cause holds the code of the failure. An error without one comes from the pool
 */
export async function runTool({ name, args, context }: Task): Promise<unknown> {
  const run = runs.get(name);
  if (!run) {
    const cause = { failure: "tool_unavailable" };
    throw new Error(`no tool named ${name} in this thread`, { cause });
  }
  return asPlainResult(() => noteCall(name, args, () => run(args, context)));
}
