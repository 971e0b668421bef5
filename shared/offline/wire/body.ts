import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** What Claude's API reads: https://platform.claude.com/docs/en/api/overview#request-size-limits */
export const LARGEST_BODY = 32 * 1024 * 1024;

/** How long the rest of a body that is too large may take before it is cut off. */
const PATIENCE_MS = 2_000;

/** Lets go of the rest of an upload. Many clients read no answer before they have sent everything. */
async function skipRest(request: IncomingMessage): Promise<void> {
  const end = new Promise<void>((resolve) => request.once("close", resolve).once("end", resolve));
  request.resume();
  await Promise.race([end, wait(PATIENCE_MS, undefined, { ref: false })]);
}

/**
 * Reads the body of a request, returns its text, or nothing if it is larger than LARGEST_BODY; then
 * no more than that is ever kept in memory. Rejects if the client goes away before the end.
 */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > LARGEST_BODY) {
    await skipRest(request);
    return undefined;
  }
  // The socket must outlive the loop, for the answer that says the body is too large.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > LARGEST_BODY) break;
    chunks.push(chunk);
  }
  if (size <= LARGEST_BODY) return Buffer.concat(chunks).toString();
  chunks.length = 0;
  await skipRest(request);
  return undefined;
}
