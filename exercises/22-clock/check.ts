import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { withEngine } from "../support/engine.ts";
import { asking, weather } from "../support/replies.ts";

const Request = z.object({ instructions: z.string() });
const TIME = /It is (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\.\s*$/;

/** A run is killed after its first call, and goes on. Each of its requests tells a time of this run. */
export const check: Check = ({ ask }) =>
  withEngine(async ({ env }) => {
    const replies = [asking(weather("LA"))];
    const start = Date.now();
    const live = (KILL_AT: string) => {
      const tools = { get_weather: () => "sunny" };
      const own = { ...env, RUN: "clock", KILL_AT };
      return ask({ replies, tools, env: own, limit: 60_000, mayFail: true });
    };
    const first = await live("recorded step 1 call 0");
    const second = await live("");
    const requests = [...first.requests, ...second.requests].map((one) => Request.parse(one));
    for (const { instructions } of requests) {
      const [, time = ""] = TIME.exec(instructions) ?? [];
      const told = time
        ? `the time ${time}`
        : `instructions that end with ${JSON.stringify(instructions.slice(-40))}`;
      const at = Date.parse(time);
      expectThat(
        start <= at && at <= Date.now(),
        `expected each request to tell a time of this run, "It is ${new Date(start).toISOString()}." or later; got ${told}`,
      );
    }
    const [error = `code ${second.code}`] =
      /the journal holds another step \d+ \w+/.exec(second.stderr) ??
      /^error: .*/m.exec(second.stderr) ??
      [];
    expectThat(
      second.code === 0,
      `the run was killed and started again, and the second process ended with: ${error}`,
    );
    expectThat(
      requests.length === 2,
      `expected each of the 2 requests once, one before the kill and one after it; ${requests.length} were sent`,
    );
    const [before, after] = requests.map(({ instructions }) => TIME.exec(instructions)?.[1]);
    return `the run was killed and went on: its requests told the times ${before} and ${after}, and none was sent twice`;
  });
