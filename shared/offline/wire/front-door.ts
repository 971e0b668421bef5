// The front door: reads each request before aimock does, refuses what the real APIs would refuse, and
// keeps what aimock drops.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { admit } from "./admit.ts";
import { readBody } from "./body.ts";
import { readKnobs } from "./knobs.ts";
import { adaptOutgoing } from "./outgoing.ts";
import { sendRefusal } from "./refusal.ts";
import { pathOf, routeOf } from "./routes.ts";

type Handle = (request: Readable, response: ServerResponse) => void;

/** The list of models, in the form of https://platform.openai.com/docs/api-reference/models/list */
const MODELS = {
  object: "list",
  data: [{ id: "offline", object: "model", created: 0, owned_by: "the-agent-loop" }],
};

/**
 * A copy of the request for aimock. Its headers are ours, because some headers of clients would change
 * aimock's reply. The knobs come back as the `_context` of the request.
 */
function repeat(request: IncomingMessage, body: Uint8Array, json: unknown): Readable {
  const { method, socket } = request;
  const context = JSON.stringify(readKnobs(json));
  const headers = { "content-type": "application/json", "x-aimock-context": context };
  return Object.assign(Readable.from([body]), { method, url: pathOf(request), socket, headers });
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
  const admitted = admit(wire, text);
  if ("status" in admitted) return sendRefusal(response, wire, admitted);
  const { json, bytes } = admitted;
  adaptOutgoing(response, wire, json);
  handle(repeat(request, bytes, json), response);
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
