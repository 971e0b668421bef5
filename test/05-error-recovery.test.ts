import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { start } from "../scripts/run.ts";
import { complete, serveScript } from "../scripts/serve.ts";
import { askInOneProcess } from "./support/ask.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { outputs, runScript, weather } from "./support/script.ts";
import { worldOf } from "./support/worlds.ts";

// Every call ends in one outcome, in the order asked, even if it or its siblings fail.

const ask = askInOneProcess("05-error-recovery", { folder: worldOf("nasty") });

test("two of three calls fail, and the answer uses the third and names the two [T10]", () => {
  const [first = ""] = printed("05").split("\nQ: How is the weather in Pompeii");
  const answer = first.split("\nA:\n")[1];
  expect(answer).toMatch(/^Here's the weather: Beijing is cloudy at 5 degrees\./);
  expect(answer).toMatch(
    /I couldn't get the weather in Atlantis: .* I couldn't get the weather in El Dorado: /,
  );
});

const places = ["ends its thread", "a", "ends its thread", "b", "ends its thread", "c"];
const dying = ask(
  "threads die",
  outputs(...places.map((place) => weather(place))),
  outputs(weather("d")),
  outputs(),
);

test("a thread dies, and its siblings and the pool live on", async () => {
  const { answer, results } = await dying();
  const dead = { class: "internal", code: "thread_ended", message: "worker exited with code: 3" };
  expect(results).toEqual([
    [
      { id: "call_0", error: dead },
      { id: "call_1", result: "calm in a" },
      { id: "call_2", error: dead },
      { id: "call_3", result: "calm in b" },
      { id: "call_4", error: dead },
      { id: "call_5", result: "calm in c" },
    ],
    [{ id: "call_0", result: "calm in d" }],
  ]);
  expect(answer).toBe("done");
});

const nasty = ask("the nasty batch", NASTY_REPLY, outputs());

test("the nasty batch gets one outcome per call, in the order asked [M5 M6 M7 M18 L1 L3 L4 L5]", async () => {
  const { answer, results } = await nasty();
  expect(results).toEqual([NASTY_RESULTS]);
  expect(answer).toBe("done");
});

const mail = {
  type: "function_call",
  name: "send_email",
  arguments: '{"from":"a","to":"b","message":"c"}',
};
const nameless = ask("a call without an id", JSON.stringify({ outputs: [mail] }), outputs());

test("a call without an id is a bad reply, and no call of it runs", async () => {
  const { answer, feedback, mailbox } = await nameless();
  expect(feedback).toEqual([
    expect.stringMatching(/^Reply error: ✖ .*\n {2}→ at outputs\[0\]\.id$/),
  ]);
  expect(mailbox).toEqual([]);
  expect(answer).toBe("done");
});

test("a thread that dies after its call does not end the program", async () => {
  let stderr = "";
  let hear = (): void => undefined;
  const warned = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const file = join(mkdtempSync(join(tmpdir(), "end-")), "now");
  // The program has the result only when it asks again, so only then may the thread die.
  const answer = async (response: ServerResponse): Promise<void> => {
    writeFileSync(file, "");
    await warned;
    complete(response, { content: outputs() });
  };
  // A second call might be given to the dying thread, and would then fail instead.
  const first = outputs(weather("ends its thread after its call"));
  const server = await serveScript([first, answer]);
  const program = start("chapters/05-error-recovery/main.ts", ["a question"], {
    folder: worldOf("nasty"),
    env: { OPENAI_BASE_URL: server.url, END_WHEN_THERE: file },
  });
  program.stderr.on("data", (chunk) => {
    stderr += chunk;
    if (stderr.includes("a thread died")) hear();
  });
  const [stdout, [code]] = await Promise.all([text(program.stdout), once(program, "close")]);
  server.close();
  expect(stdout).toMatch(/\nA:\ndone\n$/);
  expect(stderr).toMatch(/^model: .*\nwarning: a thread died: out of memory\n$/);
  expect(code).toBe(0);
});

test("an allocation that cannot fit ends the program, although it happens in a thread", async () => {
  const script = [outputs(weather("allocates too much at once"), weather("a")), outputs()];
  const file = "chapters/05-error-recovery/main.ts";
  const { code, stderr, stdout } = await runScript(file, script, { folder: worldOf("nasty") });
  expect(stdout).not.toContain("A:");
  expect(stderr).toContain("FATAL ERROR");
  expect(code).not.toBe(0);
});
