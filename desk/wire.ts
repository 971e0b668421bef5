import { isDeepStrictEqual } from "node:util";
import {
  conversationOf,
  countShared,
  type Exchange,
  type Recording,
  unpack,
  unpackReplies,
} from "../scripts/recording.ts";

/** An exchange with the model, and what its request adds to the one before it in the same conversation. */
export type Wire = Pick<Exchange, "path" | "start" | "end" | "events"> & {
  readonly opens: boolean;
  /** The number of the step in its run, from 1 up. */
  readonly step: number;
  /** What the conversation has gained, with the name of its field in the request. */
  readonly field: string;
  readonly added: readonly unknown[];
  /** The other fields of the request, if they differ from those of the exchange before it. */
  readonly rest: object | undefined;
  /** The body of the reply; a streamed one has events instead. */
  readonly reply: unknown;
};

function without(body: object, field: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field));
}

/** The exchanges of a recording, section by section. */
export function wiresOf({ sections }: Recording): Wire[][] {
  const all = sections.flatMap(({ exchanges }) => exchanges);
  const bodies = unpack(all.map(({ request }) => request));
  const replies = unpackReplies(all.map(({ reply }) => reply));
  let step = 0;
  const wires = all.map((exchange, index): Wire => {
    const { opens, path, start, end, events } = exchange;
    const { [index]: reply } = replies;
    step = opens ? 1 : step + 1;
    const [before, body] = [bodies[index - 1], bodies[index] ?? {}];
    const { field, entries } = conversationOf(body);
    const rest = without(body, field);
    const isSame = before && isDeepStrictEqual(rest, without(before, field));
    const shared = before && !opens ? countShared(conversationOf(before).entries, entries) : 0;
    const added = entries.slice(shared);
    return {
      opens,
      step,
      path,
      start,
      end,
      field,
      added,
      rest: isSame ? undefined : rest,
      reply,
      events,
    };
  });
  return sections.map(({ exchanges }) => wires.splice(0, exchanges.length));
}
