// The thread entry: plain data comes in, the named tool runs, plain data goes out.
import { deliver } from "./mailbox.ts";
import { lookUpProfile } from "./profile.ts";
import { type Tool } from "./tools.ts";
import { forecast } from "./weather.ts";

const runs = new Map<string, Tool["run"]>([
  ["get_weather", forecast],
  ["get_user_profile", lookUpProfile],
  ["send_email", deliver],
]);

/** Runs the tool called `name` with arguments that were validated before they crossed over. */
export function runTool({ name, args }: { name: string; args: object }): unknown {
  const run = runs.get(name);
  if (!run) throw new Error(`no tool named ${name} in this thread`);
  return run(args);
}
