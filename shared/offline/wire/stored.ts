import { z } from "zod";
import type { Refusal } from "./refusal.ts";

/** The fields with which a request refers to things that are stored on the server. */
const References = z.object({
  previous_response_id: z.string().nullish(),
  conversation: z
    .union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])
    .nullish(),
  background: z.boolean().nullish(),
  input: z.union([z.string(), z.array(z.unknown())]).optional(),
});
const Reference = z.object({
  type: z.literal("item_reference").nullish(),
  id: z.string(),
  role: z.undefined().optional(),
});

/** The beginning of aimock's ids for messages. Ids of the real API begin with "msg_". */
const OWN_MESSAGE = /^msg-/;

/**
 * The id of the first item that is only stored on a server. The AI SDK refers to every text that it has
 * received. The offline model never reads its own texts again, so references to those are allowed.
 */
function findReference(input: readonly unknown[]): string | undefined {
  const ids = input.flatMap((item) => Reference.safeParse(item).data?.id ?? []);
  return ids.find((id) => !OWN_MESSAGE.test(id));
}

/**
 * Takes the body of a request to the Responses API. The offline model stores nothing, so this returns the
 * API's own error if the request needs something from an earlier one, otherwise undefined.
 * https://platform.openai.com/docs/guides/conversation-state
 */
export function refuseStored(body: unknown): Refusal | undefined {
  const { previous_response_id, conversation, background, input } =
    References.safeParse(body).data ?? {};
  if (previous_response_id) {
    const message = `Previous response with id '${previous_response_id}' not found.`;
    const code = "previous_response_not_found";
    return { status: 400, message, param: "previous_response_id", code };
  }
  if (conversation) {
    const message = `Conversation with id '${conversation}' not found.`;
    return { status: 404, message, param: "conversation" };
  }
  if (background === true) {
    const message = "Background mode requires stored responses, and the offline model stores none.";
    return { status: 400, message, param: "background", code: "unsupported_parameter" };
  }
  const id = Array.isArray(input) ? findReference(input) : undefined;
  if (id === undefined) return undefined;
  const message = `Item with id '${id}' not found. Items are not persisted by the offline model. Remove this item from your input.`;
  return { status: 404, message, param: "input" };
}
