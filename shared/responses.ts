// The items of a reply over the Responses API, checked as far as the chapters rely on them.
import type { ResponseOutputItem } from "openai/resources/responses/responses";
import { z } from "zod";
import { callIds } from "./call-ids.ts";
import { addSettings } from "./settings.ts";
import { expectShape, otherThan, readBody } from "./shape.ts";
import { noteTokens } from "./tokens.ts";

// Every chapter that speaks Responses also speaks Chat Completions.
addSettings({ OPENAI_PROTOCOL: "responses (the default) or chat" });

const Part = z.union([
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
  z.looseObject({ type: otherThan("refusal"), text: z.string() }),
]);
const Shape = z.union([
  z.looseObject({ type: z.literal("function_call"), name: z.string(), arguments: z.string() }),
  z.looseObject({ type: z.literal("message"), content: z.array(Part) }),
  z.looseObject({ type: otherThan("function_call", "message") }),
]);

/** An item exactly as it came, if the chapters can read it. */
export const Item = z.custom<ResponseOutputItem>((item) => Shape.safeParse(item).success);

const Reply = z
  .object({
    error: z.object({ message: z.string() }).nullish(),
    incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
    output: z.array(z.unknown()).nullish(),
    usage: z.object({ input_tokens: z.number() }).optional().catch(undefined),
  })
  .refine(({ error, output }) => error || output);

type Reply = Omit<z.infer<typeof Reply>, "output" | "usage"> & {
  readonly output: ResponseOutputItem[];
};

/** The body of a response as it came. It is read without the SDK, which fails on a null. */
export async function fetchBody(response: Promise<Response>): Promise<unknown> {
  return readBody(await (await response).text());
}

/**
 * Takes the body of a response.
 *
 * @throws an error that says what was expected and what came, if it is not a response or an item has the wrong shape
 */
export function parseBody(body: unknown): Reply {
  const { output, usage, ...rest } = expectShape("a response", Reply, body);
  noteTokens(usage?.input_tokens);
  return { ...rest, output: (output ?? []).map((item) => expectShape("an item", Item, item)) };
}

/** Reads and checks a response. Throws the errors of parseBody. */
export async function parseResponse(response: Promise<Response>): Promise<Reply> {
  return parseBody(await fetchBody(response));
}

/**
 * True for a call id that the Responses API accepts: 1 to 64 characters, as in
 * https://github.com/openai/codex/issues/14355
 */
export function isCallId(id: string): boolean {
  return id.length > 0 && id.length <= 64;
}

/** The items of a reply. A call gets another id if the API would refuse its own. */
export function withCallIds(items: readonly ResponseOutputItem[]): ResponseOutputItem[] {
  const known = items.map((item) => (item.type === "function_call" ? item.call_id : undefined));
  const settle = callIds(isCallId, known);
  return items.map((item, index) => {
    return item.type === "function_call" ? { ...item, call_id: settle(item.call_id, index) } : item;
  });
}
