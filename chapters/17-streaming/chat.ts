// A streamed reply of Chat Completions: its deltas, and the message that goes into the next request.
import type { ChatCompletionChunk } from "openai/resources";
import { z } from "zod";
import { callIds } from "../../shared/call-ids.ts";
import { isChatCallId } from "../../shared/chat-completions.ts";
import { expectShape } from "../../shared/shape.ts";
import {
  finish,
  finishAll,
  grow,
  type Pending,
  type ReplyEvent,
  type Source,
  untilLast,
} from "./pieces.ts";
import { type Scan, scanPiece, startScan } from "./whole.ts";

const Piece = z.object({
  index: z.number().nullish(),
  id: z.unknown().optional(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
type Piece = z.infer<typeof Piece>;

const Delta = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(Piece).nullish(),
});
const Choice = z.object({ delta: Delta.nullish(), finish_reason: z.string().nullish() });
const Chunk = z.object({ choices: z.array(Choice).nullish() });
type Chunk = z.infer<typeof Chunk>;

/** A reply as it goes back, without any field that a server may refuse. */
export type ReplyMessage = {
  readonly role: "assistant";
  readonly content: string | null;
  readonly tool_calls?: {
    readonly type: "function";
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
};

/** A call, the id that the server gave it, and how much of its arguments has arrived. */
type Call = Pending & { readonly given: unknown; readonly scan: Scan };

type Reader = {
  readonly pending: Call[];
  /** The index of the latest call by place, by id, by both, and of all calls. See keyOf. */
  readonly latest: Map<string, number>;
  readonly settleId: ReturnType<typeof callIds>;
  /** The index of the call that the last piece belongs to. */
  last: number;
  text: string;
  refusal: string;
};

/** Some servers name no place, or the same one for all calls, and some give no id. */
function keyOf(place: unknown, id: unknown): string {
  return JSON.stringify([place ?? null, id || null]);
}

/** True if a piece belongs to another call than the known call at its place. */
function isAnother({ call, given, scan }: Call, piece: Piece): boolean {
  const { id } = piece;
  const name = piece.function?.name;
  // A different id proves nothing: some servers give each piece another id.
  if (!name || !call.name || (id && id === given)) return false;
  // A complete object cannot be the start of a longer one.
  return Boolean(id) || name !== call.name || scan.state === "whole";
}

/** Starts a call. Its id is settled now, since the call may run before the rest of the reply arrives. */
function begin({ pending, latest, settleId }: Reader, { index: place, id }: Piece): number {
  const index = pending.length;
  const call = { type: "function_call", id: settleId(id, index), name: "", arguments: "" } as const;
  pending.push({ call, given: id, scan: startScan(), complete: false });
  for (const at of [place, null]) for (const by of [id, null]) latest.set(keyOf(at, by), index);
  return index;
}

/** Finds the piece's call, or starts one. */
function find(reader: Reader, piece: Piece): number {
  const { pending, latest } = reader;
  const { index: place, id } = piece;
  const index = latest.get(keyOf(place, id)) ?? latest.get(keyOf(place, null)) ?? -1;
  const one = pending[index];
  return one && !isAnother(one, piece) ? index : begin(reader, piece);
}

/** Completes the call of the last piece, unless more of it may come. */
function finishLast({ pending, last }: Reader): ReplyEvent[] {
  const one = pending[last];
  return one?.call.name && one.scan.state === "whole" ? finish(pending, last) : [];
}

function readPiece(reader: Reader, piece: Piece): ReplyEvent[] {
  const { pending } = reader;
  const { name, arguments: text } = piece.function ?? {};
  const index = find(reader, piece);
  const completed = index === reader.last ? [] : finishLast(reader);
  reader.last = index;
  const one = pending[index];
  if (one && name && !one.call.name) one.call = { ...one.call, name };
  if (one) scanPiece(one.scan, text ?? "");
  return [...completed, ...grow(pending, index, text ?? "")];
}

function readEnd({ pending, refusal }: Reader, reason: string): ReplyEvent[] {
  const cut = reason === "length" || reason === "content_filter";
  if (cut) throw new Error(`the reply is incomplete: ${reason}`);
  if (refusal) throw new Error(`the model refuses: ${refusal}`);
  return finishAll(pending);
}

function readChunk(reader: Reader, { choices }: Chunk): ReplyEvent[] {
  const { delta, finish_reason: reason } = choices?.[0] ?? {};
  const { content, refusal, tool_calls: pieces } = delta ?? {};
  reader.text += content ?? "";
  reader.refusal += refusal ?? "";
  const text: ReplyEvent[] = content ? [{ type: "text", text: content }] : [];
  const events = (pieces ?? []).flatMap((piece) => readPiece(reader, piece));
  return [...text, ...events, ...(reason ? readEnd(reader, reason) : [])];
}

/** The message with its complete calls, or an empty list if there is no text and no call. */
function wholeMessage({ pending, text }: Reader): ReplyMessage[] {
  const tool_calls = pending
    .filter(({ complete }) => complete)
    .map(({ call: { id, name, arguments: args } }) => {
      return { type: "function", id, function: { name, arguments: args } } as const;
    });
  const message = { role: "assistant", content: text || null } as const;
  if (tool_calls.length > 0) return [{ ...message, tool_calls }];
  return text ? [message] : [];
}

/**
 * Reads a streamed reply. When the stream ends or breaks off, puts the message into `kept`. No event
 * says that a call is complete. A call counts as complete when its arguments are whole and a piece of
 * another call comes, or at the end of the reply.
 *
 * @throws an error if the stream breaks off, or says that the reply was cut short or refused
 */
export async function* readChat(
  stream: Source<ChatCompletionChunk>,
  kept: ReplyMessage[],
): AsyncGenerator<ReplyEvent> {
  const settleId = callIds(isChatCallId);
  const reader: Reader = {
    pending: [],
    latest: new Map(),
    settleId,
    last: -1,
    text: "",
    refusal: "",
  };
  try {
    const chunks = untilLast(stream, ({ choices }) => Boolean(choices?.[0]?.finish_reason));
    for await (const chunk of chunks) {
      yield* readChunk(reader, expectShape("a chunk of a reply", Chunk, chunk));
    }
  } finally {
    kept.push(...wholeMessage(reader));
  }
}
