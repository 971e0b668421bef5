import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import { createEndpointHandler } from "@restatedev/restate-sdk";
import { printStatus } from "../print.ts";

type Options = Parameters<typeof createEndpointHandler>[0];
/** Services as Restate's SDK makes them. */
export type Services = Options["services"];

/** Prints the SDK's errors, each on a line. Its other lines tell of what goes as it should. */
const logger: NonNullable<Options["logger"]> = ({ level, replaying }, message, ...more) => {
  if (level !== "error" || replaying) return;
  printStatus(`error: ${[message, ...more].map(String).join(" ")}`);
};

/** A server of services, which the engine calls. */
export type ServiceServer = { readonly port: number; close(): Promise<void> };

/**
 * Serves services on loopback, on a free port. Sessions that the engine holds open do not keep it from
 * closing.
 */
export async function serveService(services: Services): Promise<ServiceServer> {
  const server = createServer(createEndpointHandler({ services, logger }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = Number(Object(server.address()).port);
  return {
    port,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
