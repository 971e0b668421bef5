import { expect, test } from "vitest";
import { copyBook } from "../scripts/copy.ts";
import { NASTY_REPLY, NASTY_RESULTS, NASTY_WEATHER } from "./support/nasty.ts";
import { run } from "../scripts/run.ts";
import { lastResults, outputs, runScript, weather } from "./support/script.ts";

const FILE = "chapters/05-error-recovery/main.ts";

test("two of three calls fail, and the answer uses the third and names the two", async () => {
  const { code, stdout } = await run(FILE, [
    "Compare the weather in Beijing, Atlantis and El Dorado.",
  ]);
  const answer = stdout.split("\nA:\n")[1];
  expect(answer).toMatch(/^Here's the weather: Beijing is cloudy at 5 degrees\./);
  expect(answer).toMatch(
    /I couldn't get the weather in Atlantis: .* I couldn't get the weather in El Dorado: /,
  );
  expect(code).toBe(0);
});

test("a thread dies, and its siblings and the pool live on", async () => {
  const places = ["Pompeii", "LA", "Pompeii", "Lima", "Pompeii", "Paris"];
  const reply = outputs(...places.map((place) => weather(place)));
  const { code, requests } = await runScript(FILE, [reply, outputs(weather("Tokyo")), outputs()]);
  const dead = { class: "internal", code: "thread_ended", message: "worker exited with code: 79" };
  expect(lastResults(requests.slice(0, 2))).toEqual([
    { id: "call_0", error: dead },
    { id: "call_1", result: "sunny, 20 degrees" },
    { id: "call_2", error: dead },
    { id: "call_3", result: "cloudy, 18 degrees" },
    { id: "call_4", error: dead },
    { id: "call_5", result: "cloudy, 12 degrees" },
  ]);
  expect(lastResults(requests)).toEqual([{ id: "call_0", result: "rainy, 14 degrees" }]);
  expect(code).toBe(0);
});

test("the nasty batch gets one outcome per call, in the order asked", async () => {
  const folder = copyBook({ "mock-tools/weather.ts": NASTY_WEATHER });
  const { code, requests } = await runScript(FILE, [NASTY_REPLY, outputs()], { folder });
  expect(lastResults(requests)).toEqual(NASTY_RESULTS);
  expect(code).toBe(0);
});

test("a call without an id is a bad reply, and no call of it runs", async () => {
  const mail = {
    type: "function_call",
    name: "send_email",
    arguments: '{"from":"a","to":"b","message":"c"}',
  };
  const { stdout, requests } = await runScript(FILE, [
    JSON.stringify({ outputs: [mail] }),
    outputs(),
  ]);
  expect(requests[1]?.messages.at(-1)?.content).toMatch(
    /^Reply error: ✖ .*\n {2}→ at outputs\[0\]\.id$/,
  );
  expect(stdout).not.toContain("Mail box:");
});
