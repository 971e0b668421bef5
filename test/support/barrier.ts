import { createServer, type ServerResponse } from "node:http";
import { listen } from "../../scripts/serve.ts";

/**
 * Serves a barrier for tools in threads: a call arrives, and waits until the test releases it.
 *
 * @param arrived gets the names that wait, in the order of arrival, whenever one more arrives. It returns
 *   the names to release in order; each is released when the one before it is gone
 * @returns its address, its log, a function that releases a name at any time, and a function that ends it
 */
export async function serveBarrier(
  arrived: (waiting: readonly string[]) => readonly string[],
): Promise<{ url: string; log: string[]; letGo: (name: string) => void; close: () => void }> {
  const log: string[] = [];
  const waiting = new Map<string, ServerResponse>();
  const letGo = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const response = waiting.get(name);
      waiting.delete(name);
      log.push(`end ${name}`);
      await new Promise<void>((resolve) => {
        response?.once("close", resolve);
        response?.end(`calm in ${name}`);
      });
    }
  };
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url?.slice(1) ?? "");
    log.push(`start ${name}`);
    waiting.set(name, response);
    response.setHeader("connection", "close");
    void letGo(arrived([...waiting.keys()]));
  });
  const { url, close } = await listen(server);
  return { url: `${url}/`, log, letGo: (name) => void letGo([name]), close };
}
