import { createServer } from "@copilotkit/aimock";
import { reply } from "./reply.ts";

/**
 * Serves the offline model on loopback to any client of the OpenAI API.
 *
 * @param port the port, 0 for any free one
 * @param keepsProcessAlive false when the program that asks is also the one that answers
 * @returns the base URL that a client needs; rejects when the port is taken
 */
export async function serveOfflineModel(port: number, keepsProcessAlive: boolean): Promise<string> {
  const options = { port, logLevel: "silent", journalMaxEntries: 1 } as const;
  const { server, url } = await createServer(
    [{ match: { endpoint: "chat" }, response: reply }],
    options,
  );
  if (!keepsProcessAlive) {
    server.unref();
    server.on("connection", (socket) => socket.unref());
  }
  return `${url}/v1`;
}
