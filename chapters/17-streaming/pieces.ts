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

/** A call that has begun, and where its pieces say that they belong, if they do. */
export type Pending = { call: StreamedCall; readonly place: number | undefined; complete: boolean };

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

/**
 * Hands on the events of a stream up to the last one of a whole reply.
 *
 * @throws an error if the stream breaks off before that event; what happens to it after that does not matter
 */
export async function* untilLast<Event>(
  stream: AsyncIterable<Event>,
  isLast: (event: Event) => boolean,
): AsyncGenerator<Event> {
  const broken = "the stream broke off within the reply";
  let whole = false;
  try {
    for await (const event of stream) {
      if (!whole) yield event;
      // Read to its end all the same: leaving the loop earlier would close the connection.
      whole ||= isLast(event);
    }
  } catch (cause) {
    if (!whole) throw new Error(broken, { cause });
  }
  if (!whole) throw new Error(broken);
}
