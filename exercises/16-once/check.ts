import {
  callPart,
  type GenerateRequest,
  type MessagesRequest,
  textBlock,
  useBlock,
} from "../../test/support/providers.ts";
import { type Check, expectThat, Unmet } from "../support/check.ts";
import type { Program } from "../support/program.ts";
import { serveClaude, serveGemini } from "../support/wires.ts";

const LA = { location: "LA" };
const TOOL = { type: "tool", name: "get_weather" };
const tools = { get_weather: () => "sunny" };

const modeOf = ({ toolConfig }: GenerateRequest) => toolConfig?.functionCallingConfig.mode;
const choiceOf = ({ tool_choice }: MessagesRequest) => tool_choice;

/** Each knob, and what the first and the later requests must hold. Nothing is as good as automatic. */
const GEMINI = [
  ["any", "ANY", "AUTO"],
  ["none", "NONE", "NONE"],
] as const;
const CLAUDE = [
  [{ tool_choice: "any" }, { type: "any" }, { type: "auto" }],
  [
    { tool_choice: TOOL, disable_parallel_tool_use: true },
    { ...TOOL, disable_parallel_tool_use: true },
    { type: "auto", disable_parallel_tool_use: true },
  ],
  [{ tool_choice: "none", disable_parallel_tool_use: true }, { type: "none" }, { type: "none" }],
] as const;

/** A text for a choice in which the order of its keys does not count. */
function show(choice: object): string {
  const entries = Object.entries(choice).filter(([, value]) => value !== false);
  return entries
    .toSorted()
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
}

/** What each conversation's requests hold; the scripted model replies three times in each. */
async function askGemini({ ask }: Program): Promise<void> {
  const replies = [
    [callPart("get_weather", LA)],
    [callPart("get_weather", LA)],
    [{ text: "done" }],
  ];
  const model = await serveGemini(GEMINI.flatMap(() => replies));
  const configs = GEMINI.map(([mode]) => {
    return { provider: "gemini", gemini: { function_calling_mode: mode } };
  });
  await ask({ replies: [], configs, tools, env: model.env }).finally(model.close);
  for (const [index, [mode, first, later]] of GEMINI.entries()) {
    const modes = model.requests
      .slice(index * 3, index * 3 + 3)
      .map((one) => modeOf(one) ?? "AUTO");
    const wrong = modes.findIndex((one, step) => one !== (step === 0 ? first : later));
    const word = ["first", "second", "third"][wrong];
    const wish = wrong > 0 && later === "AUTO" ? "force no call" : `have the mode ${first}`;
    expectThat(
      wrong < 0,
      `expected the ${word} request to Gemini to ${wish}, with function_calling_mode: ${mode}; its mode is ${modes[wrong]}`,
    );
  }
}

async function askClaude({ ask }: Program): Promise<void> {
  const call = (id: string) => [useBlock(id, "get_weather", LA)];
  const model = await serveClaude(
    CLAUDE.flatMap(() => [call("1"), call("2"), [textBlock("done")]]),
  );
  const configs = CLAUDE.map(([claude]) => ({ provider: "claude", claude }));
  const { stderr } = await ask({
    replies: [],
    configs,
    tools,
    env: model.env,
    mayFail: true,
  }).finally(model.close);
  const [refusal] = model.refusals;
  if (refusal !== undefined)
    throw new Unmet(`expected no refusal of Claude's API; it says ${refusal}`);
  for (const [index, [knobs, first, later]] of CLAUDE.entries()) {
    const choices = model.requests.slice(index * 3, index * 3 + 3).map((one) => {
      return show(choiceOf(one) ?? { type: "auto" });
    });
    const wrong = choices.findIndex((one, step) => one !== show(step === 0 ? first : later));
    const word = ["first", "second", "third"][wrong];
    expectThat(
      wrong < 0,
      `expected the tool_choice of the ${word} request to Claude to be ${show(wrong === 0 ? first : later)}, with ${JSON.stringify(knobs)}; it is ${choices[wrong]}`,
    );
    expectThat(
      choices.length === 3,
      `expected three requests to Claude, got ${choices.length}: ${stderr}`,
    );
  }
}

/** A forced call is forced once; what forbids calls, or several of them, holds for every request. */
export const check: Check = async (program) => {
  await askGemini(program);
  await askClaude(program);
  return "Gemini and Claude had to call in the first request and might answer in later ones; NONE, none and disable_parallel_tool_use held for all";
};
