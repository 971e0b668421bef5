// The front door: reads each request before aimock does, and keeps what aimock drops.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { adaptGemini } from "./gemini.ts";
import { parseJson } from "./json.ts";
import { type Knobs, readKnobs } from "./knobs.ts";
import { refuse } from "./rules.ts";

function sendError(response: ServerResponse, error: object): void {
  response.writeHead(400, { "content-type": "application/json" });
  response.end(JSON.stringify({ type: "error", error }));
}

/** The same request again, to be read by aimock, which takes the knobs from this header only. */
function repeat(request: IncomingMessage, body: string, knobs: Knobs): Readable {
  const { method, url, socket, headers } = request;
  return Object.assign(Readable.from([Buffer.from(body)]), {
    method,
    url,
    socket,
    headers: { ...headers, "x-aimock-context": JSON.stringify(knobs) },
  });
}

/**
 * Puts the front door before a server of aimock's. A request that Claude's API would refuse is
 * refused here; every other one goes on to aimock with its knobs in a header, which comes out again
 * as the request's `_context`.
 */
export function openFrontDoor(server: Server): void {
  const [handle] = server.listeners("request");
  server.removeAllListeners("request");
  server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
    const text = (await buffer(request)).toString();
    const json = parseJson(text);
    const error = refuse(json);
    if (error !== undefined) return sendError(response, error);
    const body = json === undefined ? text : JSON.stringify(adaptGemini(json));
    handle?.call(server, repeat(request, body, readKnobs(json)), response);
  });
}
