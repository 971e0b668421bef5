// Asks questions of 15-settings.ts and reports how they ended: 15-knobs.ts GROUPS FILE…
// GROUPS is JSON; the questions of one group are asked at the same time. Of each FILE in the chapter's
// folder, it reports the requests that the file makes.
import { z } from "zod";
import type * as Chapter from "../../chapters/15-parallel-knobs/main.ts";
import { runAgent } from "../../chapters/15-parallel-knobs/main.ts";
import { type Gauge, makeGauge } from "../../shared/gauge.ts";
import { CONFIGS, isQuestion, TALKS } from "./15-settings.ts";
import { report } from "./report.ts";

const [groups = "[]", ...files] = process.argv.slice(2);

/** The request for a configuration, and the warnings on stderr. */
function make({ makeRequest }: typeof Chapter, config: object): object {
  const { error } = console;
  const warnings: unknown[] = [];
  console.error = (text) => warnings.push(text);
  const input = [{ role: "user" as const, content: "a question" }];
  Object.freeze(input);
  const request = makeRequest(input, Object.freeze(config));
  console.error = error;
  return { request, warnings };
}

const Weather = z.object({ location: z.string() });
const Call = z.object({ arguments: z.string() });

/** A gauge whose trail has a call's place for its start, and ")" for the end of any call. */
function placeGauge(): Gauge {
  const onStart = (...told: readonly unknown[]) => {
    const { location } = Weather.parse(JSON.parse(Call.parse(told[0]).arguments));
    gauge.trail += location.at(-1);
    return () => {
      gauge.trail += ")";
    };
  };
  const gauge = { ...makeGauge(), onStart };
  return gauge;
}

async function talk(question: string): Promise<void> {
  if (!isQuestion(question)) throw new Error(`expected a question of the test, got ${question}`);
  const [places, config]: readonly [string, object] = TALKS[question];
  const gauge = places === "" ? makeGauge() : placeGauge();
  const end = await runAgent(question, config, gauge).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String(error) }),
  );
  report(question, { end, trail: gauge.trail });
}

for (const file of files) {
  const chapter: typeof Chapter = await import(`../../chapters/15-parallel-knobs/${file}.ts`);
  for (const [name, config] of Object.entries(CONFIGS)) {
    report(`${file}: ${name}`, make(chapter, config));
  }
}
for (const group of JSON.parse(groups)) {
  await Promise.all(group.map(talk));
}
// The threads of the chapter's pool would keep the process.
process.exit();
