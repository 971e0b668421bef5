import { z } from "zod";

const Format = z.object({
  type: z.string().optional(),
  schema: z.unknown().optional(),
  json_schema: z.object({ schema: z.unknown().optional() }).optional(),
});
const Config = z.object({ format: Format.nullish() }).nullish();

/** The fields for the format. Each API has its own: two of OpenAI, two of Claude, one of Gemini. */
const Request = z.object({
  response_format: Format.nullish(),
  text: Config,
  output_config: Config,
  output_format: Format.nullish(),
  generationConfig: z
    .object({
      responseMimeType: z.string().optional(),
      responseJsonSchema: z.unknown().optional(),
      responseSchema: z.unknown().optional(),
    })
    .nullish(),
});

const ANY_OBJECT = { type: "object" };

/**
 * Takes the body of a request to any of the APIs. Returns the JSON schema that the text of the reply
 * must fit, or undefined if the text is free. For JSON without a schema, any object fits.
 */
export function readFormat(body: unknown): unknown {
  const request = Request.safeParse(body).data ?? {};
  const { generationConfig: config } = request;
  if (config?.responseMimeType === "application/json") {
    return config.responseJsonSchema ?? config.responseSchema ?? ANY_OBJECT;
  }
  const format =
    request.response_format ??
    request.text?.format ??
    request.output_config?.format ??
    request.output_format;
  if (format?.type === "json_object") return ANY_OBJECT;
  if (format?.type !== "json_schema") return undefined;
  return format.json_schema?.schema ?? format.schema ?? ANY_OBJECT;
}
