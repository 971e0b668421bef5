import { type Check, expectThat } from "../support/check.ts";
import { asking, call, saying, weather } from "../support/replies.ts";

const PLACES = ["LA", "Lima", "Paris"];
const LINES = 60;

function linesOf(place: string): string {
  return Array.from({ length: LINES }, (_, index) => `${place}, line ${index + 1}`).join("\n");
}

/** The name of an output, in the line about what is left out. */
function nameIn(text: string): string {
  const [, name = '""'] =
    /read_output with call_id ("(?:[^"\\]|\\.)*") gives the rest/.exec(text) ?? [];
  return String(JSON.parse(name));
}

/** Three replies use one id. Each of the three outputs can be read by the name that it told. */
export const check: Check = async ({ ask }) => {
  const names: string[] = [];
  const { feedback } = await ask({
    replies(step, { results: [seen] }) {
      if (seen && names.length < PLACES.length) names.push(nameIn(String(seen.result)));
      const place = PLACES[step];
      if (place) return asking(weather(place, "w"));
      if (step > PLACES.length) return saying("done");
      const range = { from_line: LINES, to_line: LINES };
      const reads = names.map((name, index) => {
        return call(`read_${index}`, "read_output", { call_id: name, ...range });
      });
      return asking(...reads);
    },
    tools: { get_weather: ({ location = "" }) => linesOf(location) },
    env: { MAX_OUTPUT_LINES: "10" },
  });
  const read = feedback[PLACES.length]?.results ?? [];
  for (const [index, place] of PLACES.entries()) {
    const came = String(read[index]?.result);
    const name = JSON.stringify(names[index]);
    expectThat(
      came === `${place}, line ${LINES}`,
      `${place}'s output says that read_output with call_id ${name} gives the rest; its line ${LINES} came back as ${JSON.stringify(came)}`,
    );
  }
  expectThat(
    names[0] === "w",
    `expected the first output of the id "w" to keep it as its name, got ${JSON.stringify(names[0])}`,
  );
  const ids = feedback.slice(0, PLACES.length).map(({ results: [one] }) => one?.id);
  expectThat(
    ids.every((id) => id === "w"),
    `expected the results under the id of their call, "w"; they came under ${ids.join(", ")}`,
  );
  return `three calls had the id "w"; their outputs were named ${names.join(", ")}, and each of them could be read`;
};
