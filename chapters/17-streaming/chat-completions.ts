// The same conversation over Chat Completions, where a call is complete when the next one begins.
import { zodFunction } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources";
import { client, model } from "../../shared/model.ts";
import type { Tool } from "../../mock-tools/tools.ts";
import { type ReplyMessage, readChat } from "./chat.ts";
import type { ReplyEvent, StreamedCall } from "./pieces.ts";

type Output = { readonly type: "message"; readonly text: string } | StreamedCall;

type Outcome =
  | { readonly type: "success"; readonly id: string; readonly result: unknown }
  | { readonly type: "failure"; readonly id: string; readonly error: object };

function readMessage({ content, tool_calls = [] }: ReplyMessage): Output[] {
  const texts: Output[] = content ? [{ type: "message", text: content }] : [];
  const calls = tool_calls.map(({ id, function: call }) => {
    return { type: "function_call", id, ...call } as const;
  });
  return [...texts, ...calls];
}

function writeOutcome(outcome: Outcome): ChatCompletionMessageParam {
  const body = outcome.type === "success" ? outcome.result : { error: outcome.error };
  return { role: "tool", tool_call_id: outcome.id, content: JSON.stringify(body) };
}

type Setting = {
  readonly question: string;
  readonly prompt: string;
  readonly tools: readonly Tool[];
};

/**
 * Opens a conversation over Chat Completions. `ask` streams a reply, `outputs` returns its complete
 * part, and `answer` puts the outcomes of its calls into the next request.
 */
export function talkOverChat({ question, prompt, tools }: Setting) {
  const messages: ChatCompletionMessageParam[] = [
    { role: "system", content: prompt },
    { role: "user", content: question },
  ];
  const offers = tools.map(({ name, description, parameters }) => {
    return zodFunction({ name, description, parameters });
  });
  let kept: ReplyMessage[] = [];
  return {
    async *ask(): AsyncGenerator<ReplyEvent> {
      kept = [];
      const request = { model, messages, tools: offers };
      yield* readChat(await client.chat.completions.create({ ...request, stream: true }), kept);
    },
    outputs(): Output[] {
      return kept.flatMap(readMessage);
    },
    answer(outcomes: readonly Outcome[]): void {
      messages.push(...kept, ...outcomes.map(writeOutcome));
    },
  };
}
