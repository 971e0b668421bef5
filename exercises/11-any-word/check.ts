import { type Check, expectThat } from "../support/check.ts";
import { asking, type Reply, weather } from "../support/replies.ts";

const CITIES = ["LA", "Lima"];
const UNKNOWN = ["zigzag", "constructor", "toString", "__proto__", 7, undefined];
const MODES: readonly unknown[] = ["parallel", "sequential", ...UNKNOWN];

function replyWith(mode: unknown): Reply {
  return { ...asking(...CITIES.map((city) => weather(city))), more: { mode } };
}

function say(mode: unknown): string {
  return mode === undefined ? "no mode" : `the mode ${JSON.stringify(mode)}`;
}

/** A reply with any word as its mode gets its results, and an unknown word means one call at a time. */
export const check: Check = async ({ ask }) => {
  const { feedback, stdout, code, stderr } = await ask({
    replies: MODES.map(replyWith),
    tools: { get_weather: ({ location }) => location },
    mayFail: true,
    limit: 30_000,
  });
  for (const [index, mode] of MODES.entries()) {
    const results = feedback[index]?.results ?? [];
    const came = results.map(({ result }) => result);
    expectThat(
      came.join() === CITIES.join(),
      `${say(mode)}: expected the results LA and Lima; what came back begins with ${JSON.stringify(results[0]) ?? "nothing"}`,
    );
  }
  expectThat(code === 0, `expected the program to end well; it ended with ${code}: ${stderr}`);
  const [, trail = ""] = /^The calls: (\S+)$/m.exec(stdout) ?? [];
  const expected = `(())${"()()".repeat(MODES.length - 1)}`;
  expectThat(
    trail === expected,
    `expected two calls at once in the first reply and one at a time in the seven others, ${expected}; the trail is ${trail || "empty"}`,
  );
  const said = stdout.split("\n").filter((line) => line.startsWith("Unknown mode "));
  const lines = UNKNOWN.map(
    (mode) => `Unknown mode ${JSON.stringify(mode)}: the calls go to the default runner.`,
  );
  const missing = lines.find((line, index) => said[index] !== line);
  expectThat(
    missing === undefined && said.length === lines.length,
    `expected a line for each unknown mode and for no other: ${missing ?? lines.at(-1)}; got ${said.join(" ") || "none"}`,
  );
  return `eight replies got their results; the six modes that the program does not know, from zigzag to none at all, ran one call at a time and were named in a line each`;
};
