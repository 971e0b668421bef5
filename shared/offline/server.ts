import { setTimeout as wait } from "node:timers/promises";
import { type ChatCompletionRequest, createServer, type FixtureResponse } from "@copilotkit/aimock";
import { reply } from "./reply.ts";

/** A setting from the environment: a whole number, or nothing. */
function readNumber(name: string): number | undefined {
  const text = process.env[name];
  if (!text) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`expected a whole number in ${name}, got ${text}`);
  return Number(text);
}

/**
 * Serves the offline model on loopback to any client of the OpenAI API. It thinks for
 * OFFLINE_LATENCY_MS before each reply, where that is set.
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
    [{ match: { endpoint: "chat" }, response: latency > 0 ? think : reply }],
    options,
  );
  if (!keepsProcessAlive) {
    server.unref();
    server.on("connection", (socket) => socket.unref());
  }
  return `${url}/v1`;
}
