// The offline model without a server: it answers in the program's own process. A page in a browser runs it,
// because a page cannot open a port. Its replies are those of the served model.
import {
  buildContentWithToolCallsChunks,
  buildContentWithToolCallsCompletion,
  buildContentWithToolCallsStreamEvents,
  buildTextChunks,
  buildTextCompletion,
  buildTextStreamEvents,
  type ChatCompletionRequest,
  isContentWithToolCallsResponse,
  isErrorResponse,
  isTextResponse,
} from "@copilotkit/aimock";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { admit } from "./admit.ts";
import { asChat } from "./items.ts";
import { readKnobs } from "./knobs.ts";
import { LETTERS_PER_TOKEN, readPace } from "./pace.ts";
import { errorBody, type Refusal, type Wire } from "./refusal.ts";
import { reply } from "./reply.ts";
import { completeReplies } from "./responses.ts";
import { routeOf } from "./routes.ts";

/** The address of the offline model. Only `fetchOffline` understands it. */
export const OFFLINE_URL = "http://offline";

/** Does nothing, because only a server has to be started. */
export function startOfflineModel(): void {
  // The program calls this function whichever model it has.
}

const Chat = z.custom<ChatCompletionRequest>();
const Streamed = z.looseObject({ stream: z.boolean().nullish() });

/** A reply over Chat Completions, as a whole and as the pieces of its stream. */
type Written = { readonly whole: () => unknown; readonly pieces: () => readonly string[] };

function data(piece: object): string {
  return `data: ${JSON.stringify(piece)}\n\n`;
}

/** Why the model gives no reply, or what it replies: a text, and any calls. */
type Said = {
  readonly content: string;
  readonly calls: Parameters<typeof buildContentWithToolCallsCompletion>[1];
};

function think(wire: Wire, json: unknown): Said | Refusal {
  const chat = wire === "responses" ? asChat(json) : Chat.parse(json);
  const said = reply({ ...chat, _context: JSON.stringify(readKnobs(json)) });
  if (isErrorResponse(said)) {
    const { error, status = 500 } = said;
    return { status, message: error.message, code: error.code };
  }
  if (isContentWithToolCallsResponse(said)) {
    return { content: said.content ?? "", calls: said.toolCalls ?? [] };
  }
  if (isTextResponse(said)) return { content: said.content, calls: [] };
  throw new Error(`expected a text or an error, got ${JSON.stringify(said)}`);
}

function writeChat({ content, calls }: Said, { model, messages }: ChatCompletionRequest): Written {
  const none = [undefined, undefined] as const;
  return {
    whole: () =>
      calls.length > 0
        ? buildContentWithToolCallsCompletion(content, calls, model, ...none, messages)
        : buildTextCompletion(content, model, ...none, messages),
    pieces: () => {
      const chunks =
        calls.length > 0
          ? buildContentWithToolCallsChunks(content, calls, model, LETTERS_PER_TOKEN)
          : buildTextChunks(content, model, LETTERS_PER_TOKEN);
      return [...chunks.map(data), "data: [DONE]\n\n"];
    },
  };
}

function writeResponse({ content, calls }: Said, json: unknown): Written {
  const complete = completeReplies(json);
  const { model } = Chat.parse(json);
  const events =
    calls.length > 0
      ? buildContentWithToolCallsStreamEvents(content, calls, model, LETTERS_PER_TOKEN)
      : buildTextStreamEvents(content, model, LETTERS_PER_TOKEN);
  return {
    // The last event of a stream holds the whole response.
    whole: () => complete(events.at(-1)?.response),
    pieces: () => events.map((event) => `event: ${event.type}\n${data(complete(event))}`),
  };
}

/** The pieces one after the other, each after a pause. It ends with an error if the request is aborted. */
function streamOf(pieces: readonly string[], ms: number, signal: AbortSignal | undefined) {
  const queue = pieces.values();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = queue.next();
      if (done) return controller.close();
      await wait(ms, undefined, signal ? { signal } : {});
      controller.enqueue(new TextEncoder().encode(value));
    },
  });
}

function refuse(wire: Wire, refusal: Refusal): Response {
  return Response.json(errorBody(wire, refusal), { status: refusal.status });
}

/**
 * Works like `fetch`, but answers requests to OFFLINE_URL itself. It knows Chat Completions and
 * Responses. OFFLINE_LATENCY_MS and OFFLINE_TOKENS_PER_SECOND are read at each request.
 */
export const fetchOffline: typeof fetch = async (address, init = {}) => {
  const { pathname } = new URL(String(address));
  const { wire, refusal } = routeOf({ method: init.method ?? "GET", url: pathname, headers: {} });
  const isKnown = wire === "chat" || wire === "responses";
  if (!isKnown) throw new Error(`the offline model answers no ${wire} requests here`);
  if (refusal) return refuse(wire, refusal);
  const admitted = admit(wire, String(init.body ?? ""));
  if ("status" in admitted) return refuse(wire, admitted);
  const { json } = admitted;
  const { latency, tokensPerSecond } = readPace();
  const signal = init.signal ?? undefined;
  await wait(latency, undefined, signal ? { signal } : {});
  const said = think(wire, json);
  if ("status" in said) return refuse(wire, said);
  const written = wire === "chat" ? writeChat(said, Chat.parse(json)) : writeResponse(said, json);
  if (!Streamed.parse(json).stream) return Response.json(written.whole());
  const body = streamOf(written.pieces(), 1_000 / tokensPerSecond, signal);
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};
