// A streamed reply of the Responses API: its events, and the items that go into the next request.
import type { ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import { callIds } from "../../shared/call-ids.ts";
import { isCallId } from "../../shared/responses.ts";
import { readBody } from "../../shared/shape.ts";
import { checkEvent, type Event } from "./events.ts";
import {
  addSlot,
  findSlot,
  idOf,
  type Marks,
  mark,
  type Named,
  pair,
  type Slot,
  textOf,
} from "./items.ts";
import { finish, grow, type Pending, type ReplyEvent, type Source, untilLast } from "./pieces.ts";

type Reader = {
  readonly pending: Pending[];
  readonly all: Slot[];
  readonly latest: Map<string, Slot>;
  readonly settleId: ReturnType<typeof callIds>;
  /** The message to which the last piece of text belongs. */
  speaker: Slot | undefined;
};

type Place = number | null | undefined;

/** Starts an item, and its call if the item is a call. */
function begin(reader: Reader, place: Place, item: Named): Slot {
  const { pending, settleId } = reader;
  const slot = { type: item.type, place, id: idOf(item), text: "" };
  if (item.type !== "function_call") return addSlot(reader, slot);
  const index = pending.length;
  const name = typeof item.name === "string" ? item.name : "";
  const text = typeof item.arguments === "string" ? item.arguments : "";
  const id = settleId(slot.id, index);
  pending.push({ call: { type: "function_call", id, name, arguments: text }, complete: false });
  return addSlot(reader, { ...slot, index });
}

/** Starts a call, unless it is known. Without an id, it cannot be a call that is complete already. */
function announce(reader: Reader, place: Place, item: Named): void {
  if (item.type !== "function_call") return;
  const id = idOf(item);
  const { index = -1 } = findSlot(reader, item.type, place, id) ?? {};
  const known = reader.pending[index];
  if (!known || (known.complete && !id)) begin(reader, place, item);
}

/** Adds text to a message. A newline separates texts of different messages or parts. */
function say(reader: Reader, slot: Slot, text: string): ReplyEvent[] {
  if (text === "") return [];
  const gap = reader.speaker && reader.speaker !== slot ? "\n" : "";
  reader.speaker = slot;
  slot.text += text;
  return [{ type: "text", text: gap + text }];
}

/** Adds a piece to the message at its place, unless that message is complete. */
function hear(reader: Reader, place: Place, part: Place, delta: string): ReplyEvent[] {
  if (delta === "") return [];
  const known = findSlot(reader, "message", place);
  const slot = known && !known.item ? known : begin(reader, place, { type: "message" });
  const gap = slot.text === "" || slot.part === part ? "" : "\n";
  slot.part = part;
  return say(reader, slot, gap + delta);
}

function checkRefusal(item: ResponseOutputItem): void {
  if (item.type !== "message") return;
  for (const part of item.content) {
    if (part.type === "refusal") throw new Error(`the model refuses: ${part.refusal}`);
  }
}

/** Takes a complete item: completes its call, or returns the part of its text that is still missing. */
function receive(reader: Reader, slot: Slot, item: ResponseOutputItem): ReplyEvent[] {
  checkRefusal(item);
  slot.item ??= item;
  slot.id ||= idOf(item);
  slot.cut = false;
  if (item.type === "function_call")
    return finish(reader.pending, slot.index ?? -1, item.arguments);
  const text = textOf(item);
  return text.startsWith(slot.text) ? say(reader, slot, text.slice(slot.text.length)) : [];
}

/** True for an item that was cut off. It comes like a complete one, but must not run. */
function isCut(item: ResponseOutputItem): boolean {
  return "status" in item && item.status === "incomplete";
}

function readDone(reader: Reader, place: Place, item: ResponseOutputItem): ReplyEvent[] {
  const id = idOf(item);
  const known = findSlot(reader, item.type, place, id);
  const other = known?.item && idOf(known.item) !== id;
  const slot = known && !other ? known : begin(reader, place, item);
  if (!isCut(item)) return receive(reader, slot, item);
  slot.cut = true;
  return [];
}

/** Marks an item that has begun. A complete item is known by its id or content, not by its place. */
function markSlot({ pending }: Reader, slot: Slot): Marks {
  const { type, id, index = -1, text, item, place } = slot;
  const { call, complete } = pending[index] ?? {};
  const content = call ? [call.name, sameJson(call.arguments)] : ["", text.trim()];
  const marks = mark({ type, id, call_id: id }, content, place);
  return item || complete ? [marks[0], marks[1], ""] : marks;
}

function markItem(item: ResponseOutputItem, place: number): Marks {
  if (item.type !== "function_call") return mark(item, ["", textOf(item).trim()], place);
  return mark(item, [item.name, sameJson(item.arguments)], place);
}

/** Arguments in a form that can be compared: without white space. */
function sameJson(text: string): string {
  try {
    return JSON.stringify(readBody(text || "{}"));
  } catch {
    // It may be nested too deeply for JSON.stringify.
    return text;
  }
}

/**
 * Reads the output of a whole reply. Some servers send only that. Others repeat in it what their events
 * have said, perhaps under other ids, and no item may count twice.
 */
function readOutput(reader: Reader, output: readonly ResponseOutputItem[]): ReplyEvent[] {
  const begun = [...reader.all];
  const whole = output.filter((item) => !isCut(item));
  const pairs = pair(
    whole.map(markItem),
    begun.map((slot) => markSlot(reader, slot)),
  );
  let place: Place = -1;
  return whole.flatMap((item, position) => {
    const slot = begun[pairs[position] ?? -1] ?? begin(reader, place, item);
    // An item that no event announced stands behind the item before it.
    place = slot.place;
    return receive(reader, slot, item);
  });
}

/** Makes the message item if its text came only in pieces. */
function makeMessage(text: string, position: number): ResponseOutputItem {
  return {
    type: "message",
    id: `msg_${position}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  };
}

function readEnd(reader: Reader, output: readonly ResponseOutputItem[]): ReplyEvent[] {
  const events = readOutput(reader, output);
  const left = reader.all.filter(({ cut }) => !cut);
  for (const [position, slot] of left.entries())
    if (slot.type === "message") slot.item ??= makeMessage(slot.text, position);
  return [...events, ...left.flatMap(({ index = -1 }) => finish(reader.pending, index))];
}

function readEvent(reader: Reader, event: Event): ReplyEvent[] {
  const { pending } = reader;
  const callAt = (place: Place) => findSlot(reader, "function_call", place)?.index ?? -1;
  switch (event.type) {
    case "response.output_text.delta":
      return hear(reader, event.output_index, event.content_index, event.delta);
    case "response.output_item.added":
      announce(reader, event.output_index, event.item);
      return [];
    case "response.function_call_arguments.delta":
      return grow(pending, callAt(event.output_index), event.delta);
    case "response.function_call_arguments.done":
      return finish(pending, callAt(event.output_index), event.arguments ?? "");
    case "response.output_item.done":
      return readDone(reader, event.output_index, event.item);
    case "response.completed":
      return readEnd(reader, event.response?.output ?? []);
    case "response.incomplete": {
      const { reason } = event.response?.incomplete_details ?? {};
      throw new Error(`the reply is incomplete: ${reason ?? "no reason given"}`);
    }
    case "response.failed":
      throw new Error(`the model fails: ${event.response?.error?.message ?? "no reason given"}`);
    case "response.refusal.done":
      throw new Error(`the model refuses: ${event.refusal}`);
    default:
      throw new Error(`the model fails: ${event.message ?? "no reason given"}`);
  }
}

/**
 * The complete items in order. A call gets the id that its output will use. If the server sent no item
 * for a message or call, one is made.
 */
function wholeItems({ pending, all }: Reader): ResponseOutputItem[] {
  const inOrder = all.toSorted((one, other) => (one.place ?? 0) - (other.place ?? 0));
  return inOrder.flatMap(({ index = -1, item }): ResponseOutputItem[] => {
    const { call, complete } = pending[index] ?? {};
    if (!call) return item ? [item] : [];
    if (!complete) return [];
    const { type, id: call_id, name, arguments: text } = call;
    const made = { type, call_id, name, arguments: text };
    return [item?.type === type ? { ...item, call_id } : made];
  });
}

/**
 * Reads a streamed reply. When the stream ends or breaks off, puts the complete items into `kept`.
 *
 * @throws an error if the stream breaks off, or says that the model has failed or was cut short
 */
export async function* readResponse(
  stream: Source<ResponseStreamEvent>,
  kept: ResponseOutputItem[],
): AsyncGenerator<ReplyEvent> {
  const settleId = callIds(isCallId);
  const reader: Reader = { pending: [], all: [], latest: new Map(), settleId, speaker: undefined };
  try {
    const events = untilLast(stream, ({ type }) => type === "response.completed");
    for await (const event of events) {
      const known = checkEvent(event);
      if (known) yield* readEvent(reader, known);
    }
  } finally {
    kept.push(...wholeItems(reader));
  }
}
