// The thread entry: plain data comes in, the named tool runs, plain data goes out.
import type { RunContext } from "./context.ts";
import { deliver, readMailbox } from "./mailbox.ts";
import { lookUpProfile } from "./profile.ts";
import type { Tool } from "./tools.ts";
import { forecast } from "./weather.ts";

const runs = new Map<string, Tool["run"]>([
  ["get_weather", forecast],
  ["get_user_profile", lookUpProfile],
  ["send_email", deliver],
  ["list_emails", readMailbox],
]);

/** A result as a model will read it. */
function toPlainData(result: unknown): unknown {
  const text = JSON.stringify(result ?? null);
  if (text === undefined) throw new Error(`JSON has no place for a ${typeof result}`);
  return JSON.parse(text);
}

function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return `something was thrown that cannot be shown (${typeof thrown})`;
  }
}

/** The tool's own word on another try, if its error has a cause that says something of the kind. */
function readRetry(thrown: unknown): { after_ms?: number } | undefined {
  try {
    if (!(thrown instanceof Error)) return undefined;
    const { retry } = Object(thrown.cause);
    if (typeof retry !== "object" || retry === null) return undefined;
    if (retry.after_ms === undefined) return {};
    return Number.isFinite(retry.after_ms) ? { after_ms: retry.after_ms } : undefined;
  } catch {
    // Reading what a tool has thrown may throw as well.
    return undefined;
  }
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
 * @throws an error with the cause `{ thrownBy: "tool", retry }` where the tool has thrown something,
 *   whatever it was; `retry` is the tool's own word on another try, if it has one. An error without
 *   that cause is not the tool's
 */
export async function runTool({ name, args, context }: Task): Promise<unknown> {
  const run = runs.get(name);
  if (!run) throw new Error(`no tool named ${name} in this thread`);
  try {
    return toPlainData(await run(args, context));
  } catch (thrown) {
    const cause = { thrownBy: "tool", retry: readRetry(thrown) };
    throw new Error(messageOf(thrown), { cause });
  }
}
