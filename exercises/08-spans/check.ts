import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { traced } from "../support/trace.ts";

const Prediction = z.object({ spans: z.number(), children: z.number(), failed: z.number() });

/** The prediction is what the trace of the demo's first run holds. */
export const check: Check = async ({ predicted, run }) => {
  const [{ spans, children, failed }, trace] = await Promise.all([
    predicted(Prediction),
    traced((env) => run([], { env, limit: 30_000 })),
  ]);
  const { code } = trace.ended;
  expectThat(code === 0, `expected the demo to end well; it ended with ${code}`);
  const all = trace.spans.filter((span) => span.run === 1);
  const names = all.map(({ name }) => name);
  const agent = all.find(({ name }) => name === "invoke_agent")?.attributes["span.id"];
  const below = all.filter(({ attributes }) => attributes["parent.id"] === agent);
  const withError = all.filter(({ attributes }) => "error.type" in attributes);
  const calls = names.filter((name) => name.startsWith("execute_tool"));
  expectThat(
    failed === withError.length,
    `failed: the prediction is ${failed}, but an error.type stands in the span of each call that failed, and in no other span`,
  );
  expectThat(
    children === below.length,
    `children: the prediction is ${children}; a request has ended before its calls start, and a call runs inside its batch`,
  );
  expectThat(
    spans === all.length,
    `spans: the prediction is ${spans}; the run asked for ${calls.length} calls, and each request, each batch and the run itself has a span, too`,
  );
  return `the trace of the first run holds ${all.length} spans, ${below.length} of them right below invoke_agent, and ${withError.length} with an error.type, as predicted`;
};
