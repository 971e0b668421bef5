import { createServer } from "node:http";
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

/**
 * Passes requests for Responses on to a model, and notes when its replies came.
 *
 * @returns the base URL for OPENAI_BASE_URL, the replies so far, and a function that ends it
 */
export async function relayTo(
  model: string,
): Promise<{ url: string; passed: Passed[]; close: () => void }> {
  const passed: Passed[] = [];
  const server = createServer(async (incoming, out) => {
    const start = now();
    const body = await text(incoming);
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${model}${incoming.url}`, { method: "POST", headers, body });
    if (!reply.body) throw new Error(`the model has replied nothing but ${reply.status}`);
    out.writeHead(reply.status, { "content-type": reply.headers.get("content-type") ?? "" });
    const events: { at: number; event: Event }[] = [];
    for await (const line of createInterface({ input: Readable.from(reply.body) })) {
      out.write(`${line}\n`);
      const [, data] = /^data: (\{.*)/.exec(line) ?? [];
      if (data) events.push({ at: now(), event: Event.parse(JSON.parse(data)) });
    }
    const opens = Request.parse(JSON.parse(body)).input.length === 1;
    passed.push({ opens, start, end: now(), events });
    out.end();
  });
  const { url, close } = await listen(server);
  return { url, passed, close };
}
