import { z } from "zod";
import { readFormat } from "./format.ts";

/** What a request says about its reply, besides the tools. */
export const Knobs = z.object({
  /** True if the reply may hold only one call. */
  single: z.boolean(),
  /** "none": no call. "any": at least one. "auto": as many as the model likes. */
  calls: z.enum(["none", "any", "auto"]),
  /** The finish reason of every reply, for an API that has only one. */
  end: z.string().optional(),
  /** The JSON schema that the text of the reply must fit. */
  schema: z.unknown().optional(),
});
export type Knobs = z.infer<typeof Knobs>;

/** The fields for the knobs. Each API has its own: two of OpenAI, Claude's, Gemini's. */
const Request = z.object({
  parallel_tool_calls: z.boolean().nullish(),
  tool_choice: z
    .union([
      z.string(),
      z.object({ type: z.string(), disable_parallel_tool_use: z.boolean().optional() }),
    ])
    .nullish(),
  toolConfig: z
    .object({ functionCallingConfig: z.object({ mode: z.string().optional() }).optional() })
    .optional(),
  contents: z.unknown().optional(),
});

function readCalls(word: string): Knobs["calls"] {
  if (/^none$/i.test(word)) return "none";
  if (/^(any|required|tool|function)$/i.test(word)) return "any";
  return "auto";
}

/** Takes the body of a request to any of the APIs, returns its knobs. All have a default. */
export function readKnobs(body: unknown): Knobs {
  const request = Request.safeParse(body).data ?? {};
  const { tool_choice, toolConfig } = request;
  const choice = typeof tool_choice === "string" ? { type: tool_choice } : tool_choice;
  const mode = toolConfig?.functionCallingConfig?.mode;
  return {
    single: request.parallel_tool_calls === false || choice?.disable_parallel_tool_use === true,
    calls: readCalls(mode ?? choice?.type ?? "auto"),
    // Only Gemini's requests have contents. All its replies end with this word, but aimock would send
    // another word for a reply with calls.
    end: request.contents === undefined ? undefined : "STOP",
    schema: readFormat(body),
  };
}
