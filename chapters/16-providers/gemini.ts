// Gemini: a call is a part that may have no id, and results go back by name and place.
import {
  type Content,
  FinishReason,
  FunctionCallingConfigMode,
  type GenerateContentParameters,
  type Part,
} from "@google/genai";
import { z } from "zod";
import { callIds } from "../../shared/call-ids.ts";
import { printStatus } from "../../shared/print.ts";
import { expectShape } from "../../shared/shape.ts";
import { gemini, geminiModel } from "./clients.ts";
import type { Conversation, Output, Setting } from "./provider.ts";

/** How many calls a reply may hold: AUTO lets the model decide, ANY at least one, NONE no call. */
export type GeminiKnobs = { readonly function_calling_mode?: string };

/** Takes the mode in upper or lower case. Any other word is left out, with a warning. */
export function callingMode(knobs: GeminiKnobs = {}): FunctionCallingConfigMode | undefined {
  const { function_calling_mode: text } = knobs;
  const { AUTO, ANY, NONE } = FunctionCallingConfigMode;
  const mode = [AUTO, ANY, NONE].find((one) => one === text?.toUpperCase());
  if (text !== undefined && !mode) {
    printStatus(`warning: expected AUTO, ANY or NONE in function_calling_mode, got "${text}"`);
  }
  return mode;
}

const Shape = z.looseObject({
  text: z.string().nullish(),
  functionCall: z
    .looseObject({ id: z.string().nullish(), name: z.string(), args: z.looseObject({}).nullish() })
    .nullish(),
});
/** A part exactly as it came, if this file can read it. */
const Readable = z.custom<Part>((part) => Shape.safeParse(part).success);

const Parts = z.looseObject({ parts: z.array(z.unknown()) });

/** The messages and calls among the parts. A call without an id gets one from us. */
function readParts(parts: readonly Part[]): Output[] {
  const known = parts.map(({ functionCall: call }) => call?.id);
  const settle = callIds((id) => id !== "", known);
  return parts.flatMap(({ text, thought, functionCall: call }, index): Output[] => {
    if (text && !thought) return [{ type: "message", text }];
    if (!call) return [];
    const args = JSON.stringify(call.args ?? {});
    return [
      { type: "function_call", id: settle(call.id, index), name: call.name ?? "", arguments: args },
    ];
  });
}

type GeminiSetting = Setting & { readonly config: { readonly gemini?: GeminiKnobs } };

/** Talks to Gemini over generateContent. */
export function talkToGemini({ question, prompt, tools, config }: GeminiSetting): Conversation {
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
      // Otherwise the SDK would run functions itself, in a loop of its own.
      automaticFunctionCalling: { disable: true },
    },
  };
  // The names and ids as Gemini gave them: an id that we made up must not go back.
  let asked: { id: string | undefined; name: string }[] = [];
  return {
    async ask() {
      const { candidates, promptFeedback } = await gemini.models.generateContent(request);
      const { content, finishReason } = candidates?.[0] ?? {};
      // If the question itself is blocked, there is no candidate.
      const reason = finishReason ?? promptFeedback?.blockReason;
      if (reason !== FinishReason.STOP) throw new Error(`the reply is incomplete: ${reason}`);
      const { parts } = expectShape("parts in the reply", Parts, content);
      const readable = parts.map((part) => expectShape("a part", Readable, part));
      // Sent back as it came: a part may carry a thought signature, which Gemini expects back.
      contents.push({ role: "model", ...content, parts: readable });
      asked = readable.flatMap(({ functionCall: call }) =>
        call ? [{ id: call.id, name: call.name ?? "" }] : [],
      );
      return readParts(readable);
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
