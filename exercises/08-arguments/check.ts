import { isDeepStrictEqual } from "node:util";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, email, weather } from "../support/replies.ts";
import { type Span, traced } from "../support/trace.ts";

const SETTING = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
const ATTRIBUTE = "gen_ai.tool.call.arguments";
const SECRET = "the key is under the mat";
const CALLS = [
  email("bob@example.com", SECRET),
  weather("Lima"),
  call("broken", "get_weather", "{"),
];

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}

/** @throws Unmet unless each call's span carries the call's arguments */
function expectArguments(spans: readonly Span[]): void {
  for (const { id, arguments: args } of CALLS) {
    const own = spans.filter(({ attributes }) => attributes["gen_ai.tool.call.id"] === id);
    expectThat(
      own.length === 2,
      `expected a span of the call ${id} in each of two runs, got ${own.length}`,
    );
    for (const { attributes } of own) {
      const came = attributes[ATTRIBUTE];
      expectThat(
        isDeepStrictEqual(parse(came), parse(args)),
        `expected ${ATTRIBUTE} of the call ${id} to be ${args} if the setting is true; its span has ${came ?? "none"}`,
      );
    }
  }
}

/** Arguments are in the trace if the setting is true, and otherwise they are not. */
export const check: Check = async ({ ask }) => {
  const settings = ["true", "false", undefined];
  const traces = await Promise.all(
    settings.map((setting) => {
      return traced((env) => {
        const own = setting === undefined ? {} : { [SETTING]: setting };
        return ask({ replies: [asking(...CALLS)], env: { ...env, ...own }, limit: 30_000 });
      });
    }),
  );
  expectArguments(traces[0]?.spans ?? []);
  for (const [index, { spans }] of traces.entries()) {
    const setting = settings[index];
    const told = spans.find((span) => ATTRIBUTE in span.attributes);
    const leaks = JSON.stringify(spans).includes(SECRET);
    expectThat(
      setting === "true" || (!told && !leaks),
      `expected no arguments in the trace if the setting is ${setting ?? "not there"}; the span ${told?.name ?? "of the e-mail"} has ${told?.attributes[ATTRIBUTE] ?? SECRET}`,
    );
  }
  return "with the setting true, all six spans of calls carried their arguments; with false and without the setting, the e-mail's text was nowhere in the trace";
};
