import { expect } from "vitest";
import { outputs, weather } from "./script.ts";

function failure(type: string, code: string, message: unknown) {
  return { error: { class: type, code, message } };
}

const thrown = (message: unknown) => failure("execution", "tool_error", message);
const unknown = (name: string) =>
  failure("unavailable", "tool_unavailable", expect.stringContaining(`unknown tool ${name};`));
const ended = (message: string) => failure("internal", "thread_ended", message);
const tooLarge = failure(
  "resource_limit",
  "result_too_large",
  "the result has more than 2000000 characters",
);
const unfit = failure("invalid_request", "invalid_tool_args", expect.any(String));

/** Each call of the nasty batch, with the fields that its entry must have besides the id. */
const NASTY: readonly (readonly [ReturnType<typeof weather>, object])[] = [
  [weather("first", "same"), { result: "calm in first" }],
  [weather("second", "same"), { result: "calm in second" }],
  [weather("throws a string", ""), thrown("a string")],
  [weather("throws nothing"), thrown("undefined")],
  [weather("throws null"), thrown("null")],
  [
    weather("throws what has no text"),
    thrown("something was thrown that cannot be shown (object)"),
  ],
  [weather("throws its own cause"), thrown("its own cause")],
  [weather("throws a DOMException"), thrown("the operation was aborted")],
  [weather("throws like the program"), thrown("unknown tool get_weather; there are others")],
  [weather("throws like the pool"), thrown("worker exited with code: 3")],
  [weather("throws much"), thrown(`${"x".repeat(10_000)}… (90000 more characters)`)],
  [weather("throws null from a timer"), ended("null")],
  [weather("throws its own cause from a timer"), ended("its own cause")],
  [
    weather("throws what has no text from a timer"),
    ended("something was thrown that cannot be shown (object)"),
  ],
  [weather("rejects and nobody listens"), ended("nobody listens")],
  [weather("returns nothing"), { result: null }],
  [weather("returns a function"), thrown("JSON has no place for a function")],
  [weather("returns a BigInt"), thrown(expect.stringContaining("BigInt"))],
  [weather("returns a circle"), thrown(expect.stringContaining("circular structure"))],
  [weather("returns much"), { result: "x".repeat(1_000_000) }],
  [weather("returns too much"), tooLarge],
  [weather("returns what is nested too deeply"), tooLarge],
  [weather("returns many bytes"), tooLarge],
  [weather("ends its thread"), ended("worker exited with code: 3")],
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

/** A reply of many calls. Most of them fail, each in its own way. */
export const NASTY_REPLY = outputs(...NASTY.map(([call]) => call));

/** The results that must go back for them, in the order asked. */
export const NASTY_RESULTS = NASTY.map(([{ id }, entry], index) => ({
  id: id ?? `call_${index}`,
  ...entry,
}));
