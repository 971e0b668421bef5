// A streamed reply of Chat Completions: its deltas, and the message that goes into the next request.
import type { ChatCompletionChunk } from "openai/resources";
import { finish, finishAll, grow, type Pending, type ReplyEvent, untilLast } from "./pieces.ts";

type Piece = ChatCompletionChunk.Choice.Delta.ToolCall;

/** A reply as it goes back, with nothing in it that a server may refuse. */
export type ReplyMessage = {
  readonly role: "assistant";
  readonly content: string | null;
  readonly tool_calls?: {
    readonly type: "function";
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
};

type Reader = {
  readonly pending: Pending[];
  /** The index of the call that the last piece belongs to. */
  last: number;
  text: string;
  refusal: string;
};

/** True if nothing can follow: a whole object is never the beginning of a longer one. */
function isWhole(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** True if a piece says that it belongs to another call than the one at its place. */
function isAnother({ call }: Pending, { id, function: { name } = {} }: Piece): boolean {
  // An id alone says nothing, since some servers give each piece another one.
  if (!name || !call.name || id === call.id) return false;
  return Boolean(id) || name !== call.name || isWhole(call.arguments);
}

/** Finds the piece's call, or starts one. */
function find({ pending }: Reader, piece: Piece): number {
  const { index: place, id } = piece;
  // Some servers name no place, or the same one for all calls.
  const here = pending.filter((one) => place == null || one.place === place);
  const one = here.findLast(({ call }) => call.id === id) ?? here.at(-1);
  if (one && !isAnother(one, piece)) return pending.indexOf(one);
  const call = { id: id || `call_${pending.length}`, name: "", arguments: "" };
  return pending.push({ call: { type: "function_call", ...call }, place, complete: false }) - 1;
}

/** Completes the call of the last piece, unless more of it may come. */
function finishLast({ pending, last }: Reader): ReplyEvent[] {
  const call = pending[last]?.call;
  return call?.name && isWhole(call.arguments) ? finish(pending, last) : [];
}

function readPiece(reader: Reader, piece: Piece): ReplyEvent[] {
  const { pending } = reader;
  const { name, arguments: text } = piece.function ?? {};
  const index = find(reader, piece);
  const completed = index === reader.last ? [] : finishLast(reader);
  reader.last = index;
  const one = pending[index];
  if (one && name && !one.call.name) one.call = { ...one.call, name };
  return [...completed, ...grow(pending, index, text ?? "")];
}

function readEnd({ pending, refusal }: Reader, reason: string): ReplyEvent[] {
  const cut = reason === "length" || reason === "content_filter";
  if (cut) throw new Error(`the reply is incomplete: ${reason}`);
  if (refusal) throw new Error(`the model refuses: ${refusal}`);
  return finishAll(pending);
}

function readChunk(reader: Reader, { choices }: ChatCompletionChunk): ReplyEvent[] {
  const { delta, finish_reason: reason } = choices?.[0] ?? {};
  const { content, refusal, tool_calls: pieces } = delta ?? {};
  reader.text += content ?? "";
  reader.refusal += refusal ?? "";
  const text: ReplyEvent[] = content ? [{ type: "text", text: content }] : [];
  const events = (pieces ?? []).flatMap((piece) => readPiece(reader, piece));
  return [...text, ...events, ...(reason ? readEnd(reader, reason) : [])];
}

/** The message, with every complete call, if there is anything in it. */
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
 * Reads a streamed reply, and puts its message into `kept` when it is over, however that comes. Nobody
 * says here that a call is complete. It is when a piece of another call comes and its arguments are
 * whole, or else at the end of the reply.
 *
 * @throws an error if the stream breaks off, or says that the reply was cut short or refused
 */
export async function* readChat(
  stream: AsyncIterable<ChatCompletionChunk>,
  kept: ReplyMessage[],
): AsyncGenerator<ReplyEvent> {
  const reader: Reader = { pending: [], last: -1, text: "", refusal: "" };
  try {
    const chunks = untilLast(stream, ({ choices }) => Boolean(choices?.[0]?.finish_reason));
    for await (const chunk of chunks) yield* readChunk(reader, chunk);
  } finally {
    kept.push(...wholeMessage(reader));
  }
}
