import type { ServerResponse } from "node:http";

/** The protocols that the offline model speaks. */
export type Wire = "chat" | "responses" | "claude" | "gemini";

/** Why a request gets no reply. The last three fields are details for clients of some APIs. */
export type Refusal = {
  readonly status: number;
  readonly message: string;
  readonly param?: string | null | undefined;
  readonly code?: string | null | undefined;
  readonly details?: object | undefined;
};

/** https://platform.claude.com/docs/en/api/errors */
const CLAUDE_TYPES = new Map([
  [404, "not_found_error"],
  [413, "request_too_large"],
  [500, "api_error"],
  [503, "api_error"],
]);

/** https://cloud.google.com/apis/design/errors#handling_errors */
const GEMINI_STATUSES = new Map([
  [404, "NOT_FOUND"],
  [405, "UNIMPLEMENTED"],
  [500, "INTERNAL"],
  [503, "UNAVAILABLE"],
]);

/**
 * Takes the protocol of a request and the reason for refusing it. Returns the body that the real API would
 * send. OpenAI's is an object with a message, type, param and code:
 * https://platform.openai.com/docs/guides/error-codes
 */
export function errorBody(wire: Wire, refusal: Refusal): object {
  const { status, message, param = null, code = null, details } = refusal;
  if (wire === "claude") {
    const type = CLAUDE_TYPES.get(status) ?? "invalid_request_error";
    return { type: "error", error: { type, message, ...(details && { details }) } };
  }
  if (wire === "gemini") {
    const word = GEMINI_STATUSES.get(status) ?? "INVALID_ARGUMENT";
    return { error: { code: status, message, status: word } };
  }
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return { error: { message, type, param, code } };
}

/** Takes a response that has not begun, and ends it with an error in the shape of the API. */
export function sendRefusal(response: ServerResponse, wire: Wire, refusal: Refusal): void {
  // Otherwise the rest of a refused upload would be taken for the next request.
  if (refusal.status === 413 || refusal.status === 503) response.setHeader("connection", "close");
  const headers = { "content-type": "application/json", "access-control-allow-origin": "*" };
  response.writeHead(refusal.status, headers);
  response.end(JSON.stringify(errorBody(wire, refusal)));
}
