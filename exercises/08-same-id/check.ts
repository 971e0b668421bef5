import { type Check, expectThat } from "../support/check.ts";
import { makeGate } from "../support/meet.ts";
import { asking, countRuns, weather } from "../support/replies.ts";
import { traced } from "../support/trace.ts";

const HELD = ["LA", "Lima", "Cairo"];
const FAILS = "Atlantis";
const CITIES = [...HELD, FAILS, "Tokyo"];
const EXPECTED = CITIES.map((city) => (city === FAILS ? "tool_error" : "none")).join(", ");

/** Five calls with one id: each has a span of its own, and the error stands in the right one. */
export const check: Check = async ({ ask }) => {
  const counted = countRuns([asking(...CITIES.map((city) => weather(city, "forecast")))]);
  const gate = makeGate();
  const { spans } = await traced((env) => {
    return ask({
      replies: counted.replies,
      limit: 30_000,
      env,
      tools: {
        async get_weather({ location = "" }) {
          if (location === FAILS) throw new Error("no station there");
          if (counted.run === 1) return location;
          // The fifth call starts when the fourth has ended, and the first three end after it.
          if (HELD.includes(location)) await gate.wait();
          else gate.open();
          return location;
        },
      },
    });
  });
  for (const [index, name] of ["serial", "parallel"].entries()) {
    const calls = spans.filter((span) => {
      return span.run === index + 1 && span.name.startsWith("execute_tool");
    });
    expectThat(
      calls.length === CITIES.length,
      `expected ${CITIES.length} spans of calls from the ${name} runner, got ${calls.length}`,
    );
    const errors = calls.map(({ attributes }) => attributes["error.type"] ?? "none").join(", ");
    expectThat(
      errors === EXPECTED,
      `the ${name} runner: expected the error.type of the five spans to be ${EXPECTED}; it is ${errors}`,
    );
    const ids = calls.map(({ attributes }) => attributes["gen_ai.tool.call.id"]);
    expectThat(
      ids.every((id) => id === "forecast"),
      `expected each span to keep its call's id, forecast; got ${ids.join(", ")}`,
    );
  }
  return `all five calls with the id forecast have a span that ended, and only that of ${FAILS} has an error.type`;
};
