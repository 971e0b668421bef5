import { setTimeout as wait } from "node:timers/promises";
import { type ChatCompletionRequest, createServer, type FixtureResponse } from "@copilotkit/aimock";
import { openFrontDoor } from "./front-door.ts";
import { LETTERS_PER_TOKEN, readPace } from "./pace.ts";
import { reply } from "./reply.ts";

/** How long a connection may be idle besides the latency, for example if the client reads no more. */
const IDLE_MS = 60_000;

/**
 * Serves the offline model on loopback to any client of OpenAI's, Anthropic's or Google's API. If
 * OFFLINE_LATENCY_MS is set, it waits that long before each reply. A streamed reply comes in pieces
 * of a few letters, OFFLINE_TOKENS_PER_SECOND of them a second.
 *
 * @param port the port; 0 means any free port
 * @param keepsProcessAlive false if the program asks its own server
 * @returns the base URL for clients; rejects if the port is taken
 */
export async function serveOfflineModel(port: number, keepsProcessAlive: boolean): Promise<string> {
  const options = { port, logLevel: "silent", journalMaxEntries: 1 } as const;
  const { latency, tokensPerSecond } = readPace();
  const think = async (request: ChatCompletionRequest): Promise<FixtureResponse> => {
    // A program that is cancelled while the model thinks must not wait for the reply.
    await wait(latency, undefined, { ref: keepsProcessAlive });
    return reply(request);
  };
  const fixture = {
    match: { endpoint: "chat" },
    response: latency > 0 ? think : reply,
    chunkSize: LETTERS_PER_TOKEN,
    streamingProfile: { tps: tokensPerSecond },
  } as const;
  const { server, url } = await createServer([fixture], options);
  openFrontDoor(server);
  server.setTimeout(latency + IDLE_MS);
  if (!keepsProcessAlive) {
    server.unref();
    server.on("connection", (socket) => socket.unref());
  }
  return `${url}/v1`;
}
