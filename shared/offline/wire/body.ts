import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Refusal } from "./refusal.ts";

/** Claude's largest body: https://platform.claude.com/docs/en/api/overview#request-size-limits */
const LARGEST_BODY = 32 * 1024 * 1024;

/** The most bytes of all unfinished uploads together: four of the largest. */
const MOST_TOGETHER = 4 * LARGEST_BODY;

/** A body of this size is always read, so that endless uploads cannot block other clients. */
const SMALL_BODY = 64 * 1024;

/** How long the rest of a refused body may take before the connection is cut. */
const PATIENCE_MS = 2_000;

const TOO_LARGE: Refusal = {
  status: 413,
  message: `Request exceeds the maximum size of ${LARGEST_BODY} bytes.`,
};
const TOO_BUSY: Refusal = {
  status: 503,
  message: "The server has too many uploads under way. Please retry your request later.",
};

/** The bytes of all unfinished uploads. */
let together = 0;

/** Discards the rest of an upload. Many clients read no answer before they have sent everything. */
async function skipRest(request: IncomingMessage): Promise<void> {
  const end = new Promise<void>((resolve) => request.once("close", resolve).once("end", resolve));
  request.resume();
  await Promise.race([end, wait(PATIENCE_MS, undefined, { ref: false })]);
}

/** Why reading stops at a body of this size, or undefined. */
function refuseSize(size: number): Refusal | undefined {
  if (size > LARGEST_BODY) return TOO_LARGE;
  return together > MOST_TOGETHER && size > SMALL_BODY ? TOO_BUSY : undefined;
}

async function readAll(request: IncomingMessage): Promise<string | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The socket must stay open after the loop, for the answer that refuses the body.
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
    // Frees the memory of the pieces while the rest is skipped.
    chunks.length = 0;
  }
}

/**
 * Reads the body of a request. Returns its text, or a refusal: it is larger than
 * LARGEST_BODY, or the unfinished uploads hold more than MOST_TOGETHER. No more than that is ever kept
 * in memory. Rejects if the client goes away before the end.
 */
export async function readBody(request: IncomingMessage): Promise<string | Refusal> {
  const announced = Number(request.headers["content-length"] ?? 0);
  const body = announced > LARGEST_BODY ? TOO_LARGE : await readAll(request);
  if (typeof body !== "string") await skipRest(request);
  return body;
}
