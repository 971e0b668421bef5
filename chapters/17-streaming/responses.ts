// A streamed reply of the Responses API: its events, and what of it goes into the next request.
import type {
  ResponseFunctionToolCall,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { finish, finishAll, grow, type Pending, type ReplyEvent, untilLast } from "./pieces.ts";

type Reader = {
  readonly pending: Pending[];
  readonly items: [place: number, ResponseOutputItem][];
  /** The part of a message that the last text belongs to. */
  part: string | undefined;
};

/** The call at a place; where a server uses one for two calls, the later one. */
function find({ pending }: Reader, place: number): number {
  return pending.findLastIndex((one) => one.place === place);
}

/** Finds the item's call, or starts one. */
function findItem({ pending }: Reader, place: number, item: ResponseFunctionToolCall): number {
  const { type, call_id: id, name, arguments: text } = item;
  const known = pending.findIndex((one) => one.place === place && one.call.id === id);
  if (known >= 0) return known;
  const call = { type, id, name, arguments: text ?? "" };
  return pending.push({ call, place, complete: false }) - 1;
}

/** A piece of a message; texts that do not belong together do not run into one another. */
function say(reader: Reader, part: string, text: string): ReplyEvent[] {
  if (text === "") return [];
  const gap = reader.part === undefined || reader.part === part ? "" : "\n";
  reader.part = part;
  return [{ type: "text", text: gap + text }];
}

function checkRefusal({ content }: ResponseOutputMessage): void {
  for (const part of content) {
    if (part.type === "refusal") throw new Error(`the model refuses: ${part.refusal}`);
  }
}

function readEvent(reader: Reader, event: ResponseStreamEvent): ReplyEvent[] {
  const { pending, items } = reader;
  switch (event.type) {
    case "response.output_text.delta":
      return say(reader, `${event.output_index} ${event.content_index}`, event.delta);
    case "response.output_item.added":
      if (event.item.type === "function_call") findItem(reader, event.output_index, event.item);
      return [];
    case "response.function_call_arguments.delta":
      return grow(pending, find(reader, event.output_index), event.delta);
    case "response.function_call_arguments.done":
      return finish(pending, find(reader, event.output_index), event.arguments);
    case "response.output_item.done": {
      const { item, output_index: place } = event;
      // A cut-off item is done as well, and must not run.
      if ("status" in item && item.status === "incomplete") return [];
      if (item.type === "message") checkRefusal(item);
      items.push([place, item]);
      if (item.type !== "function_call") return [];
      return finish(pending, findItem(reader, place, item), item.arguments);
    }
    case "response.completed":
      return finishAll(pending);
    case "response.incomplete":
      throw new Error(`the reply is incomplete: ${event.response.incomplete_details?.reason}`);
    case "response.failed":
      throw new Error(`the model fails: ${event.response.error?.message}`);
    case "error":
      throw new Error(`the model fails: ${event.message}`);
    default:
      return [];
  }
}

/**
 * The whole items in order, with an item made for each complete call that came without one, since
 * its output needs one.
 */
function wholeItems({ pending, items }: Reader): ResponseOutputItem[] {
  const missing = pending.filter(({ call, place, complete }) => {
    const has = ([at, item]: Reader["items"][number]) =>
      at === place && item.type === "function_call" && item.call_id === call.id;
    return complete && !items.some(has);
  });
  const made = missing.map(({ call: { type, id, name, arguments: text }, place = 0 }) => {
    return [place, { type, call_id: id, name, arguments: text }] as const;
  });
  const all = [...items, ...made].toSorted(([one], [other]) => one - other);
  return all.map(([, item]) => item);
}

/**
 * Reads a streamed reply, and puts its whole items into `kept` when it is over, however that comes.
 *
 * @throws an error if the stream breaks off, or says that the model has failed or was cut short
 */
export async function* readResponse(
  stream: AsyncIterable<ResponseStreamEvent>,
  kept: ResponseOutputItem[],
): AsyncGenerator<ReplyEvent> {
  const reader: Reader = { pending: [], items: [], part: undefined };
  try {
    const events = untilLast(stream, ({ type }) => type === "response.completed");
    for await (const event of events) yield* readEvent(reader, event);
  } finally {
    kept.push(...wholeItems(reader));
  }
}
