// Gemini: calls are parts without ids of their own at times, and results go back by name.
import {
  type Content,
  FinishReason,
  FunctionCallingConfigMode,
  type GenerateContentParameters,
} from "@google/genai";
import { z } from "zod";
import { gemini, geminiModel } from "../../shared/providers.ts";
import type { Conversation, Output, Setting } from "./provider.ts";

/** Whether to make calls: AUTO as the model likes, ANY at least one, NONE not a single one. */
export type GeminiKnobs = { readonly function_calling_mode?: string };

/** Takes the mode in any case; one that is none of the three is left out, with a warning. */
export function callingMode(knobs: GeminiKnobs = {}): FunctionCallingConfigMode | undefined {
  const { function_calling_mode: text } = knobs;
  const { AUTO, ANY, NONE } = FunctionCallingConfigMode;
  const mode = [AUTO, ANY, NONE].find((one) => one === text?.toUpperCase());
  if (text !== undefined && !mode) {
    console.error(`warning: expected AUTO, ANY or NONE in function_calling_mode, got ${text}`);
  }
  return mode;
}

/** Talks to Gemini over generateContent. */
export function talkToGemini({ question, prompt, tools, config }: Setting): Conversation {
  const contents: Content[] = [{ role: "user", parts: [{ text: question }] }];
  const mode = callingMode(config.gemini);
  const request: GenerateContentParameters = {
    model: geminiModel,
    contents,
    config: {
      systemInstruction: prompt,
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, parameters }) => {
            return { name, description, parametersJsonSchema: z.toJSONSchema(parameters) };
          }),
        },
      ],
      ...(mode && { toolConfig: { functionCallingConfig: { mode } } }),
      // The SDK would run functions by itself, one round after the other, behind the loop's back.
      automaticFunctionCalling: { disable: true },
    },
  };
  let asked: { id: string | undefined; name: string }[] = [];
  return {
    async ask() {
      const { candidates, promptFeedback } = await gemini.models.generateContent(request);
      const { content, finishReason = promptFeedback?.blockReason } = candidates?.[0] ?? {};
      if (finishReason !== FinishReason.STOP || !content?.parts) {
        throw new Error(`the reply is incomplete: ${finishReason}`);
      }
      // As it came: a part may carry a signature of the model's thoughts, which it wants back.
      contents.push(content);
      asked = content.parts.flatMap(({ functionCall: call }) =>
        call ? [{ id: call.id, name: call.name ?? "" }] : [],
      );
      return content.parts.flatMap(({ text, thought, functionCall: call }, index): Output[] => {
        if (text && !thought) return [{ type: "message", text }];
        if (!call) return [];
        const { id = `call_${index}`, name = "", args = {} } = call;
        return [{ type: "function_call", id, name, arguments: JSON.stringify(args) }];
      });
    },
    answer(outcomes) {
      const parts = asked.map(({ id, name }, index) => {
        const outcome = outcomes[index];
        const failed = outcome?.type === "failure";
        const response = failed ? { error: outcome.error } : { output: outcome?.result };
        return { functionResponse: { ...(id && { id }), name, response } };
      });
      contents.push({ role: "user", parts });
    },
  };
}
