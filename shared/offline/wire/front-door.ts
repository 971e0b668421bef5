// The front door: reads each request before aimock does, refuses what the real APIs would refuse, and
// keeps what aimock drops.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { readBody } from "./body.ts";
import { adaptGemini } from "./gemini.ts";
import { parseJson } from "./json.ts";
import { readKnobs } from "./knobs.ts";
import { findMistake, findTooMuch } from "./mistakes.ts";
import { adaptOutgoing } from "./outgoing.ts";
import { type Refusal, sendRefusal, type Wire } from "./refusal.ts";
import { pathOf, routeOf } from "./routes.ts";
import { refuseClaude } from "./rules.ts";
import { refuseStored } from "./stored.ts";

type Handle = (request: Readable, response: ServerResponse) => void;

/** The largest body that aimock reads. It is more than any model's context window holds. */
const CONTEXT_WINDOW = 10 * 1024 * 1024;
const TOO_LONG: Refusal = {
  status: 400,
  message: "Your input exceeds the context window of this model.",
  code: "context_length_exceeded",
};

/** The list of models, in the form of https://platform.openai.com/docs/api-reference/models/list */
const MODELS = {
  object: "list",
  data: [{ id: "offline", object: "model", created: 0, owned_by: "the-agent-loop" }],
};

/**
 * A copy of the request for aimock. Its headers are ours, because some headers of clients would change
 * aimock's reply. The knobs come back as the `_context` of the request.
 */
function repeat(request: IncomingMessage, body: Buffer, json: unknown): Readable {
  const { method, socket } = request;
  const context = JSON.stringify(readKnobs(json));
  const headers = { "content-type": "application/json", "x-aimock-context": context };
  return Object.assign(Readable.from([body]), { method, url: pathOf(request), socket, headers });
}

function refuse(wire: Wire, json: unknown): Refusal | undefined {
  const mistake = findMistake(wire, json);
  if (mistake) return mistake;
  if (wire === "claude") return refuseClaude(json);
  return wire === "responses" ? refuseStored(json) : undefined;
}

function sendModels(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
  });
  response.end(JSON.stringify(MODELS));
}

async function enter(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handle,
): Promise<void> {
  // A browser first asks what it may send. aimock answers that.
  if (request.method === "OPTIONS") return handle(repeat(request, Buffer.of(), {}), response);
  if (request.method === "GET" && pathOf(request) === "/v1/models") return sendModels(response);
  const { wire, refusal } = routeOf(request);
  if (refusal) return sendRefusal(response, wire, refusal);
  const text = await readBody(request);
  if (typeof text !== "string") return sendRefusal(response, wire, text);
  const tooMuch = findTooMuch(text);
  if (tooMuch) return sendRefusal(response, wire, tooMuch);
  const json = parseJson(text);
  const refused = refuse(wire, json);
  if (refused) return sendRefusal(response, wire, refused);
  const body = Buffer.from(JSON.stringify(adaptGemini(json)));
  if (body.length > CONTEXT_WINDOW) return sendRefusal(response, wire, TOO_LONG);
  adaptOutgoing(response, wire, json);
  handle(repeat(request, body, json), response);
}

/** Ends a request that could not be read or that met a bug of ours. No request may end the process. */
function giveUp(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || !request.complete) {
    response.destroy();
    return;
  }
  sendRefusal(response, routeOf(request).wire, { status: 500, message: String(error) });
}

/**
 * Puts the front door before a server of aimock. It refuses the requests that the real API would
 * refuse, and passes every other request on to aimock.
 */
export function openFrontDoor(server: Server): void {
  const [listener] = server.listeners("request");
  const handle: Handle = (request, response) => {
    listener?.call(server, request, response);
  };
  server.removeAllListeners("request");
  // Otherwise aimock's sockets for other protocols would bypass this door.
  server.removeAllListeners("upgrade");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    // If the client has gone, this stops aimock from writing the rest of a stream.
    response.once("close", () => response.end());
    enter(request, response, handle).catch((error) => giveUp(request, response, error));
  });
}
