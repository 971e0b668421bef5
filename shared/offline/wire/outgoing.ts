// Turns aimock's responses into those of the real API.
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { parseJson } from "./json.ts";
import { errorBody, type Wire } from "./refusal.ts";
import { completeReplies } from "./responses.ts";

/** The errors of aimock. They have the shape of one of the APIs, but not always of the right one. */
const Failure = z.object({
  error: z.object({
    message: z.string(),
    param: z.string().nullish(),
    code: z.string().nullish().catch(undefined),
  }),
});

function adaptError(wire: Wire, status: number, text: string): string {
  const failure = Failure.safeParse(parseJson(text)).data?.error;
  return JSON.stringify(errorBody(wire, { message: text, ...failure, status }));
}

/** Completes the response of the Responses API in a text, or the event of its stream. */
function adaptReply(complete: (said: unknown) => object, text: string): string {
  const adapt = (json: string) => JSON.stringify(complete(JSON.parse(json)));
  if (text.startsWith("{")) return adapt(text);
  return text.replace(/^data: (.*)$/m, (_, json: string) => `data: ${adapt(json)}`);
}

/**
 * Makes a response adapt everything that aimock writes to it.
 *
 * @param response the response, which aimock gets afterwards
 * @param wire the protocol of the request
 * @param body the body of the request
 */
export function adaptOutgoing(response: ServerResponse, wire: Wire, body: unknown): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  const complete = wire === "responses" ? completeReplies(body) : undefined;
  const adapt = (text: string): string => {
    if (response.statusCode >= 400) return adaptError(wire, response.statusCode, text);
    return complete ? adaptReply(complete, text) : text;
  };
  Object.assign(response, {
    write: (text: string) => write(adapt(text)),
    end: (text?: string) => (text === undefined ? end() : end(adapt(text))),
  });
}
