import { type Check, expectThat } from "../support/check.ts";
import { asking, call } from "../support/replies.ts";

/** Names that objects, functions and lists have, and one that nobody has. */
const NAMES = ["constructor", "toString", "__proto__", "hasOwnProperty", "teleport"];

/** Names that were never given to a tool are unknown, and a tool is still found. */
export const check: Check = async ({ askEach }) => {
  const { runs } = await askEach(
    ["get_weather", ...NAMES].map((name) => [asking(call("", name, { location: "LA" }))]),
    { tools: { get_weather: () => "mild" } },
  );
  const [known, ...unknown] = runs;
  for (const [index, { answer, error }] of unknown.entries()) {
    const expected = `unknown tool ${NAMES[index]}; there are get_weather, get_user_profile, send_email`;
    const came = error === undefined ? `answered ${answer}` : `ended with "${error}"`;
    expectThat(error === expected, `expected "${expected}"; the program ${came}`);
  }
  expectThat(known?.answer === '"mild"', `expected get_weather to run, got ${known?.error}`);
  return `${NAMES.join(", ")} were called unknown, each by its name; get_weather was found`;
};
