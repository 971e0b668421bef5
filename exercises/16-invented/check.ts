import { callPart } from "../../test/support/providers.ts";
import { type Check, expectThat } from "../support/check.ts";
import { serveGemini } from "../support/wires.ts";

const PLACES = ["LA", "Paris", "Lima", "Cairo"];

function forecasts(...ids: (string | undefined)[]) {
  return ids.map((id, index) => callPart("get_weather", { location: PLACES[index] }, id));
}

/** Calls are answered in their places, with the ids that Gemini gave them and with no others. */
export const check: Check = async ({ ask }) => {
  const model = await serveGemini([
    [{ text: "I'll look." }, ...forecasts("call_1", undefined, "twin", "twin")],
    [...forecasts(undefined), callPart("teleport", {}, "call_0"), ...forecasts("")],
    [{ text: "done" }],
  ]);
  const tools = { get_weather: ({ location = "" }) => location };
  await ask({ replies: [], env: model.env, tools, mayFail: true }).finally(model.close);
  const [refusal] = model.refusals;
  expectThat(
    refusal === undefined,
    `expected the API to take the answers to each reply; it refuses: ${refusal}`,
  );
  expectThat(
    model.requests.length === 3,
    `expected three requests in the conversation, got ${model.requests.length}`,
  );
  const answers = (model.requests[2]?.contents ?? []).flatMap(({ role, parts }) => {
    if (role !== "user") return [];
    return parts.flatMap((part) =>
      "functionResponse" in part ? part.functionResponse.response : [],
    );
  });
  const came = answers.map((one) => ("output" in one ? one.output : "an error")).join(", ");
  const asked = [...PLACES, "LA", "an error", "LA"].join(", ");
  expectThat(
    came === asked,
    `expected the outcomes in the order of the calls, ${asked}; they came back as ${came}`,
  );
  return "the API took all answers: call_1, call_0 and twin went back as they came, calls without an id were answered without one";
};
