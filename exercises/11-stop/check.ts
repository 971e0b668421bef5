import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, type Call, call, email, type Reply, weather } from "../support/replies.ts";
import type { Feedback } from "../support/talk.ts";

const MODE = "stop_on_failure";
const Request = z.object({
  messages: z.array(z.object({ content: z.string() })),
  response_format: z.object({
    json_schema: z.object({
      schema: z.object({ properties: z.object({ mode: z.object({ enum: z.array(z.string()) }) }) }),
    }),
  }),
});

function inMode(mode: string, ...calls: readonly Call[]): Reply {
  return { ...asking(...calls), more: { mode } };
}

const REPLIES = [
  inMode(
    MODE,
    weather("LA", "call"),
    weather("Atlantis", "call"),
    email("bob@a.org", "hello", "call"),
    weather("Paris", "call"),
  ),
  inMode(MODE, weather("Lima", "call"), email("carol@a.org", "hello", "call")),
  inMode(MODE, call("call", "teleport"), email("dave@a.org", "hello", "call")),
  inMode("sequential", weather("Atlantis", "call"), email("erin@a.org", "hello", "call")),
  inMode("parallel", weather("Cairo", "call"), weather("Tokyo", "call")),
];

const EXPECTED = [
  "LA, tool_error, not_started, not_started",
  "Lima, carol@a.org",
  "tool_unavailable, not_started",
  "tool_error, erin@a.org",
  "Cairo, Tokyo",
];

function expectKnown(request: unknown): void {
  const { messages, response_format: format } = Request.parse(request);
  const modes = format.json_schema.schema.properties.mode.enum;
  expectThat(
    modes.toSorted().join() === `parallel,sequential,${MODE}`,
    `expected the request to allow the modes parallel, sequential and ${MODE}; it allows ${modes.join(" and ")}`,
  );
  const said = messages.map(({ content }) => content).join("\n");
  expectThat(
    said.split(MODE).length > 2,
    `expected the prompt to say what ${MODE} means; the word stands only in the schema`,
  );
}

function outcomesOf({ results }: Feedback): string {
  return results.map(({ result, error }) => result ?? Object(error).code).join(", ");
}

/** In the mode stop_on_failure, calls run one by one until one fails, and each has an outcome. */
export const check: Check = async ({ ask }) => {
  const log: string[] = [];
  const meeting = makeMeeting(2, "the two forecasts of the parallel reply");
  const act = async (name: string) => {
    log.push(`${name} starts`);
    if (name === "Cairo" || name === "Tokyo") await meeting.come();
    if (name === "Lima") await wait(200);
    log.push(`${name} ends`);
    if (name === "Atlantis") throw new Error("no station in Atlantis");
    return name;
  };
  const { feedback, requests } = await ask({
    replies: REPLIES,
    limit: 30_000,
    tools: {
      get_weather: ({ location = "" }) => act(location),
      send_email: ({ to = "" }) => act(to),
    },
  });
  expectKnown(requests[0]);
  for (const name of ["bob@a.org", "Paris", "dave@a.org"]) {
    expectThat(
      !log.includes(`${name} starts`),
      `expected the call for ${name} not to start, since a call before it failed; it did`,
    );
  }
  for (const [index, expected] of EXPECTED.entries()) {
    const came = feedback[index] ? outcomesOf(feedback[index]) : "nothing";
    const { mode } = Object(REPLIES[index]?.more);
    expectThat(
      came === expected,
      `reply ${index + 1}, in the mode ${mode}: expected the outcomes ${expected}; got ${came || "none"}`,
    );
  }
  expectThat(
    log.indexOf("Lima ends") < log.indexOf("carol@a.org starts"),
    `expected one call at a time in the mode ${MODE}; the e-mail to carol@a.org started before Lima's forecast had ended`,
  );
  meeting.expectAll();
  return `in the mode ${MODE}, two calls behind a failed forecast and one behind an unknown tool were not started, and each has an outcome; the other modes are as before`;
};
