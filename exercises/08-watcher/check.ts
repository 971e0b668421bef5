import { createServer } from "node:http";
import { listen } from "../../scripts/serve.ts";
import { type Check, expectThat } from "../support/check.ts";
import { makeGate } from "../support/meet.ts";
import type { Program } from "../support/program.ts";
import { asking, saying, weather } from "../support/replies.ts";

const ASKED = asking(weather("LA"), weather("Lima"));
const tools = { get_weather: ({ location }: Record<string, string>) => location };

/** A service that refuses each connection: the run goes on, and each report that failed is a line. */
async function expectUnharmed({ ask }: Program): Promise<void> {
  const { url, close } = await listen(createServer());
  close();
  const { answer, code, stderr } = await ask({
    replies: [ASKED],
    tools,
    env: { METRICS_URL: url },
    mayFail: true,
    limit: 30_000,
  });
  expectThat(
    code === 0 && answer === "done",
    "expected both runs to get their answer although the metrics service is down; the program ended before",
  );
  const lines = stderr.split("\n").filter((line) => line.startsWith("watcher: "));
  expectThat(
    lines.length === 4,
    `expected a line "watcher: …" on stderr for each of four reports that failed, got ${lines.length}`,
  );
}

/** A service that answers when the batch is over: no call waits for it. */
async function expectUndelayed({ ask }: Program): Promise<void> {
  const gate = makeGate();
  let isHeld = false;
  const server = createServer(async (_, response) => {
    isHeld ||= !(await gate.wait());
    response.end();
  });
  const { url, close } = await listen(server);
  await ask({
    replies: (step) => {
      if (step === 1) gate.open();
      return step === 0 ? ASKED : saying("done");
    },
    tools,
    env: { METRICS_URL: url },
    limit: 40_000,
  });
  close();
  expectThat(
    !isHeld,
    "expected no call to wait for the metrics service; the batch waited for its answer",
  );
}

/** A watcher that rejects, or never ends, harms no run. */
export const check: Check = async (program) => {
  await Promise.all([expectUnharmed(program), expectUndelayed(program)]);
  return "without the metrics service both runs got their answer and stderr names four reports that failed; with a slow one, no call waited for it";
};
