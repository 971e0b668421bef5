/** Keys that stay in the program, and unknown keys. */
const UNLIKELY = {
  concurrent_tool_execution: false,
  max_concurrent_tools: -1,
  model: "other",
  input: [],
  tools: [],
  instructions: "",
  stream: true,
  api_key: "secret",
};
const built_in_tools = [{ type: "web_search" }];

/** The configuration from which a request is made. */
export const CONFIGS = {
  unset: {},
  allowed: { parallel_tool_calls: true },
  forbidden: { parallel_tool_calls: false },
  "set to null": { parallel_tool_calls: null },
  "local keys, on": { concurrent_tool_execution: true, max_concurrent_tools: 10 },
  "local keys, off": { concurrent_tool_execution: false, max_concurrent_tools: 0 },
  "unlikely keys": UNLIKELY,
  "allowed, unlikely keys": { parallel_tool_calls: true, ...UNLIKELY },
  "allowed, no built-in tool": { parallel_tool_calls: true, built_in_tools: [] },
  "built-in, unset": { built_in_tools },
  "built-in, allowed": { built_in_tools, parallel_tool_calls: true },
  "built-in, forbidden": { built_in_tools, parallel_tool_calls: false },
  "built-in, local keys": { built_in_tools, ...UNLIKELY },
} as const satisfies Readonly<Record<string, object>>;

export const ALPHABET = "abcdefghijklmnopqrstuvwxyz";

const OFF = { concurrent_tool_execution: false };
const SHY = { ...OFF, parallel_tool_calls: false, max_concurrent_tools: 1 };

/**
 * A question, the places whose weather the model wants to know for it, and how the reader sets the
 * knobs. The weather of a place in capitals comes when a barrier lets it go.
 */
export const TALKS = {
  "nothing set": ["abcdef", {}],
  "nothing set, 26 calls": [ALPHABET, {}],
  "no limit": [ALPHABET, { max_concurrent_tools: 0 }],
  "a limit of 3": ["abcdef", { max_concurrent_tools: 3 }],
  "a limit of 1": ["abcd", { max_concurrent_tools: 1 }],
  "a high limit": ["abcd", { max_concurrent_tools: 1000 }],
  off: ["abcd", OFF],
  "off, with a limit": ["abcd", { ...OFF, max_concurrent_tools: 3 }],
  "off, with no limit": ["abcd", { ...OFF, max_concurrent_tools: 0 }],
  "a single call": ["a", { concurrent_tool_execution: true, max_concurrent_tools: 10 }],
  "many, together": ["abc", { parallel_tool_calls: true, concurrent_tool_execution: true }],
  "many, in order": ["abc", { parallel_tool_calls: true, concurrent_tool_execution: false }],
  "one, together": ["abc", { parallel_tool_calls: false, concurrent_tool_execution: true }],
  "one, in order": ["abc", { parallel_tool_calls: false, concurrent_tool_execution: false }],
  "set to null": ["abc", { parallel_tool_calls: null }],
  "deaf, together": ["abc", { parallel_tool_calls: false }],
  "deaf, in order": ["abc", { parallel_tool_calls: false, concurrent_tool_execution: false }],
  "below zero": ["abc", { max_concurrent_tools: -1 }],
  "no whole number": ["abc", { max_concurrent_tools: 1.5 }],
  "not a number": ["abc", { max_concurrent_tools: Number.NaN }],
  "in threads": ["ABCDEFGHIJKL", {}],
  nasty: ["", {}],
  "nasty, in order": ["", { parallel_tool_calls: false, concurrent_tool_execution: false }],
  "of two, one": ["Y", SHY],
  "of two, the other": ["Z", SHY],
} as const satisfies Readonly<Record<string, readonly [places: string, config: object]>>;

export type Question = keyof typeof TALKS;

export function isQuestion(name: string): name is Question {
  return name in TALKS;
}
