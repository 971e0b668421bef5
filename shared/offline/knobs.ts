import { z } from "zod";

/**
 * What a request says about calls beside its tools: that a reply may hold one at most, and whether
 * it holds none, at least one, or as many as the model likes. And the word for the end of a reply,
 * where the wire has the same one for all.
 */
export const Knobs = z.object({
  single: z.boolean(),
  calls: z.enum(["none", "any", "auto"]),
  end: z.string().optional(),
});
export type Knobs = z.infer<typeof Knobs>;

/** The same wish has another name and place on each wire: OpenAI's two, Claude's, Gemini's. */
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

/** Reads the knobs from the body of a request on any of the wires; one that is no object has none. */
export function readKnobs(body: unknown): Knobs {
  const { parallel_tool_calls, tool_choice, toolConfig, contents } =
    Request.safeParse(body).data ?? {};
  const choice = typeof tool_choice === "string" ? { type: tool_choice } : tool_choice;
  const kind = toolConfig?.functionCallingConfig?.mode ?? choice?.type ?? "auto";
  const none = /^none$/i.test(kind);
  const any = /^(any|required|tool|function)$/i.test(kind);
  return {
    single: parallel_tool_calls === false || choice?.disable_parallel_tool_use === true,
    calls: none ? "none" : any ? "any" : "auto",
    // Gemini's, with calls or without; aimock has a word of its own for a reply with calls.
    ...(contents !== undefined && { end: "STOP" }),
  };
}
