// The events of the Responses API that this chapter reads, with the fields that it relies on.
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { z } from "zod";
import { Item } from "../../shared/responses.ts";
import { expectShape } from "../../shared/shape.ts";

const at = { output_index: z.number().nullish() };

const Event = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("response.output_text.delta"),
    ...at,
    content_index: z.number().nullish(),
    delta: z.string(),
  }),
  z.object({
    type: z.literal("response.output_item.added"),
    ...at,
    item: z.looseObject({ type: z.string() }),
  }),
  z.object({
    type: z.literal("response.function_call_arguments.delta"),
    ...at,
    delta: z.string(),
  }),
  z.object({
    type: z.literal("response.function_call_arguments.done"),
    ...at,
    arguments: z.string().nullish(),
  }),
  z.object({ type: z.literal("response.refusal.done"), refusal: z.string() }),
  z.object({ type: z.literal("response.output_item.done"), ...at, item: Item }),
  z.object({
    type: z.literal("response.completed"),
    response: z.object({ output: z.array(Item).nullish() }).nullish(),
  }),
  z.object({
    type: z.literal("response.incomplete"),
    response: z
      .object({ incomplete_details: z.object({ reason: z.string().nullish() }).nullish() })
      .nullish(),
  }),
  z.object({
    type: z.literal("response.failed"),
    response: z.object({ error: z.object({ message: z.string() }).nullish() }).nullish(),
  }),
  z.object({ type: z.literal("error"), message: z.string().nullish() }),
]);
export type Event = z.infer<typeof Event>;

const Typed = z.object({ type: z.string() });
const known = new Set<string>(Event.options.flatMap(({ shape }) => [...shape.type.values]));

/**
 * Returns an event, or undefined if this chapter does not read events of its type.
 *
 * @throws an error that says what was expected and what came, if the event has the wrong shape
 */
export function checkEvent(event: ResponseStreamEvent): Event | undefined {
  const what = "an event of a reply";
  const { type } = expectShape(what, Typed, event);
  return known.has(type) ? expectShape(what, Event, event) : undefined;
}
