import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import { createEndpointHandler, TerminalError } from "@restatedev/restate-sdk";
import { describe } from "../describe.ts";
import { printStatus } from "../print.ts";

type Options = Parameters<typeof createEndpointHandler>[0];
/** Services as Restate's SDK makes them. */
export type Services = Options["services"];

type Logger = NonNullable<Options["logger"]>;

/** Is told why an attempt has failed. The engine makes another one. */
export type WhenFailed = (error: Error) => void;

/** Says on stderr that an attempt has failed. What follows its first line is a stack. */
export const sayFailed: WhenFailed = ({ message }) => {
  const [said] = message.split("\n");
  printStatus(`warning: ${said}; it is tried again`);
};

/** The SDK takes it for an error that a connection ends. The engine makes the call again on another one. */
const CONNECTION_LOST = "Got abort error from connection";

/** Takes the SDK's lines. Most of them say that all goes as it should. */
function makeLogger(whenFailed: WhenFailed): Logger {
  return ({ level }, message, ...more) => {
    const failure = more.find((one) => one instanceof Error);
    const [said = ""] = String(message).split("\n");
    // A terminal error is an answer, after which there is no other attempt.
    if (failure instanceof TerminalError) return;
    if (failure) whenFailed(failure);
    else if (level === "error" && !said.startsWith(CONNECTION_LOST)) printStatus(`error: ${said}`);
  };
}

/** Statuses after which the same request may succeed: it took too long, met another one, or came too soon. */
const MAY_PASS = [408, 409, 429];

/** A request that a server does not accept would not be accepted the next time. */
function asTerminalError(error: unknown): TerminalError | undefined {
  const { status } = Object(error);
  const isFinal = status >= 400 && status < 500 && !MAY_PASS.includes(status);
  return isFinal ? new TerminalError(describe(error)) : undefined;
}

/**
 * How soon the engine calls a handler again when nobody serves it. By itself it would double its waits up to
 * a minute, and after 70 attempts it would make no other one.
 */
const defaultServiceOptions = {
  retryPolicy: { initialInterval: 100, maxInterval: 1_000, maxAttempts: 2 ** 31 - 1 },
  asTerminalError,
};

/** A server of services, which the engine calls. */
export type ServiceServer = { readonly port: number; close(): Promise<void> };

type Serving = {
  /** A free one if it is 0. */
  readonly port?: number;
  /** True if other machines may connect as well. */
  readonly isPublic?: boolean;
  /** How many calls the engine may send over one connection, before it opens another one. */
  readonly maxConcurrentStreams?: number;
  readonly whenFailed?: WhenFailed;
};

/**
 * Serves services, on loopback unless they are public. Sessions that the engine holds open do not keep it from closing.
 *
 * @throws an error if the port is taken
 */
export async function serveService(
  services: Services,
  { port = 0, isPublic = false, maxConcurrentStreams = 128, whenFailed = sayFailed }: Serving = {},
): Promise<ServiceServer> {
  let isClosed = false;
  const log = makeLogger(whenFailed);
  const logger: Logger = (...line) => {
    // What is under way when a server closes ends in errors of many kinds.
    if (!isClosed) log(...line);
  };
  const handler = createEndpointHandler({ services, logger, defaultServiceOptions });
  const server = createServer({ settings: { maxConcurrentStreams } }, handler);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.listen({ port, host: isPublic ? undefined : "127.0.0.1" });
  await once(server, "listening");
  return {
    port: Number(Object(server.address()).port),
    async close() {
      isClosed = true;
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
