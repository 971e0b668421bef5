import { z } from "zod";
import { call, message, respond, serveApi } from "../../test/support/responses.ts";
import { type Check, expectThat } from "../support/check.ts";

const Request = z.looseObject({
  instructions: z.string().optional(),
  previous_response_id: z.string().nullish(),
  input: z.union([
    z.string(),
    z.array(z.looseObject({ type: z.string().optional(), call_id: z.string().optional() })),
  ]),
  tools: z.array(z.unknown()).optional(),
});

const WORDS = ["first", "second", "third", "fourth", "fifth", "last"];
/** What the model replies in each of the demo's two conversations. */
const REPLIES = [
  [call("LA", "get_weather", { location: "LA" }), call("quick", "teleport")],
  [call("me", "get_user_profile")],
  [message("done")],
];

/** Each request names the response before it, and holds only the outputs of that response's calls. */
export const check: Check = async ({ ask }) => {
  const model = await serveApi(Request.parse, (_request, index, response) => {
    respond(response, REPLIES[index % REPLIES.length] ?? [], { id: `resp_${index}` });
  });
  const tools = { get_weather: () => "sunny" };
  await ask({ replies: [], tools, env: { OPENAI_BASE_URL: model.url } }).finally(model.close);
  const { requests } = model;
  for (const [index, { previous_response_id: id, input, ...rest }] of requests.entries()) {
    const step = index % REPLIES.length;
    const word = `the ${WORDS[index]} request`;
    const [named, last] = [id ?? "none", `resp_${index - 1}`];
    expectThat(
      step === 0 || named === last,
      `expected ${word} to name the response before it, ${last}, in previous_response_id; it names ${named}`,
    );
    expectThat(
      step > 0 || named === "none",
      `expected ${word}, which begins a conversation, to name no response; it names ${named}`,
    );
    const items = typeof input === "string" ? [] : input;
    const holds = items.map(({ type, call_id }) => `${type ?? "message"} ${call_id ?? ""}`.trim());
    const asked = REPLIES[step - 1]?.flatMap((item) => {
      return item.type === "function_call" ? `function_call_output ${item.call_id}` : [];
    });
    expectThat(
      !asked || holds.join(", ") === asked.join(", "),
      `expected ${word} to hold ${asked?.join(", ")} and nothing else; it holds ${holds.join(", ") || "nothing"}`,
    );
    const { instructions, tools: offers = [] } = rest;
    expectThat(
      instructions && offers.length > 0,
      `expected ${word} to hold the instructions and the tools; it holds ${instructions ? "no tools" : "no instructions"}`,
    );
  }
  expectThat(
    requests.length === WORDS.length,
    `expected three requests in each of two conversations, got ${requests.length} in all`,
  );
  return "in both conversations, the second and the third request named the response before them, and held only the outputs of its calls";
};
