import { setTimeout as wait } from "node:timers/promises";
import { type Check, expectThat } from "../support/check.ts";
import { makeMeeting } from "../support/meet.ts";
import { asking, saying, weather } from "../support/replies.ts";

/** Each config, how many calls it gets, and how many of them meet. They stay there for a moment. */
const CASES = [
  { config: { concurrent_tool_execution: false, max_concurrent_tools: 4 }, calls: 2, meet: 1 },
  { config: { concurrent_tool_execution: false, max_concurrent_tools: 0 }, calls: 2, meet: 1 },
  { config: { max_concurrent_tools: 0 }, calls: 4, meet: 4 },
  { config: {}, calls: 4, meet: 2 },
  { config: { concurrent_tool_execution: true, max_concurrent_tools: 3 }, calls: 5, meet: 3 },
];

function nameOf(config: object): string {
  const settings = Object.entries(config).map(([name, value]) => `${name}: ${value}`);
  return settings.join(" and ") || "no setting";
}

/** The most calls that run at once are those that the two settings allow. */
export const check: Check = async ({ ask }) => {
  const cases = CASES.map((one) => {
    const name = nameOf(one.config);
    return {
      ...one,
      name,
      most: 0,
      meeting: makeMeeting(one.meet, `${one.meet} calls with ${name}`),
    };
  });
  let running = 0;
  let conversations = 0;
  const configs = [...CASES.map(({ config }) => config), { max_concurrent_tools: -1 }];
  const { runs, code } = await ask({
    configs,
    mayFail: true,
    replies: (step) => {
      if (step > 0) return saying("done");
      const calls = cases[conversations++]?.calls ?? 1;
      return asking(...Array.from({ length: calls }, (_, index) => weather(`City ${index}`)));
    },
    tools: {
      get_weather: async () => {
        const own = cases[conversations - 1];
        if (!own) return "fine";
        own.most = Math.max(own.most, ++running);
        await own.meeting.come();
        // A call that should not overlap comes meanwhile.
        await wait(200);
        running--;
        return "fine";
      },
    },
  });
  for (const { name, meet, most, meeting } of cases) {
    const allowed = meet === 1 ? "one call at a time" : `at most ${meet} calls at a time`;
    expectThat(most <= meet, `expected ${allowed} with ${name}; ${most} ran at the same time`);
    if (most > 0) meeting.expectAll();
  }
  expectThat(
    runs.length >= CASES.length,
    `expected an answer with ${cases[runs.length]?.name}; the program ended before`,
  );
  expectThat(
    runs.length === CASES.length && code !== 0,
    "expected max_concurrent_tools: -1 to be refused before the first request; a request came",
  );
  const seen = cases.map(({ name, most }) => `${most} with ${name}`).join("; ");
  return `calls at the same time: ${seen}; and -1 was refused`;
};
