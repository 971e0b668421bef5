// The calls of a streamed reply while their pieces come in, over either protocol.

/** A call as known so far; `arguments` is the text that has arrived. */
export type StreamedCall = {
  readonly type: "function_call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
};

/** Says that a call can run now. */
export type Complete = {
  readonly type: "complete";
  readonly index: number;
  readonly call: StreamedCall;
};

/**
 * A piece of a message, or a part of a call: any number of `partial` events with the arguments so far,
 * then one `complete`. `index` counts the calls of the reply from 0, in the order in which they
 * begin. A call that never completes was cut off, and must not run.
 */
export type ReplyEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "partial"; readonly index: number; readonly call: StreamedCall }
  | Complete;

/** A call that has begun. */
export type Pending = { call: StreamedCall; complete: boolean };

/** Adds a piece to the arguments of a call, if that call exists and is not complete. */
export function grow(pending: readonly Pending[], index: number, piece: string): ReplyEvent[] {
  const one = pending[index];
  if (!one || one.complete || piece === "") return [];
  one.call = { ...one.call, arguments: one.call.arguments + piece };
  return [{ type: "partial", index, call: one.call }];
}

/** Completes a call once. If the stream repeats its arguments as a whole, they count. */
export function finish(pending: readonly Pending[], index: number, whole?: string): ReplyEvent[] {
  const one = pending[index];
  if (!one || one.complete) return [];
  one.complete = true;
  // For a call without arguments, no piece may ever come.
  one.call = { ...one.call, arguments: whole || one.call.arguments || "{}" };
  return [{ type: "complete", index, call: one.call }];
}

/** Completes the calls that are still open, when a reply has ended properly. */
export function finishAll(pending: readonly Pending[]): ReplyEvent[] {
  return pending.flatMap((_, index) => finish(pending, index));
}

/** How long a server may take to end a stream whose last event has come. */
const LINGER_MS = 1_000;

/** A stream of a reply. The SDK's streams have a controller, which closes the connection. */
export type Source<Event> = AsyncIterable<Event> & {
  readonly controller?: { abort(): void };
};

/**
 * Passes on the events of a stream up to the last event of a whole reply, then reads the stream to its
 * end, because stopping earlier would close a connection that the next request can use. If the end
 * does not come in time, the connection is closed.
 *
 * @throws an error if the stream ends or breaks off before that event; later errors of the stream
 * are ignored
 */
export async function* untilLast<Event>(
  stream: Source<Event>,
  isLast: (event: Event) => boolean,
): AsyncGenerator<Event> {
  let broken = "expected a stream of events, got none";
  let timer: NodeJS.Timeout | undefined;
  try {
    for await (const event of stream) {
      broken = "the stream broke off within the reply";
      if (timer) continue;
      yield event;
      if (isLast(event)) timer = setTimeout(() => stream.controller?.abort(), LINGER_MS);
    }
  } catch (cause) {
    if (!timer) throw new Error(broken, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (!timer) throw new Error(broken);
}
