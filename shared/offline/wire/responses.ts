import { z } from "zod";
import { countTokens } from "./usage.ts";

/** The fields of a request that its response repeats. */
const Request = z.looseObject({ tools: z.array(z.looseObject({})).nullish() });
type Request = z.infer<typeof Request>;

const Part = z.looseObject({ type: z.string(), text: z.string() });
const Item = z.looseObject({
  type: z.string(),
  id: z.string(),
  status: z.string(),
  role: z.string().optional(),
  name: z.string().optional(),
  content: z.array(Part).optional(),
});
type Item = z.infer<typeof Item>;
const Response = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.number(),
  status: z.string(),
  output: z.array(Item),
});
type Response = z.infer<typeof Response>;
const Event = z.looseObject({
  type: z.string(),
  part: Part.optional(),
  item: Item.optional(),
  response: Response.optional(),
});
type Event = z.infer<typeof Event>;

/** The fields of a response that repeat its request. Missing ones get the API's default values. */
function echo(request: Request): object {
  const tools = (request.tools ?? []).map((tool) => {
    return tool.type === "function" ? { parameters: null, strict: true, ...tool } : tool;
  });
  return {
    background: false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: request.reasoning ?? { effort: null, summary: null },
    service_tier: "default",
    temperature: request.temperature ?? 1,
    text: request.text ?? { format: { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? "disabled",
  };
}

function usageOf({ instructions, input, tools }: Request, output: readonly Item[]): object {
  const written = output.map((item) => [item.content?.map(({ text }) => text), item.arguments]);
  return countTokens([instructions, input, tools], written);
}

function completePart(part: z.infer<typeof Part>): object {
  return part.type === "output_text" ? { ...part, logprobs: [] } : part;
}

function completeItem(item: Item): object {
  const { content } = item;
  return content ? { ...item, content: content.map(completePart) } : item;
}

function completeResponse(request: Request, response: Response): object {
  const { status, created_at, output } = response;
  const isDone = status === "completed";
  return {
    ...response,
    completed_at: isDone ? created_at : null,
    error: null,
    incomplete_details: null,
    ...echo(request),
    output: output.map(completeItem),
    // The length of the reply is only known at the end.
    ...(isDone && { usage: usageOf(request, output) }),
  };
}

function completeEvent(request: Request, event: Event, name: string | undefined): object {
  const { type, part, item, response } = event;
  return {
    ...event,
    ...(part && { part: completePart(part) }),
    ...(item && { item: completeItem(item) }),
    ...(response && { response: completeResponse(request, response) }),
    ...(type.startsWith("response.output_text.") && { logprobs: [] }),
    ...(type === "response.function_call_arguments.done" && { name }),
  };
}

/**
 * Takes the body of a request to the Responses API. Returns a function that takes aimock's response, or
 * the events of its stream one after the other, and adds the fields that the published schema
 * requires but aimock leaves out: https://github.com/openai/openai-openapi
 */
export function completeReplies(body: unknown): (said: unknown) => object {
  const request = Request.parse(body);
  let name: string | undefined;
  let count = 0;
  return (said) => {
    const response = Response.safeParse(said).data;
    if (response) return completeResponse(request, response);
    const event = Event.parse(said);
    // Items are streamed one after the other, so arguments belong to the last item that has begun.
    name = event.item?.name ?? name;
    count += 1;
    return { ...completeEvent(request, event, name), sequence_number: count - 1 };
  };
}
