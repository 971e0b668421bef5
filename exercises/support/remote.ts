// A tool that asks the check how its call ends. It runs in the reader's program, in a thread or not.
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { threadId } from "node:worker_threads";
import type { RunContext } from "../../mock-tools/context.ts";

const POLL_MS = 5;

/** Sends a body, and returns what comes back, or nothing if the call was cancelled before. */
function post(path: string, body: string, cancelled?: Int32Array): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const out = request(`${process.env.CHECK_URL}/${path}`, { method: "POST" }, (response) => {
      resolve(text(response));
    });
    const look = setInterval(() => {
      if (!cancelled || Atomics.load(cancelled, 0) === 0) return;
      resolve(undefined);
      out.destroy();
    }, POLL_MS);
    out.on("close", () => clearInterval(look));
    out.on("error", reject);
    out.end(body);
  });
}

/**
 * Lets the check decide how a call of a tool ends, if the check wants to.
 *
 * @param usual what the tool does otherwise
 * @throws the error that the check wants
 */
export async function askCheck(
  tool: string,
  args: unknown,
  { key, cancelled }: RunContext,
  usual: () => unknown,
): Promise<unknown> {
  if (!process.env.CHECK_TOOLS?.split(" ").includes(tool)) return usual();
  const said = await post(tool, JSON.stringify({ args, key, thread: threadId }), cancelled);
  if (said === undefined) return "stopped early";
  const { type, value, message, cause } = JSON.parse(said);
  if (type === "throw") throw new Error(message, { cause });
  return type === "usual" ? usual() : value;
}
