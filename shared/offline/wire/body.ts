import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Refusal } from "./refusal.ts";

/** What Claude's API reads: https://platform.claude.com/docs/en/api/overview#request-size-limits */
const LARGEST_BODY = 32 * 1024 * 1024;

/** What all uploads under way may hold together: four of the largest. */
const MOST_TOGETHER = 4 * LARGEST_BODY;

/** A body of this size is always read, so that uploads which never end keep nobody else out. */
const SMALL_BODY = 64 * 1024;

/** How long the rest of a body that is not read may take before it is cut off. */
const PATIENCE_MS = 2_000;

const TOO_LARGE: Refusal = {
  status: 413,
  message: `Request exceeds the maximum size of ${LARGEST_BODY} bytes.`,
};
const TOO_BUSY: Refusal = {
  status: 503,
  message: "The server has too many uploads under way. Please retry your request later.",
};

/** How many bytes the uploads under way hold. */
let together = 0;

/** Lets go of the rest of an upload. Many clients read no answer before they have sent everything. */
async function skipRest(request: IncomingMessage): Promise<void> {
  const end = new Promise<void>((resolve) => request.once("close", resolve).once("end", resolve));
  request.resume();
  await Promise.race([end, wait(PATIENCE_MS, undefined, { ref: false })]);
}

/** Why a body that has grown to this size is read no further, or nothing. */
function refuseSize(size: number): Refusal | undefined {
  if (size > LARGEST_BODY) return TOO_LARGE;
  return together > MOST_TOGETHER && size > SMALL_BODY ? TOO_BUSY : undefined;
}

async function readAll(request: IncomingMessage): Promise<string | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The socket must outlive the loop, for the answer that says why the body is not read.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      together += chunk.length;
      const refusal = refuseSize(size);
      if (refusal) return refusal;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size).toString();
  } finally {
    together -= size;
    // Nothing may keep the pieces in memory while the rest is skipped.
    chunks.length = 0;
  }
}

/**
 * Reads the body of a request, returns its text, or why it was not read: it is larger than
 * LARGEST_BODY, or the uploads under way hold more than MOST_TOGETHER. No more than that is ever kept
 * in memory. Rejects if the client goes away before the end.
 */
export async function readBody(request: IncomingMessage): Promise<string | Refusal> {
  const announced = Number(request.headers["content-length"] ?? 0);
  const body = announced > LARGEST_BODY ? TOO_LARGE : await readAll(request);
  if (typeof body !== "string") await skipRest(request);
  return body;
}
