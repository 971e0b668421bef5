import { z } from "zod";
import { readFormat } from "./format.ts";

/** What a request says about its reply, besides the tools. */
export const Knobs = z.object({
  /** The reply holds one call at most. */
  single: z.boolean(),
  /** The reply holds no call, at least one, or as many as the model likes. */
  calls: z.enum(["none", "any", "auto"]),
  /** The word that ends every reply, on a wire that has the same one for all. */
  end: z.string().optional(),
  /** The JSON schema that the text of the reply has to fit. */
  schema: z.unknown().optional(),
});
export type Knobs = z.infer<typeof Knobs>;

/** Each wire has its own name and place for the same knob: OpenAI's two, Claude's, Gemini's. */
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

/** Takes the body of a request on any of the wires, returns its knobs; all have a default. */
export function readKnobs(body: unknown): Knobs {
  const request = Request.safeParse(body).data ?? {};
  const { tool_choice, toolConfig } = request;
  const choice = typeof tool_choice === "string" ? { type: tool_choice } : tool_choice;
  const mode = toolConfig?.functionCallingConfig?.mode;
  return {
    single: request.parallel_tool_calls === false || choice?.disable_parallel_tool_use === true,
    calls: readCalls(mode ?? choice?.type ?? "auto"),
    // Only Gemini's requests have contents. All its replies end with this word; aimock knows another
    // one for a reply with calls.
    end: request.contents === undefined ? undefined : "STOP",
    schema: readFormat(body),
  };
}
