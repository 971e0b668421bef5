// The calls of a streamed reply while their pieces come in, whichever protocol they come by.

/** A call, as far as it is known; `arguments` is the text so far. */
export type StreamedCall = {
  readonly type: "function_call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
};

/** From here on a call can run. */
export type Complete = {
  readonly type: "complete";
  readonly index: number;
  readonly call: StreamedCall;
};

/**
 * A piece of a message, or news of a call: any number of times `partial`, with the arguments so far,
 * and then `complete` once. `index` counts the calls of the reply from 0, in the order in which they
 * begin. A call that never completes was cut off, and must not run.
 */
export type ReplyEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "partial"; readonly index: number; readonly call: StreamedCall }
  | Complete;

/** A call that has begun. */
export type Pending = { call: StreamedCall; complete: boolean };

/** Takes one more piece of the arguments of a call, if there is such a call and it wants any. */
export function grow(pending: readonly Pending[], index: number, piece: string): ReplyEvent[] {
  const one = pending[index];
  if (!one || one.complete || piece === "") return [];
  one.call = { ...one.call, arguments: one.call.arguments + piece };
  return [{ type: "partial", index, call: one.call }];
}

/** Completes a call, once, with its arguments as a whole if the stream says them again. */
export function finish(pending: readonly Pending[], index: number, whole?: string): ReplyEvent[] {
  const one = pending[index];
  if (!one || one.complete) return [];
  one.complete = true;
  // A call without arguments may come without a single piece of them.
  one.call = { ...one.call, arguments: whole || one.call.arguments || "{}" };
  return [{ type: "complete", index, call: one.call }];
}

/** Completes the calls that nothing has completed yet, for a reply that has come to its proper end. */
export function finishAll(pending: readonly Pending[]): ReplyEvent[] {
  return pending.flatMap((_, index) => finish(pending, index));
}

/** How long a server may take to end a stream whose last event has come. */
const LINGER_MS = 1_000;

/** A stream of a reply. The SDK's own ones have a controller, which closes the connection. */
export type Source<Event> = AsyncIterable<Event> & {
  readonly controller?: { abort(): void };
};

/**
 * Hands on the events of a stream up to the last one of a whole reply. Then the stream is read to its
 * end, since to leave it would close a connection that the next request can use. Where that end does
 * not come, the connection is of no more use, and is closed.
 *
 * @throws an error if the stream ends or breaks off before that event; what happens to it after that
 * does not matter
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
