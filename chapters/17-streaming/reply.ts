// Reads a reply from its events, and reports each call as soon as it is complete.
import { addSettings } from "../../shared/settings.ts";
import type { Complete, ReplyEvent, StreamedCall } from "./pieces.ts";

addSettings({ OFFLINE_TOKENS_PER_SECOND: "the pace at which the offline model streams" });

/** What was read: the events as "0p 0c 1p", the complete calls in order, and the stream's error, if any. */
export type Reply = {
  readonly events: readonly string[];
  readonly calls: StreamedCall[];
  readonly error: unknown;
};

/**
 * Reads a reply until it ends or breaks off. If it breaks off, the calls that were complete are still
 * returned, since they may have been started.
 *
 * @param onText is called with each piece of a message
 * @param onCall is called with each call as soon as its arguments are complete
 */
export async function readReply(
  stream: AsyncIterable<ReplyEvent>,
  onText: (text: string) => void,
  onCall: (call: StreamedCall) => void,
): Promise<Reply> {
  const events: string[] = [];
  const complete: Complete[] = [];
  let error: unknown;
  try {
    for await (const event of stream) {
      if (event.type === "text") onText(event.text);
      else events.push(`${event.index}${event.type[0]}`);
      if (event.type !== "complete") continue;
      complete.push(event);
      onCall(event.call);
    }
  } catch (thrown) {
    error = thrown;
  }
  complete.sort((one, other) => one.index - other.index);
  return { events, calls: complete.map(({ call }) => call), error };
}
