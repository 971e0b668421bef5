import { createServer, type IncomingHttpHeaders } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { now } from "../mock-tools/notes.ts";
import { listen } from "../scripts/serve.ts";

const Request = z.object({ input: z.array(z.unknown()) });

/** An event of a streamed reply, with the fields that pictures use. */
const Event = z.object({
  type: z.string(),
  output_index: z.number().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
});
type Event = z.infer<typeof Event>;

/** A reply as it was passed on. Times are milliseconds since 1970. */
export type Passed = {
  /** Whether its request was the first of a conversation. */
  readonly opens: boolean;
  readonly start: number;
  readonly end: number;
  readonly events: readonly { readonly at: number; readonly event: Event }[];
};

/** A request and its reply, as they were passed on. Times are milliseconds since 1970. */
export type Exchange = {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly request: unknown;
  readonly status: number;
  /** The body of the reply, unless it was streamed. */
  readonly reply?: unknown;
  /** The events of a streamed reply. */
  readonly events: readonly { readonly at: number; readonly data: unknown }[];
};

/** The headers that say how a body is to be read, and for whom it is. */
const HEADERS = /^(content-type|authorization|x-api-key|anthropic-version|x-goog-api-key)$/;

function keepHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => HEADERS.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

/** Passes requests on to a model. Tells of each when its reply has been passed on, too. */
async function relay(
  model: string,
  hear: (exchange: Exchange) => void,
): Promise<{ url: string; close: () => void }> {
  const server = createServer(async (incoming, out) => {
    const start = now();
    const body = await text(incoming);
    const { url: path = "" } = incoming;
    const headers = keepHeaders(incoming.headers);
    const reply = await fetch(`${model}${path}`, { method: "POST", headers, body });
    if (!reply.body) throw new Error(`the model has replied nothing but ${reply.status}`);
    out.writeHead(reply.status, { "content-type": reply.headers.get("content-type") ?? "" });
    const lines: string[] = [];
    const events: { at: number; data: unknown }[] = [];
    for await (const line of createInterface({ input: Readable.from(reply.body) })) {
      out.write(`${line}\n`);
      lines.push(line);
      const [, data] = /^data: (\{.*)/.exec(line) ?? [];
      if (data) events.push({ at: now(), data: JSON.parse(data) });
    }
    const whole = events.length > 0 ? {} : { reply: JSON.parse(lines.join("\n")) };
    const request = JSON.parse(body);
    hear({ path, start, end: now(), request, status: reply.status, ...whole, events });
    out.end();
  });
  return listen(server);
}

/**
 * Passes requests of any protocol on to a model, and keeps them with their replies.
 *
 * @param model the address of its server, without a path
 * @returns the address of the relay, the exchanges so far, and a function that ends it
 */
export async function relayExchanges(
  model: string,
): Promise<{ url: string; exchanges: Exchange[]; close: () => void }> {
  const exchanges: Exchange[] = [];
  return { ...(await relay(model, (exchange) => exchanges.push(exchange))), exchanges };
}

/**
 * Passes requests for Responses on to a model, and notes when its replies came.
 *
 * @returns the base URL for OPENAI_BASE_URL, the replies so far, and a function that ends it
 */
export async function relayTo(
  model: string,
): Promise<{ url: string; passed: Passed[]; close: () => void }> {
  const passed: Passed[] = [];
  const hear = ({ start, end, request, events }: Exchange): void => {
    const opens = Request.parse(request).input.length === 1;
    const read = events.map(({ at, data }) => ({ at, event: Event.parse(data) }));
    passed.push({ opens, start, end, events: read });
  };
  return { ...(await relay(model, hear)), passed };
}
