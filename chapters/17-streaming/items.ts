// The items of a streamed reply over the Responses API, each with what has arrived of it so far.
import type { ResponseOutputItem } from "openai/resources/responses/responses";

/** An item that has begun. */
export type Slot = {
  readonly type: string;
  /** Its place in the reply; some servers do not give one. */
  readonly place: number | null | undefined;
  /** The id of a message, or the call_id of a call, as the server gave it. */
  id: unknown;
  /** The index of the call, if the item is a call. */
  readonly index?: number;
  /** The text of a message so far, and the part that the last piece belongs to. */
  text: string;
  part?: number | null | undefined;
  /** True if the server says that it is incomplete. */
  cut?: boolean;
  /** The complete item, once it has come. */
  item?: ResponseOutputItem;
};

/** The items of a reply, and the latest item of each type and place, with and without its id. */
export type Slots = { readonly all: Slot[]; readonly latest: Map<string, Slot> };

/** The fields that tell one item from another. */
export type Named = {
  readonly type: string;
  readonly id?: unknown;
  readonly call_id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
};

/** The id that tells an item from others. */
export function idOf(item: Named): unknown {
  return item.type === "function_call" ? item.call_id : item.id;
}

function keyOf(type: string, place: unknown, id?: unknown): string {
  return JSON.stringify([type, place ?? null, id || null]);
}

/** Notes that an item has begun. */
export function addSlot({ all, latest }: Slots, slot: Slot): Slot {
  all.push(slot);
  latest.set(keyOf(slot.type, slot.place), slot);
  latest.set(keyOf(slot.type, slot.place, slot.id), slot);
  return slot;
}

/** Finds the item of a type at a place. If both have an id and the ids differ, it is another item. */
export function findSlot(
  { latest }: Slots,
  type: string,
  place: unknown,
  id?: unknown,
): Slot | undefined {
  const one = latest.get(keyOf(type, place));
  const isOther = one?.id && id && one.id !== id;
  return latest.get(keyOf(type, place, id)) ?? (isOther ? undefined : one);
}

/** The texts of a message's parts, joined by newlines. */
export function textOf(item: ResponseOutputItem): string {
  if (item.type !== "message") return "";
  const texts = item.content.flatMap((part) => (part.type === "refusal" ? [] : part.text));
  return texts.join("\n");
}

/** What identifies an item, from the surest mark to the least sure. An empty text is no mark. */
export type Marks = readonly [id: string, content: string, place: string];

/** Marks an item by its id, by what it says, and by where it stands. */
export function mark(item: Named, content: readonly string[], place: unknown): Marks {
  const { type } = item;
  const id = idOf(item);
  const [first = ""] = content;
  return [
    id ? JSON.stringify([type, id]) : "",
    JSON.stringify([type, ...content]),
    JSON.stringify([type, first, place ?? null]),
  ];
}

/** For each item, the position of the same item among the others, or undefined. */
export function pair(items: readonly Marks[], others: readonly Marks[]): (number | undefined)[] {
  const pairs: (number | undefined)[] = items.map(() => undefined);
  const free = new Set(others.keys());
  for (const kind of [0, 1, 2] as const) {
    const waiting = new Map<string, number[]>();
    for (const other of [...free].reverse()) {
      const key = others[other]?.[kind] ?? "";
      const same = waiting.get(key) ?? [];
      same.push(other);
      if (key) waiting.set(key, same);
    }
    for (const [position, marks] of items.entries()) {
      if (pairs[position] !== undefined) continue;
      const other = waiting.get(marks[kind])?.pop();
      pairs[position] = other;
      if (other !== undefined) free.delete(other);
    }
  }
  return pairs;
}
