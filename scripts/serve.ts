import { createServer, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

/** Lets a server listen on a free port of this machine. Returns its address, and a function that ends it at once. */
export async function listen(server: Server): Promise<{ url: string; close: () => void }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** The part of a chat request that the book's chapters send, with anything else kept as it came. */
export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(z.strictObject({ role: z.string(), content: z.string() })),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** The content of a reply, or a function that writes the whole HTTP response. */
export type Reply = string | ((response: ServerResponse) => void);

/** Answers with a chat completion; `message` and `choice` override its parts. */
export function complete(response: ServerResponse, message: object, choice: object = {}): void {
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 0,
      model: "scripted",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          logprobs: null,
          message: { role: "assistant", content: null, refusal: null, ...message },
          ...choice,
        },
      ],
    }),
  );
}

/**
 * Serves a plain scripted model over the OpenAI chat API, without any of the book's own code.
 *
 * @param script the replies in order, of which the last one repeats; or a function of the request
 * @returns the base URL for OPENAI_BASE_URL, the requests that came, and a function that ends it
 */
export async function serveScript(
  script: readonly Reply[] | ((request: ChatRequest, index: number) => Reply),
): Promise<{ url: string; requests: ChatRequest[]; close: () => void }> {
  const requests: ChatRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = ChatRequest.parse(JSON.parse(await text(incoming)));
    const index = requests.push(request) - 1;
    const reply =
      typeof script === "function"
        ? script(request, index)
        : (script[Math.min(index, script.length - 1)] ?? "");
    if (typeof reply === "string") complete(response, { content: reply });
    else reply(response);
  });
  const { url, close } = await listen(server);
  return { url: `${url}/v1`, requests, close };
}
