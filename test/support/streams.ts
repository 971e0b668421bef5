// Replies as OpenAI's two APIs stream them, event for event, without any of the book's own code.
import type { Item } from "./responses.ts";

/** How an API streams a reply. */
export type Wire = {
  /** The events of one item, whose text or arguments come in pieces of some letters each. */
  item(item: Item, place: number, letters?: number): object[];
  /** The events that end a whole reply. */
  readonly end: readonly object[];
  /** An event as it is sent. */
  write(event: object): string;
  /** What is sent after the last event. */
  readonly done: string;
};

function cut(text: string, letters: number): string[] {
  return text.match(new RegExp(`.{1,${letters}}`, "gsu")) ?? [];
}

/** The texts of a message, one a part. */
function textsOf(item: Item): string[] {
  if (item.type !== "message") return [];
  return item.content.flatMap((part) => ("text" in part ? part.text : []));
}

// ── Responses ────────────────────────────────────────────────────────────────────────────────────

/** An item begins. */
export function added(output_index: number, item: object): object {
  return { type: "response.output_item.added", output_index, item };
}

/** Some more of a call's arguments. */
export function grown(output_index: number, delta: string): object {
  return { type: "response.function_call_arguments.delta", output_index, delta };
}

/** A call's arguments as a whole. */
export function argued(output_index: number, text: string): object {
  return { type: "response.function_call_arguments.done", output_index, arguments: text };
}

/** An item as a whole. */
export function ended(output_index: number, item: object): object {
  return { type: "response.output_item.done", output_index, item };
}

/** Some more of a message's text. */
export function said(output_index: number, content_index: number, delta: string): object {
  return { type: "response.output_text.delta", output_index, content_index, delta };
}

/** The reply is whole. */
export const completed = { type: "response.completed", response: {} };

export const responses: Wire = {
  item(item, place, letters = 5) {
    if (item.type === "reasoning") return [added(place, item), ended(place, item)];
    if (item.type === "message") {
      const deltas = textsOf(item).flatMap((text, part) =>
        cut(text, letters).map((delta) => said(place, part, delta)),
      );
      return [added(place, { ...item, content: [] }), ...deltas, ended(place, item)];
    }
    return [
      added(place, { ...item, arguments: "", status: "in_progress" }),
      ...cut(item.arguments, letters).map((delta) => grown(place, delta)),
      argued(place, item.arguments),
      ended(place, item),
    ];
  },
  end: [completed],
  write: (event) => `event: ${Object(event).type}\ndata: ${JSON.stringify(event)}\n\n`,
  done: "",
};

// ── Chat Completions ─────────────────────────────────────────────────────────────────────────────

/** One chunk of a reply, and why the reply ends with it, if it does. */
export function chunk(delta: object, finish_reason: string | null = null): object {
  return { object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] };
}

/** A piece of a call; what is left out is not sent. */
export function piece(
  index?: number | null,
  text?: string,
  name?: string,
  id?: string | null,
): object {
  return chunk({ tool_calls: [{ index, id, function: { name, arguments: text } }] });
}

export const chat: Wire = {
  item(item, place, letters = 5) {
    if (item.type === "reasoning") return [];
    if (item.type === "message") {
      return cut(textsOf(item).join(""), letters).map((content) => chunk({ content }));
    }
    const first = { index: place, id: item.call_id, type: "function" };
    return [
      chunk({ tool_calls: [{ ...first, function: { name: item.name, arguments: "" } }] }),
      ...cut(item.arguments, letters).map((text) => piece(place, text)),
    ];
  },
  end: [chunk({}, "tool_calls")],
  write: (event) => `data: ${JSON.stringify(event)}\n\n`,
  done: "data: [DONE]\n\n",
};

// ── Both ─────────────────────────────────────────────────────────────────────────────────────────

/** The events of these items, which begin at places from `first` on. */
export function streamItems(wire: Wire, items: readonly Item[], first = 0): object[] {
  return items.flatMap((item, index) => wire.item(item, first + index));
}

/** The events of a whole reply. */
export function streamReply(wire: Wire, items: readonly Item[], letters?: number): object[] {
  return [...items.flatMap((item, place) => wire.item(item, place, letters)), ...wire.end];
}
