// A model that replies at once: "8 calls" is answered with 8 calls of the weather tool, "8 x calls"
// with 8 of the tool x, and anything else with a message.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

const Request = z.object({ messages: z.array(z.object({ content: z.string() })) });

function reply(last: string): object {
  const [, count, name = "get_weather"] = /^(\d+) (?:(\w+) )?calls$/.exec(last) ?? [];
  if (!count) return { outputs: [{ type: "message", text: "done" }] };
  const outputs = Array.from({ length: Number(count) }, (_, index) => ({
    type: "function_call",
    id: `call_${index}`,
    name,
    arguments: '{"location":"Beijing"}',
  }));
  return { outputs };
}

const server = createServer(async (request, response) => {
  const { messages } = Request.parse(JSON.parse(await text(request)));
  const content = JSON.stringify(reply(messages.at(-1)?.content ?? ""));
  const message = { role: "assistant", content, refusal: null };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ object: "chat.completion", choices: [{ index: 0, message }] }));
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") {
    console.log(`http://127.0.0.1:${address.port}/v1`);
  }
});
