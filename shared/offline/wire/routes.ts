import type { IncomingMessage } from "node:http";
import type { Refusal, Wire } from "./refusal.ts";

/** The parts of a request that say where it goes. */
export type Addressed = Pick<IncomingMessage, "method" | "url" | "headers">;

/** The protocol of a request, and why it is refused, if it is. */
export type Route = { readonly wire: Wire; readonly refusal: Refusal | undefined };

const PATHS: readonly (readonly [RegExp, Wire])[] = [
  [/^\/v1\/chat\/completions$/, "chat"],
  [/^\/v1\/responses$/, "responses"],
  [/^\/v1\/messages$/, "claude"],
  [/^\/v1beta\/models\/[^/:]+:(?:generateContent|streamGenerateContent)$/, "gemini"],
];

/** For an unknown path, the API to which it belongs, guessed from the path or a header. */
function nearestWire(path: string, request: Addressed): Wire {
  if (path.startsWith("/v1beta/")) return "gemini";
  const isClaude = path.startsWith("/v1/messages") || "anthropic-version" in request.headers;
  return isClaude ? "claude" : "chat";
}

/** Takes a request, returns its path without the query. */
export function pathOf({ url = "/" }: Pick<Addressed, "url">): string {
  return url.replace(/[?#].*$/s, "");
}

/**
 * Takes a request, returns its protocol. Every path and method except the four that give
 * replies is refused, because aimock has many more, and some of them change its replies.
 */
export function routeOf(request: Addressed): Route {
  const { method } = request;
  const path = pathOf(request);
  const wire = PATHS.find(([pattern]) => pattern.test(path))?.[1];
  if (wire === undefined) {
    const message = `Invalid URL (${method} ${path})`;
    return { wire: nearestWire(path, request), refusal: { status: 404, message } };
  }
  if (method === "POST") return { wire, refusal: undefined };
  const message = `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`;
  return { wire, refusal: { status: 405, message, code: "method_not_supported" } };
}
