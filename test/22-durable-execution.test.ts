// Every request and every call is an entry of a journal that an engine keeps. The program, the engine or both
// can be killed at any moment: the run goes on in the next process, and recorded effects do not run again.
// The engine alone is tested in engine.test.ts.
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { readNotes } from "../chapters/22-durable-execution/counts.ts";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { listen } from "../scripts/serve.ts";
import { serveBarrier } from "./support/barrier.ts";
import {
  besideEngine,
  killEngine,
  type Life,
  live,
  liveWithoutRepeating,
  MAIN,
  newRun,
  type Run,
  readJournal,
  readStatus,
  SERIAL,
  settingsOf,
  startLife,
  timeLife,
} from "./support/durable-lives.ts";
import { engineTest, keeperOf, serversOf, until, untilGone } from "./support/engine.ts";
import { startForUser } from "./support/interrupt.ts";
import * as replay from "./support/lives.ts";
import {
  ANSWER,
  EFFECTS,
  look,
  newStory,
  requestsOf,
  SENDING,
  serveSteps,
  stepOf,
  wasKilled,
} from "./support/lives.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import {
  call,
  type Item,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { like } from "./support/worlds.ts";

/** How long a test of many processes may take where many run beside it, in milliseconds. */
const LONG = 300_000;

/** One model for all runs, each of which asks its own question. */
const model = serveSteps();

/** The transcript of a run up to its answer. The lines after it differ in each process. */
function transcriptOf(stdout: string): string {
  return stdout.split(/\n\n(?:Mail box|Replayed):/)[0] ?? "";
}

/** What chapter 21 prints for a question, with the question left out. */
const whole = (async () => {
  const story = newStory();
  const { stdout } = await replay.live(await model, story);
  return transcriptOf(stdout).replace(story.question, "QUESTION");
})();

/** Checks that a run has ended as it would have without a crash, with each e-mail sent once. */
async function expectEnd(
  story: Run,
  { stdout, wasAnswered }: { readonly stdout: string; readonly wasAnswered: boolean },
  words: string,
): Promise<void> {
  const transcript = transcriptOf(stdout).replace(story.question, "QUESTION");
  // If the engine has the answer, the steps are not replayed, unless it died before it noted the end.
  const short = `Q: QUESTION\n\n\nA:\n${ANSWER}`;
  expect(wasAnswered ? [short, await whole] : [await whole], words).toContain(transcript);
  const { recorded } = await readJournal(story);
  expect(recorded.toSorted(), words).toEqual(EFFECTS.toSorted());
  expect(look(story).mails, words).toEqual(SENDING);
}

engineTest.concurrent(
  "a run prints what 21 prints and runs each effect once; asked for again, it runs nothing and answers the same [L25 L26 L27]",
  async () => {
    const api = await model;
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      const first = await liveWithoutRepeating(api, story, {}, "the first life");
      expect(first.stdout).toMatch(/\nReplayed: 0, executed: 6\n$/);
      await expectEnd(story, first, "the first life");
      expect(requestsOf(api, story).map(stepOf)).toEqual([1, 2, 3]);
      expect(look(story).runs).toEqual(["step 1 call 0"]);
      const again = await liveWithoutRepeating(api, story, {}, "the second life");
      expect(again.stdout).toMatch(/\nReplayed: 0, executed: 0\n$/);
      await expectEnd(story, again, "the second life");
    });
  },
  LONG,
);

// ── Killed ───────────────────────────────────────────────────────────────────────────────────────

engineTest.concurrent(
  "killed before, after and behind the record of each effect, it goes on there in the next process and ends as usual [L28]",
  async () => {
    const api = await model;
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      for (const [index, effect] of EFFECTS.entries()) {
        // The moment after one's record is the moment before the next one.
        const moments = [...(index === 0 ? ["before"] : []), "after", "recorded"];
        for (const moment of moments.map((one) => `${one} ${effect}`)) {
          const life = { program: SERIAL, env: { KILL_AT: moment } };
          const ended = await liveWithoutRepeating(api, story, life, moment);
          expect(wasKilled(ended), moment).toBe(true);
          const end = moment.startsWith("recorded") ? index + 1 : index;
          expect((await readJournal(story)).recorded, moment).toEqual(EFFECTS.slice(0, end));
        }
      }
      const last = await liveWithoutRepeating(api, story, { program: SERIAL }, "the last life");
      expect(last.stdout).toMatch(/\nReplayed: 6, executed: 0\n$/);
      await expectEnd(story, last, "the last life");
      // An effect runs in each life that reaches it and finds no record.
      expect(requestsOf(api, story).map(stepOf)).toEqual([1, 1, 2, 2, 3, 3]);
      expect(look(story).runs).toEqual(["step 1 call 0", "step 1 call 0"]);
    });
  },
  LONG,
);

/** A random moment. Its numbers choose among the effects that remain. */
const anyMoment = fc.record({
  how: fc.constantFrom("before", "after", "recorded", "from outside", "from outside"),
  which: fc.nat(100),
  /** How much of a run has passed, in hundredths. */
  share: fc.nat(100),
});
type Moment = ReturnType<typeof anyMoment.generate>["value"];

/** A run goes on in the program that began it: with fewer lanes, its effects would begin in another order. */
const PROGRAMS = [MAIN, SERIAL];

/** Which process is killed. */
const VICTIMS = ["the program", "the engine", "both"] as const;

/**
 * The settings of a life in which a process is killed at a moment, if the life reaches that moment.
 *
 * @param span how long a life takes, in milliseconds
 */
async function lifeUntil(
  { how, which, share }: Moment,
  victim: (typeof VICTIMS)[number] | undefined,
  {
    story,
    span,
    program,
  }: { readonly story: Run; readonly span: number; readonly program: string },
): Promise<Life> {
  const ms = Math.round((span * share) / 100);
  if (victim === "the engine") return { program, killEngineAfter: ms };
  if (victim === "both") return { program, killEngineAfter: ms, killAfter: ms };
  if (how === "from outside") return { program, killAfter: ms };
  const { recorded } = await readJournal(story);
  const left = EFFECTS.filter((key) => !recorded.includes(key));
  const effect = left[which % left.length];
  return { program, env: { KILL_AT: effect === undefined ? "" : `${how} ${effect}` } };
}

const SEED = Number(process.env.SEED) || Date.now() % 2 ** 31;
const KILLS = 15;
/** Some moments come too late, and their run ends by itself. */
const MOMENTS = 4 * KILLS;

engineTest.concurrent.each([
  ["one run after another", SEED],
  ["others beside them", SEED + 1],
])(
  "with the program, its engine and both killed at random moments, each run ends as ever: %s",
  async (_, seed) => {
    const api = await model;
    await besideEngine(async (engine) => {
      const span = await timeLife(api, newRun(engine));
      let story = newRun(engine);
      let kills = 0;
      let ends = 0;
      const nameProgram = () => PROGRAMS[ends % 2] ?? MAIN;
      for (const moment of fc.sample(anyMoment, { seed, numRuns: MOMENTS })) {
        if (kills === KILLS) break;
        const { pid } = engine;
        const program = nameProgram();
        const life = await lifeUntil(moment, VICTIMS[kills % 3], { story, span, program });
        const words = `seed ${seed}, kill ${kills}: ${JSON.stringify(life)}`;
        const ended = await liveWithoutRepeating(api, story, life, words);
        if (wasKilled(ended) || engine.pid !== pid) kills++;
        // A program that finds no engine at its start gives up, and may be started again.
        const gaveUp = engine.pid !== pid && /^error: fetch failed/m.test(ended.stderr);
        if (wasKilled(ended) || gaveUp) continue;
        expect([ended.code, ended.stderr], words).toEqual([0, expect.stringMatching(/^model: /)]);
        await expectEnd(story, ended, words);
        ends++;
        story = newRun(engine);
      }
      expect(kills).toBe(KILLS);
      const words = `seed ${seed}, the last life`;
      const last = await liveWithoutRepeating(api, story, { program: nameProgram() }, words);
      await expectEnd(story, last, words);
    });
  },
  LONG,
);

/** Serves a model that has calls of the weather tool in its first reply, one for each place. */
function servePlaces(...places: readonly string[]) {
  const calls = places.map((location, index) => call(`call ${index}`, "get_weather", { location }));
  return serveCalls(calls);
}

function serveCalls(calls: readonly Item[]) {
  return serveResponses(({ input }) => {
    const isAnswered = input.some(({ type }) => type === "function_call_output");
    return isAnswered ? [message("done")] : calls;
  });
}

/** The process id of the only server with its data in this folder. */
function serverOf(folder: string): number {
  const servers = serversOf(folder);
  expect(servers).toHaveLength(1);
  return Number.parseInt(servers[0] ?? "", 10);
}

engineTest.concurrent(
  "it also goes on if its own engine died with it, and leaves no process",
  async () => {
    const calls = [
      call("held", "get_weather", { location: "the barrier" }),
      call("send", "send_email", { from: "a@example.com", to: "b@example.com", message: "hello" }),
    ];
    const api = await serveCalls(calls);
    const story = newRun();
    const first = await live(api, story, { env: { KILL_AT: "recorded step 1 request" } });
    expect(wasKilled(first)).toBe(true);
    let arrivals = 0;
    const barrier = await serveBarrier((waiting) => (++arrivals === 1 ? [] : waiting));
    const life = { env: { BARRIER_URL: barrier.url } };
    const second = startLife(api, story, life);
    await until(() => expect([arrivals, look(story).mails.length]).toEqual([1, 1]));
    const server = serverOf(story.folder);
    // The keeper is killed first, because it would start another server.
    for (const pid of [keeperOf(server), server]) process.kill(pid, "SIGKILL");
    second.kill();
    expect(wasKilled(await second.ended)).toBe(true);
    const third = await live(api, story, life);
    expect(third).toMatchObject({ code: 0, stdout: expect.stringContaining("\nA:\ndone\n") });
    expect(api.requests).toHaveLength(2);
    expect(look(story)).toMatchObject({
      runs: ["step 1 call 0", "step 1 call 0"],
      mails: ["step 1 call 1"],
    });
    const fourth = await live(api, story, life);
    expect(fourth.stdout).toMatch(/\n\nA:\ndone\n\nReplayed: 0, executed: 0\n$/);
    expect(serversOf(story.folder)).toEqual([]);
    api.close();
    barrier.close();
  },
  LONG,
);

// ── Calls of a batch ─────────────────────────────────────────────────────────────────────────────

const WAITING = "noting-or-waiting";

engineTest.concurrent(
  "where some calls of a batch are replayed, the others all run at once, and results stand in the order asked [M4]",
  async () => {
    const api = await servePlaces(..."ABCDEF");
    let order = "";
    const barrier = await serveBarrier((waiting) => {
      const isFirstLife = waiting.some((place) => "AB".includes(place));
      if (isFirstLife) return waiting;
      return waiting.length === order.length ? [...order] : [];
    });
    await besideEngine(async (engine) => {
      for (order of ["FEDC", "DCFE"]) {
        const story = newRun(engine);
        barrier.log.length = 0;
        const life = { world: WAITING, env: { BARRIER_URL: barrier.url } };
        const killed = { ...life, env: { ...life.env, KILL_AT: "recorded 2 calls" } };
        expect(wasKilled(await live(api, story, killed))).toBe(true);
        expect(barrier.log.splice(0).toSorted()).toEqual(["end A", "end B", "start A", "start B"]);
        const { stdout } = await live(api, story, life);
        expect(stdout).toMatch(/\nReplayed: 3, executed: 5\n$/);
        expect(barrier.log.slice(0, 4).toSorted()).toEqual(
          [..."CDEF"].map((one) => `start ${one}`),
        );
        expect(barrier.log.slice(4)).toEqual([...order].map((one) => `end ${one}`));
        const expected = [..."ABCDEF"].map((one, index) => {
          return { id: `call ${index}`, output: `calm in ${one}` };
        });
        expect(lastOutputs(requestsOf(api, story))).toEqual(expected);
      }
    });
    api.close();
    barrier.close();
  },
  LONG,
);

engineTest.concurrent(
  "at most four effects are under way, in whatever order they end [M3]",
  async () => {
    const places = [..."ABCDEFGHI"];
    const api = await servePlaces(...places);
    let arrivals = 0;
    const barrier = await serveBarrier((waiting) => {
      arrivals++;
      // The one that came last ends first, as long as there are others to come.
      if (arrivals === places.length) return waiting.toReversed();
      return waiting.length === 4 ? waiting.slice(-1) : [];
    });
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      await live(api, story, { world: WAITING, env: { BARRIER_URL: barrier.url } });
      const steps = readNotes(story.folder).map(({ how }) => (how === "begun" ? 1 : -1));
      const open = steps.map((_, index) => steps.slice(0, index + 1).reduce((a, b) => a + b, 0));
      expect(Math.max(...open)).toBe(4);
      const outputs = lastOutputs(requestsOf(api, story)).map(({ output }) => output);
      expect(outputs).toEqual(places.map((place) => `calm in ${place}`));
    });
    api.close();
    barrier.close();
  },
);

engineTest.concurrent(
  "the nasty batch gets the outcomes and the transcript of 21, and goes on behind its record",
  async () => {
    const api = await serveCalls(itemsOf(NASTY_REPLY));
    const story21 = newStory();
    const { stdout } = await replay.live(api, story21, { env: { JOURNAL: "" } });
    await besideEngine(async (engine) => {
      const story = newRun(engine, story21.question);
      const killed = await live(api, story, { env: { KILL_AT: "before step 2 request" } });
      expect(wasKilled(killed)).toBe(true);
      const { runs } = look(story);
      expect(new Set(runs).size).toBe(runs.length);
      const ended = await live(api, story);
      expect(transcriptOf(ended.stdout)).toBe(transcriptOf(stdout).trimEnd());
      expect(ended.stdout).toMatch(/\nReplayed: \d+, executed: 1\n$/);
      expect(look(story).runs).toEqual(runs);
      expect(lastOutputs(api.requests)).toEqual(settle(outputsOf(NASTY_RESULTS)));
    });
    api.close();
  },
  LONG,
);

// ── Attempts ─────────────────────────────────────────────────────────────────────────────────────

const Ran = z.object({ location: z.string(), key: z.string() });

/** How often the tool has run in each place, and under how many keys. */
function countRuns({ folder }: { readonly folder: string }): Record<string, [number, number]> {
  const lines = readFileSync(join(folder, "notes.jsonl"), "utf8").split("\n").slice(0, -1);
  const runs = lines.map((line) => Ran.parse(JSON.parse(line)));
  const count = (place: string): [number, number] => {
    const keys = runs.filter(({ location }) => location === place).map(({ key }) => key);
    return [keys.length, new Set(keys).size];
  };
  return Object.fromEntries(runs.map(({ location }) => [location, count(location)]));
}

const toolError = (text: string) => ({
  error: { class: "execution", code: "tool_error", message: text },
});

/** The outcome of a call in each place, and how often the call runs for it. */
const ATTEMPTS: readonly (readonly [place: string, output: unknown, runs: number])[] = [
  ["never works", toolError("not yet"), 3],
  ["works", "fine", 1],
  ["asks for nothing", toolError("no cause"), 1],
  ["asks in a string", toolError('{"cause":{"retry":{}}}'), 1],
  ["works later", "fine at last", 2],
  ["asks without an object", toolError("not yet"), 1],
  ["asks without a number", toolError("not yet"), 1],
  ["asks for any time", toolError("not yet"), 3],
  ["fails for good later", toolError("for good"), 2],
];

engineTest.concurrent(
  "a call is run again where its failure asks for it, three times at most, under one key; its siblings are not, and the last failure is replayed [L20 L21 L22 L27]",
  async () => {
    const api = await servePlaces(...ATTEMPTS.map(([place]) => place));
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      const killed = { world: "noting", env: { KILL_AT: "before step 2 request" } };
      const first = await live(api, story, killed);
      expect(wasKilled(first)).toBe(true);
      // The handler was called several times.
      expect(first.stdout.match(/^\[Step|^Thinking/gm)).toEqual(["[Step", "Thinking"]);
      const warnings = first.stderr.split("\n").slice(1, -1);
      expect(new Set(warnings)).toEqual(new Set(["warning: (500) not yet; it is tried again"]));
      const runs = Object.fromEntries(ATTEMPTS.map(([place, , count]) => [place, [count, 1]]));
      expect(countRuns(story)).toEqual(runs);
      const { code } = await live(api, story, { world: "noting" });
      expect([code, countRuns(story)]).toEqual([0, runs]);
      const outputs = lastOutputs(api.requests).map(({ output }) => output);
      expect(outputs).toEqual(ATTEMPTS.map(([, output]) => output));
    });
    api.close();
  },
  LONG,
);

engineTest.concurrent(
  "a tool that does not consent is run once, whatever its failure asks for [L20]",
  async () => {
    const main = readFileSync(join(ROOT, MAIN), "utf8");
    const folder = copyBook({
      [MAIN]: main.replace('{ ...getWeather, retry: "safe" }', "getWeather"),
      "mock-tools/weather.ts": like("test/worlds/noting.ts"),
    });
    const api = await servePlaces("never works");
    const story = newRun();
    const { env } = settingsOf(api, story);
    const { code } = await run(MAIN, [story.question], { folder, env });
    expect([code, countRuns(story)]).toEqual([0, { "never works": [1, 1] }]);
    api.close();
  },
);

engineTest.concurrent("the next attempt waits for as long as the failure asks for", async () => {
  const api = await servePlaces("asks for an age");
  await besideEngine(async (engine) => {
    const story = newRun(engine);
    const { kill, ended } = startLife(api, story, { world: "noting" });
    await until(async () => expect(await readStatus(story, "status")).toBe("backing-off"));
    const next = Date.parse(String(await readStatus(story, "next_retry_at")));
    // It asks for eleven days.
    expect(next - Date.now()).toBeGreaterThan(10 * 24 * 3_600_000);
    kill();
    await ended;
    expect(countRuns(story)).toEqual({ "asks for an age": [1, 1] });
  });
  api.close();
});

engineTest.concurrent(
  "while a call is tried again, one beside it goes on and is not run a second time",
  async () => {
    const api = await servePlaces("X", "works later");
    const barrier = await serveBarrier(() => []);
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      const life = { world: WAITING, env: { BARRIER_URL: barrier.url } };
      const { ended } = startLife(api, story, life);
      const runs = { X: [1, 1], "works later": [2, 1] };
      await until(() => expect(countRuns(story)).toEqual(runs));
      await until(() => expect(barrier.log).toEqual(["start X"]));
      barrier.letGo("X");
      expect((await ended).code).toBe(0);
      expect(barrier.log).toEqual(["start X", "end X"]);
    });
    api.close();
    barrier.close();
  },
  LONG,
);

engineTest.concurrent(
  "where the engine dies while a call runs, the call goes on and is not run a second time",
  async () => {
    const api = await servePlaces("X");
    const barrier = await serveBarrier(() => []);
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      const life = { world: WAITING, env: { BARRIER_URL: barrier.url } };
      const { ended } = startLife(api, story, life);
      await until(() => expect(barrier.log).toEqual(["start X"]));
      await killEngine(engine);
      barrier.letGo("X");
      const { code, stdout } = await ended;
      expect([code, barrier.log]).toEqual([0, ["start X", "end X"]]);
      expect(stdout.match(/^\[Step \d/gm)).toEqual(["[Step 1", "[Step 2"]);
      expect(stdout).toMatch(/\nReplayed: 0, executed: 3\n$/);
    });
    api.close();
    barrier.close();
  },
  LONG,
);

/** A refusal that also tells the client not to ask again by itself. */
const refuse = (status: number) => (response: ServerResponse) => {
  const error = { message: "come later", type: "server_error", param: null, code: null };
  const headers = { "content-type": "application/json", "x-should-retry": "false" };
  response.writeHead(status, headers).end(JSON.stringify({ error }));
};

engineTest.concurrent(
  "a request that the server refuses is sent three times; the last refusal ends the run, and is replayed",
  async () => {
    const api = await serveResponses((_, index) => refuse(index === 1 ? 429 : 500));
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      for (const when of ["at first", "when asked again"]) {
        const { code, stdout, stderr } = await live(api, story);
        expect([code, api.requests.length], when).toEqual([1, 3]);
        expect(stdout).toMatch(
          new RegExp(`^Q: ${story.question}\n\n\nReplayed: \\d, executed: 0\n$`),
        );
        const lines = stderr.split("\n").filter((line) => line.startsWith("error: "));
        expect(lines, when).toEqual(["error: 500 come later"]);
      }
    });
    api.close();
  },
  LONG,
);

engineTest.concurrent(
  "a request that would be refused again is sent once",
  async () => {
    const api = await serveResponses([refuse(401)]);
    await besideEngine(async (engine) => {
      const { code, stderr } = await live(api, newRun(engine));
      expect([code, api.requests.length]).toEqual([1, 1]);
      expect(stderr.split("\n").slice(1)).toEqual(["error: 401 come later", ""]);
    });
    api.close();
  },
  LONG,
);

engineTest.concurrent(
  "a process that died in a request, and the engine's calls that found no process, are no attempts of the next process",
  async () => {
    const api = await serveResponses((_, index) => {
      const hold = () => undefined;
      return [hold, refuse(500), refuse(429)][index] ?? [message("done")];
    });
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      const first = startLife(api, story);
      await until(() => expect(api.requests).toHaveLength(1));
      first.kill();
      await first.ended;
      await until(async () => expect(await readStatus(story, "retry_count")).toBeGreaterThan(3));
      const { code, stdout } = await live(api, story);
      expect([code, stdout]).toEqual([0, expect.stringContaining("\nA:\ndone\n")]);
    });
    api.close();
  },
  LONG,
);

// ── What has changed ─────────────────────────────────────────────────────────────────────────────

const CHANGED = "error: the program is not the one that began the run:";

engineTest.concurrent(
  "a changed call, request or order is refused in one line, nothing of it runs, and the program that began the run ends it [L26]",
  async () => {
    const api = await model;
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      await live(api, story, { env: { KILL_AT: "before step 2 request" } });
      const count = () => ({ ...look(story), requests: requestsOf(api, story).length });
      const before = count();
      const lives: readonly (readonly [Life, string])[] = [
        [
          { program: "test/programs/22-changed.ts" },
          'the journal holds another step 1 call 0: arguments was {"location":"a"} and is {"location":"b"}',
        ],
        [{ env: { OPENAI_MODEL: "other" } }, "the journal holds another step 1 request: model was"],
        [{ env: { OPENAI_PROTOCOL: "chat" } }, "the journal holds another step 1 request: "],
        [{ program: "chapters/22-durable-execution/extra.ts" }, "(570) Found a mismatch"],
      ];
      for (const [life, words] of lives) {
        const { code, stdout, stderr } = await live(api, story, life);
        expect([code, stderr.split("\n").slice(1)]).toEqual([
          1,
          [expect.stringContaining(`${CHANGED} ${words}`), ""],
        ]);
        expect(stdout).not.toContain("\nA:\n");
        expect(count()).toEqual(before);
      }
      const ended = await liveWithoutRepeating(api, story, {}, "the program that began it");
      await expectEnd(story, ended, "the program that began it");
    });
  },
  LONG,
);

engineTest.concurrent(
  "a run whose calls overlapped is refused by a program with one lane, and goes on in its own",
  async () => {
    const api = await model;
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      await live(api, story, { env: { KILL_AT: "after step 1 call 0" } });
      const { code, stderr } = await live(api, story, { program: SERIAL });
      expect([code, stderr]).toEqual([1, expect.stringContaining(`\n${CHANGED} (570) Found`)]);
      const ended = await liveWithoutRepeating(api, story, {}, "its own program");
      await expectEnd(story, ended, "its own program");
    });
  },
  LONG,
);

engineTest.concurrent(
  "another question under the name of a run is refused, before and after its end",
  async () => {
    const api = await model;
    await besideEngine(async (engine) => {
      const story = newRun(engine);
      const other = { ...story, question: "another" };
      const words = `error: the question of the run ${story.name} was ${story.question} and is another`;
      await live(api, story, { env: { KILL_AT: "recorded step 1 request" } });
      for (const when of ["before its end", "after its end"]) {
        const { code, stderr } = await live(api, other);
        expect([code, stderr.split("\n").at(-2)], when).toEqual([1, words]);
      }
      expect(requestsOf(api, other)).toEqual([]);
      const { code, stdout } = await live(api, story);
      expect([code, stdout]).toEqual([0, expect.stringContaining(ANSWER)]);
    });
  },
  LONG,
);

// ── The settings ─────────────────────────────────────────────────────────────────────────────────

test.concurrent("settings that do not fit together give one error line, and nothing is started [L29]", async () => {
  const WORLD_DIR = mkdtempSync(join(tmpdir(), "world-"));
  const bad: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ RUN: "x" }, "RUN needs a WORLD_DIR, where e-mails outlive the program"],
    [{ RUN: "../x", WORLD_DIR }, "expected up to 40 letters, digits, - and _ in RUN, got ../x"],
    [
      { RESTATE_ADMIN_URL: "http://127.0.0.1:1", WORLD_DIR },
      "expected both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL, or none of them",
    ],
    [
      { KILL_AT: "soon", WORLD_DIR },
      'expected a moment such as "after step 2 call 0" in KILL_AT, got soon',
    ],
  ];
  for (const [env, words] of bad) {
    const { code, stdout, stderr } = await run(MAIN, ["?"], { env });
    expect([code, stdout.split("\n")[0]]).toEqual([1, "Q: ?"]);
    expect(stderr.replace(/^model: .*\n/, "")).toBe(`error: ${words}\n`);
  }
  expect(readdirSync(WORLD_DIR)).toEqual([]);
});

test.concurrent("--help lists the settings of the chapter, whatever they are", async () => {
  const { code, stdout, stderr } = await run(MAIN, ["--help"], { env: { RUN: "../x" } });
  expect([code, stderr]).toEqual([0, ""]);
  for (const name of ["RUN", "KILL_AT", "RESTATE_INGRESS_URL", "RESTATE_ADMIN_URL", "WORLD_DIR"]) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
  }
});

test.concurrent("an engine that does not answer gives one error line", async () => {
  const { url, close } = await listen(createServer());
  close();
  const env = { RESTATE_INGRESS_URL: url, RESTATE_ADMIN_URL: url };
  const { code, stderr } = await run(MAIN, ["?"], { env });
  expect([code, stderr.replace(/^model: .*\n/, "")]).toEqual([
    1,
    expect.stringMatching(
      /^error: the engine is not there: fetch failed: connect ECONNREFUSED 127\.0\.0\.1:\d+\n$/,
    ),
  ]);
});

// ── The program ──────────────────────────────────────────────────────────────────────────────────

engineTest.concurrent(
  "Ctrl-C ends it with 130 in the middle of a call, and no process and no file is left",
  async () => {
    const api = await servePlaces("X");
    const barrier = await serveBarrier(() => []);
    const TMPDIR = mkdtempSync(join(tmpdir(), "own-"));
    const story = newRun();
    const life = { world: WAITING, env: { BARRIER_URL: barrier.url } };
    const { folder, env } = settingsOf(api, story, life);
    const own = { ...env, TMPDIR, TEMP: TMPDIR, WORLD_DIR: "", RUN: "" };
    const program = startForUser(MAIN, [story.question], { folder, env: own });
    await until(() => expect(barrier.log).toEqual(["start X"]));
    const server = serverOf(TMPDIR);
    const keeper = keeperOf(server);
    program.pressCtrlC();
    const { code, stderr } = await program.ended;
    expect([code, stderr.split("\n").slice(1)]).toEqual([130, [""]]);
    await untilGone(server, keeper);
    expect(readdirSync(TMPDIR)).toEqual([]);
    api.close();
    barrier.close();
  },
);

engineTest.concurrent(
  "a flaky station works at the second attempt, and two programs beside each other print the same",
  async () => {
    const ask = () => run(MAIN, ["How is the weather in Oslo and LA?"]);
    const [one, other] = await Promise.all([ask(), ask()]);
    expect(one.code).toBe(0);
    expect(one.stdout).toContain(
      "Here's the weather: Oslo is snowy at -4 degrees, LA is sunny at 20 degrees.",
    );
    expect(one.stdout).toMatch(/\nReplayed: 0, executed: 4\n$/);
    expect(other.stdout).toBe(one.stdout);
  },
  LONG,
);

engineTest.concurrent(
  "two demos beside each other are killed, go on and are asked again, with one e-mail each",
  async () => {
    const [one, other] = await Promise.all([run(MAIN), run(MAIN)]);
    expect([one.code, other.stdout]).toEqual([0, one.stdout]);
    expect(one.stdout.match(/^\(killed\)$|^Replayed: .*/gm)).toEqual([
      "(killed)",
      "Replayed: 3, executed: 4",
      "Replayed: 0, executed: 0",
    ]);
    expect(one.stdout.match(/"to": "/g)).toHaveLength(1);
  },
  LONG,
);
