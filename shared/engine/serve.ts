import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import { createEndpointHandler, TerminalError } from "@restatedev/restate-sdk";
import { describe } from "../describe.ts";
import { printStatus } from "../print.ts";

type Options = Parameters<typeof createEndpointHandler>[0];
/** Services as Restate's SDK makes them. */
export type Services = Options["services"];

type Logger = NonNullable<Options["logger"]>;

/** Called when an attempt has failed. The engine makes another one. */
export type WhenFailed = (error: Error) => void;

/** Prints on stderr that an attempt has failed: only the first line, because a stack follows. */
export const sayFailed: WhenFailed = ({ message }) => {
  const [said] = message.split("\n");
  printStatus(`warning: ${said}; it is tried again`);
};

/** The SDK logs this as an error when a connection ends. The engine repeats the call on another one. */
const CONNECTION_LOST = "Got abort error from connection";

/** Makes a logger for the SDK. It drops most lines, because they say that all is well. */
function makeLogger(whenFailed: WhenFailed): Logger {
  return ({ level }, message, ...more) => {
    const failure = more.find((one) => one instanceof Error);
    const [said = ""] = String(message).split("\n");
    // A terminal error is an answer: the engine makes no other attempt.
    if (failure instanceof TerminalError) return;
    if (failure) whenFailed(failure);
    else if (level === "error" && !said.startsWith(CONNECTION_LOST)) printStatus(`error: ${said}`);
  };
}

/** Statuses after which the same request may succeed: timeout, conflict, too many requests. */
const MAY_PASS = [408, 409, 429];

/** If a server refuses a request, it would refuse it again, so the error becomes terminal. */
function asTerminalError(error: unknown): TerminalError | undefined {
  const { status } = Object(error);
  const isFinal = status >= 400 && status < 500 && !MAY_PASS.includes(status);
  return isFinal ? new TerminalError(describe(error)) : undefined;
}

/**
 * How soon the engine calls a handler again if no process serves it. By default it would double its waits
 * up to a minute, and stop after 70 attempts.
 */
const defaultServiceOptions = {
  retryPolicy: { initialInterval: 100, maxInterval: 1_000, maxAttempts: 2 ** 31 - 1 },
  asTerminalError,
};

/** A server of services, which the engine calls. */
export type ServiceServer = { readonly port: number; close(): Promise<void> };

type Serving = {
  /** The port; 0 means any free port. */
  readonly port?: number;
  /** True if other machines may connect, too. */
  readonly isPublic?: boolean;
  /** How many calls the engine may send over one connection before it opens another one. */
  readonly maxConcurrentStreams?: number;
  readonly whenFailed?: WhenFailed;
};

/**
 * Serves services, on loopback unless they are public. It can close even while the engine holds sessions open.
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
    // When a server closes, unfinished calls end with many kinds of errors.
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
