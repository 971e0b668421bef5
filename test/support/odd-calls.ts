// Random calls of a tool that does odd things, each with its expected outcome.
import fc from "fast-check";
import { KINDS, make, type Odd, type Thing } from "../worlds/odd.ts";
import { type Call, written } from "./talks.ts";

/** A call and its expected outcome: the result as JSON, or the code of the failure. */
export type Case = { readonly call: Call; readonly outcome: string };

/** The expected outcome of a returned thing. These rules are independent of the book's code. */
function outcomeOf({ kind, value }: Thing): string {
  if (kind === "long" || kind === "deep") {
    const limit = kind === "long" ? 1_900_000 : 1_300;
    return Number(value) > limit ? "result_too_large" : written(make({ kind, value }));
  }
  if (/^(BigInt|symbol|function|circle|getter|unreadable|broken|error of itself)/.test(kind))
    return "tool_error";
  if (kind === "promise in a promise" || kind === "toJSON") return written(value);
  return written(make({ kind, value }) ?? null);
}

/** Letters that mean something to terminals, JSON, Markdown or JavaScript. */
const letter = fc.constantFrom(
  ...'ab 0{}[]"\\\n\r\t\b\u0000\u001b\u007f\u009b\u009d\u202e\u2066é😀\ud83d#`$-'.split(""),
);

const anyThing: fc.Arbitrary<Thing> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant("value"), value: fc.jsonValue() }), weight: 3 },
  fc.record({ kind: fc.constantFrom(...KINDS), value: fc.nat({ max: 50 }) }),
  fc.record({ kind: fc.constant("error"), value: fc.string({ unit: letter }) }),
  fc.record({ kind: fc.constant("error with a cause"), value: fc.jsonValue() }),
  fc.record({ kind: fc.constant("deep"), value: fc.constantFrom(100, 1_500, 20_000) }),
  fc.record({ kind: fc.constant("long"), value: fc.constantFrom(9_000, 3_000_000, 400_000_000) }),
);

const anyOdd: fc.Arbitrary<Odd> = fc.record({
  act: fc.constantFrom("return", "resolve later", "throw", "reject later"),
  thing: anyThing,
});

const anyText = fc.oneof(
  fc.string({ unit: letter, maxLength: 80 }),
  fc.constantFrom("", "__proto__", "constructor", "toString", "a", "call_0", "call_1"),
);

const weatherCase = fc.tuple(anyText, anyOdd).map(([id, odd]): Case => {
  const location = JSON.stringify(odd);
  const call = { id, name: "get_weather", arguments: JSON.stringify({ location }) };
  const fails = odd.act === "throw" || odd.act === "reject later";
  return { call, outcome: fails ? "tool_error" : outcomeOf(odd.thing) };
});

const mailCase = weatherCase.map(({ call, outcome }): Case => {
  const { location: message } = JSON.parse(call.arguments);
  const mail = JSON.stringify({ from: "a", to: "b", message });
  return { call: { ...call, name: "send_email", arguments: mail }, outcome };
});

const badArguments = fc.tuple(anyText, fc.oneof(anyText, fc.json())).map(([id, args]): Case => {
  return { call: { id, name: "send_email", arguments: args }, outcome: "invalid_tool_args" };
});

const unknownTool = fc.tuple(anyText, anyText, anyText).map(([id, name, args]): Case => {
  return { call: { id, name, arguments: args }, outcome: "tool_unavailable" };
});

/** Some calls of one reply. */
export const anyBatch = fc.array(
  fc.oneof({ arbitrary: weatherCase, weight: 3 }, mailCase, badArguments, unknownTool),
  { minLength: 1, maxLength: 30 },
);
