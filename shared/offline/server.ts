import type { IncomingMessage, Server } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { type ChatCompletionRequest, createServer, type FixtureResponse } from "@copilotkit/aimock";
import { adaptGemini } from "./gemini.ts";
import { readKnobs } from "./knobs.ts";
import { reply } from "./reply.ts";
import { refuse } from "./rules.ts";

const LETTERS_PER_TOKEN = 4;
const TOKENS_PER_SECOND = 25;

/** A setting from the environment: a whole number, or nothing. */
function readNumber(name: string): number | undefined {
  const text = process.env[name];
  if (!text) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`expected a whole number in ${name}, got ${text}`);
  return Number(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads each request before aimock does, whose own form of it has no place for all that is in it. */
function keepKnobs(server: Server): void {
  const [handle] = server.listeners("request");
  server.removeAllListeners("request");
  server.on("request", async (request: IncomingMessage, response) => {
    const text = (await buffer(request)).toString();
    const json = parseJson(text);
    const error = refuse(json);
    if (error !== undefined) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ type: "error", error }));
      return;
    }
    const body = json === undefined ? text : JSON.stringify(adaptGemini(json));
    const knobs = JSON.stringify(readKnobs(json));
    const { method, url, socket } = request;
    const headers = { ...request.headers, "x-aimock-context": knobs };
    const again = Object.assign(Readable.from([Buffer.from(body)]), {
      method,
      url,
      socket,
      headers,
    });
    handle?.call(server, again, response);
  });
}

/**
 * Serves the offline model on loopback to any client of the OpenAI API. It thinks for
 * OFFLINE_LATENCY_MS before each reply, where that is set, and streams as many pieces of some letters
 * each as OFFLINE_TOKENS_PER_SECOND says.
 *
 * @param port the port, 0 for any free one
 * @param keepsProcessAlive false when the program that asks is also the one that answers
 * @returns the base URL that a client needs; rejects when the port is taken
 */
export async function serveOfflineModel(port: number, keepsProcessAlive: boolean): Promise<string> {
  const options = { port, logLevel: "silent", journalMaxEntries: 1 } as const;
  const latency = readNumber("OFFLINE_LATENCY_MS") ?? 0;
  const think = async (request: ChatCompletionRequest): Promise<FixtureResponse> => {
    await wait(latency);
    return reply(request);
  };
  const { server, url } = await createServer(
    [
      {
        match: { endpoint: "chat" },
        response: latency > 0 ? think : reply,
        chunkSize: LETTERS_PER_TOKEN,
        streamingProfile: { tps: readNumber("OFFLINE_TOKENS_PER_SECOND") ?? TOKENS_PER_SECOND },
      },
    ],
    options,
  );
  keepKnobs(server);
  if (!keepsProcessAlive) {
    server.unref();
    server.on("connection", (socket) => socket.unref());
  }
  return `${url}/v1`;
}
