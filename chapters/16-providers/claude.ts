// Claude: calls are content blocks, and all results of a reply go back in one user message.
import type Anthropic from "@anthropic-ai/sdk";
import { z } from "zod";
import { callIds } from "../../shared/call-ids.ts";
import { expectShape, otherThan } from "../../shared/shape.ts";
import { claude, claudeModel } from "./clients.ts";
import type { Conversation, Outcome, Output, Setting } from "./provider.ts";

const MAX_TOKENS = 4_096;

/** `tool_choice` is an object, or only its type. The other knob limits a reply to one call. */
export type ClaudeKnobs = {
  readonly tool_choice?: Anthropic.ToolChoice | "auto" | "any" | "none";
  readonly disable_parallel_tool_use?: boolean;
};

/** The request's `tool_choice`. The API expects `disable_parallel_tool_use` inside it. */
export function toolChoice(knobs: ClaudeKnobs = {}): Anthropic.ToolChoice | undefined {
  const { tool_choice, disable_parallel_tool_use } = knobs;
  const choice = typeof tool_choice === "string" ? { type: tool_choice } : tool_choice;
  // If the model may use no tool, there is nothing to disable, and the API would refuse the field.
  if (!disable_parallel_tool_use || choice?.type === "none") return choice;
  return { type: "auto", ...choice, disable_parallel_tool_use: true };
}

const Shape = z.union([
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("tool_use"), name: z.string(), input: z.looseObject({}) }),
  z.looseObject({ type: otherThan("text", "tool_use") }),
]);
/** A block exactly as it came, if this file can read it. */
const Block = z.custom<Anthropic.ContentBlock>((block) => Shape.safeParse(block).success);
const Reply = z.object({ stop_reason: z.string(), content: z.array(z.unknown()) });

/** The blocks of a reply. A call gets another id if the API would refuse its own. */
function readContent(content: readonly unknown[]): Anthropic.ContentBlock[] {
  const blocks = content.map((block) => expectShape("a block", Block, block));
  const known = blocks.map((block) => (block.type === "tool_use" ? block.id : undefined));
  // The characters that the API accepts: https://github.com/QwenLM/qwen-code/issues/8160
  const settle = callIds((id) => /^[a-zA-Z0-9_-]+$/.test(id), known);
  return blocks.map((block, index) => {
    return block.type === "tool_use" ? { ...block, id: settle(block.id, index) } : block;
  });
}

function readBlock(block: Anthropic.ContentBlock): Output[] {
  if (block.type === "text") return [{ type: "message", text: block.text }];
  // Other blocks, such as thinking, only go back to the model in the next request.
  if (block.type !== "tool_use") return [];
  const { id, name, input } = block;
  return [{ type: "function_call", id, name, arguments: JSON.stringify(input) }];
}

function writeBlock(outcome: Outcome): Anthropic.ToolResultBlockParam {
  const failed = outcome.type === "failure";
  const content = JSON.stringify(failed ? { error: outcome.error } : outcome.result);
  return {
    type: "tool_result",
    tool_use_id: outcome.id,
    content,
    ...(failed && { is_error: true }),
  };
}

type ClaudeSetting = Setting & { readonly config: { readonly claude?: ClaudeKnobs } };

/** Talks to Claude over the Messages API. */
export function talkToClaude({ question, prompt, tools, config }: ClaudeSetting): Conversation {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: question }];
  const choice = toolChoice(config.claude);
  const request = {
    model: claudeModel,
    max_tokens: MAX_TOKENS,
    system: prompt,
    messages,
    tools: tools.map(({ name, description, parameters }) => {
      const schema = { ...z.toJSONSchema(parameters), type: "object" } as const;
      return { name, description, input_schema: schema };
    }),
    ...(choice && { tool_choice: choice }),
  };
  return {
    async ask() {
      const reply: unknown = await claude.messages.create(request);
      const { content, stop_reason } = expectShape("a message", Reply, reply);
      const whole = ["end_turn", "tool_use", "stop_sequence"].includes(stop_reason);
      if (!whole) throw new Error(`the reply is incomplete: ${stop_reason}`);
      const blocks = readContent(content);
      messages.push({ role: "assistant", content: blocks });
      return blocks.flatMap(readBlock);
    },
    answer(outcomes) {
      messages.push({ role: "user", content: outcomes.map(writeBlock) });
    },
  };
}
