import { expect } from "vitest";
import { outputs, weather } from "./script.ts";

/** A weather tool that does whatever a tool should not do, by the name of the place. */
export const NASTY_WEATHER = `
export function forecast({ location }: { location: string }): unknown {
  switch (location) {
    case "throws a string":
      throw "a string";
    case "throws nothing":
      throw undefined;
    case "throws like the program":
      throw new Error("unknown tool get_weather; there are others");
    case "returns nothing":
      return undefined;
    case "returns a function":
      return () => 1;
    case "returns much":
      return "x".repeat(1_000_000);
    case "ends its thread":
      return process.exit(3);
    case "eats memory": {
      const eaten: number[][] = [];
      for (;;) eaten.push(new Array(1e5).fill(Math.random()));
    }
    default:
      return "calm in " + location;
  }
}
`;

function failure(type: string, code: string, message: unknown) {
  return { error: { class: type, code, message } };
}

const thrown = (message: unknown) => failure("execution", "tool_error", message);
const unknown = (name: string) =>
  failure("unavailable", "tool_unavailable", expect.stringContaining(`unknown tool ${name};`));
const unfit = failure("invalid_request", "invalid_tool_args", expect.any(String));

/** Each call of the nasty batch with what its entry must hold besides the id. */
const NASTY: readonly (readonly [ReturnType<typeof weather>, object])[] = [
  [weather("first", "same"), { result: "calm in first" }],
  [weather("second", "same"), { result: "calm in second" }],
  [weather("throws a string", ""), thrown("a string")],
  [weather("throws nothing"), thrown("undefined")],
  [weather("throws like the program"), thrown("unknown tool get_weather; there are others")],
  [weather("returns nothing"), { result: null }],
  [
    weather("returns a function"),
    thrown(expect.stringMatching(/^the result cannot leave its thread: /)),
  ],
  [weather("returns much"), { result: "x".repeat(1_000_000) }],
  [weather("ends its thread"), failure("internal", "thread_ended", "worker exited with code: 3")],
  [
    weather("eats memory"),
    failure("resource_limit", "out_of_memory", expect.stringContaining("memory")),
  ],
  [{ id: "__proto__", name: "__proto__", arguments: "{}" }, unknown("__proto__")],
  [{ id: "constructor", name: "constructor", arguments: "{}" }, unknown("constructor")],
  [{ name: "teleport", arguments: "{}" }, unknown("teleport")],
  [{ name: "get_weather", arguments: "{broken" }, unfit],
  [{ name: "get_weather", arguments: "" }, unfit],
  [{ name: "get_weather", arguments: "[]" }, unfit],
  [{ name: "get_weather", arguments: '{"location":7}' }, unfit],
  ...Array.from({ length: 8 }, (_, index) => {
    return [weather(`place ${index}`), { result: `calm in place ${index}` }] as const;
  }),
  [weather("last", "last"), { result: "calm in last" }],
];

/** A reply of 26 calls, most of which go wrong, each in a way of its own. */
export const NASTY_REPLY = outputs(...NASTY.map(([call]) => call));

/** The results that must go back for them, in the order asked. */
export const NASTY_RESULTS = NASTY.map(([{ id }, entry], index) => ({
  id: id ?? `call_${index}`,
  ...entry,
}));
