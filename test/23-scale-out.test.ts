// Calls run in workers, which are processes of their own; what waits for a person, a clock or a study waits at
// the engine. Workers, programs and the engine can be killed at any moment: each call is answered once, and
// each e-mail is sent once. The tools are those of test/worlds/placed.ts and test/worlds/seasons.ts.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type Ended, run } from "../scripts/run.ts";
import { listen } from "../scripts/serve.ts";
import { engineTest, keeperOf, serversOf, untilGone } from "./support/engine.ts";
import { serveBarrier } from "./support/barrier.ts";
import { startForUser } from "./support/interrupt.ts";
import { ANSWER, serveSteps, wasKilled } from "./support/lives.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import {
  call as item,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  type ResponsesRequest,
  serveResponses,
  settle,
} from "./support/responses.ts";
import {
  approve,
  askedAbout,
  book,
  type Call,
  call,
  type Env,
  keyOf,
  MAIN,
  mailsOf,
  notesOf,
  openStage,
  post,
  query,
  type Stage,
  send,
  startMain,
  startWorkers,
  until,
  type Workers,
} from "./support/scale-out.ts";

/** How long a test of many processes may take where many run beside it, in milliseconds. */
const LONG = 900_000;

let opened: Promise<{ stage: Stage; workers: Workers }> | undefined;

/** So many calls never all reach one worker. A worker runs four at once; the others wait for a thread. */
const MANY = 16;

/** An engine and workers for all tests that kill no process. Each test has a conversation of its own. */
function shared() {
  opened ??= (async () => {
    const stage = await openStage();
    return { stage, workers: await startWorkers(stage) };
  })();
  return opened;
}

afterAll(async () => {
  if (!opened) return;
  const { stage, workers } = await opened;
  await workers.close();
  await stage.close();
});

function kill(pid: unknown): void {
  process.kill(Number(pid), "SIGKILL");
}

// ── Everything is killed ─────────────────────────────────────────────────────────────────────────

const SEED = Number(process.env.SEED) || Date.now() % 2 ** 31;
const KILLS = 5;
/** Which workers have killed themselves. */
const KILLED_FILE = "killed";
const VICTIMS = ["the program", "the engine", "a worker", "all"] as const;

/** One life of a run. It may be killed after so many hundredths of a run's usual time. */
const anyLife = fc.record({ share: fc.nat(85), calledId: fc.constantFrom("look", "send") });

engineTest.concurrent.each([
  ["beside others", SEED],
  ["once more", SEED + 1],
])(
  "with its program, its workers and its engine killed at random moments, a run has one answer, and each e-mail is sent once: %s [L27 L28]",
  async (_, seed) => {
    const api = await serveSteps();
    const stage = await openStage();
    const settings = { OPENAI_BASE_URL: api.url, APPROVALS: "off", WORKERS: "1" };
    let stories = 0;
    const newRun = () => {
      const world = mkdtempSync(join(tmpdir(), "world-"));
      const run = `run-${seed}-${stories++}`;
      return { run, world, own: { ...settings, RUN: run, WORLD_DIR: world } };
    };
    const expectEnd = ({ world }: { world: string }, { code, stdout }: Ended, words: string) => {
      expect([code, stdout], words).toEqual([0, expect.stringContaining(`\nA:\n${ANSWER}\n`)]);
      const keys = mailsOf({ world }).map(({ key }) => key);
      expect([keys.length, new Set(keys).size], words).toEqual([2, 2]);
    };
    const first = newRun();
    const start = performance.now();
    expectEnd(first, await startMain(stage, first.run, first.own).ended, "undisturbed");
    const span = performance.now() - start;
    let story = newRun();
    let kills = 0;
    for (const { share, calledId } of fc.sample(anyLife, { seed, numRuns: 4 * KILLS })) {
      if (kills === KILLS) break;
      const victim = VICTIMS[(kills + seed) % VICTIMS.length];
      const words = `seed ${seed}, kill ${kills}: ${victim} at ${share} of 100, or at ${calledId}`;
      const killed = victim === "a worker" ? { KILL_WORKER: calledId } : undefined;
      const program = startMain(stage, story.run, { ...story.own, ...killed });
      let hasEnded = false;
      const ended = program.ended.finally(() => {
        hasEnded = true;
      });
      await program.began;
      if (!killed) await Promise.race([ended, wait((span * share) / 100)]);
      if (!killed && !hasEnded) {
        kills++;
        if (victim !== "the program") kill(stage.engine.pid);
        if (victim !== "the engine") program.kill();
      }
      const end = await ended;
      if (killed && readdirSync(story.world).includes(KILLED_FILE)) kills++;
      if (wasKilled(end)) continue;
      expectEnd(story, end, words);
      story = newRun();
    }
    expect(kills).toBe(KILLS);
    const end = await startMain(stage, story.run, story.own).ended;
    expectEnd(story, end, `seed ${seed}, the last life`);
    api.close();
    await stage.close();
  },
  LONG,
);

// ── Calls ────────────────────────────────────────────────────────────────────────────────────────

const toolError = (message: unknown) => ({ class: "execution", code: "tool_error", message });
const unfit = {
  class: "invalid_request",
  code: "invalid_tool_args",
  message: expect.stringMatching(/^invalid arguments: /),
};

/** A conversation that sends calls at the same time, and returns the outcome of each. */
function converse(stage: Stage, conversation: string) {
  return (...calls: readonly Call[]) => {
    return Promise.all(calls.map((one) => send(stage, conversation, one)));
  };
}

// ── Calls that wait for people ───────────────────────────────────────────────────────────────────

const MAIL = { from: "bot@example.com", to: "bob@example.com", message: "hello" };

const mail = (to: string) =>
  call(to, "send_email", { from: "bot@example.com", to, message: "hello" });

engineTest.concurrent(
  "people are asked at once, and calls run after a yes; a no has its reason; later answers learn the first one [L2 L30 L32]",
  async () => {
    const { stage } = await shared();
    const [one, other] = [randomUUID(), randomUUID()];
    const outcomes = Promise.all([one, other].map((to) => send(stage, "people", mail(to))));
    const [yes, no] = await Promise.all([keyOf(stage, one), keyOf(stage, other)]);
    expect(mailsOf(stage).filter(({ to }) => to === one || to === other)).toEqual([]);
    const says = (stdout: string, code = 0) => ({ code, stdout: `${stdout}\n`, stderr: "" });
    expect(await approve(stage, yes, "yes")).toEqual(says("accepted"));
    expect(await approve(stage, no, "no", "-5", "degrees")).toEqual(says("accepted"));
    expect(await outcomes).toEqual([
      "message sent",
      { class: "permission_denied", code: "approval_denied", message: "-5 degrees" },
    ]);
    expect(await approve(stage, yes, "no")).toEqual(says("already resolved: yes", 1));
    expect(await approve(stage, yes, "yes")).toEqual(says("already resolved: yes"));
    expect(await approve(stage, no, "yes")).toEqual(says("already resolved: no", 1));
    expect(mailsOf(stage).flatMap(({ to }) => (to === one || to === other ? to : []))).toEqual([
      one,
    ]);
  },
  LONG,
);

engineTest.concurrent(
  "people are not asked about a call that cannot run [L2]",
  async () => {
    const { stage } = await shared();
    const to = randomUUID();
    const calls = [
      call("none", "send_email", {}),
      call("some", "send_email", { from: "a", to, message: 7 }),
      call("broken", "send_email", `{"to":"${to}"`),
      call("teleport", "teleport", { to }),
      call("constructor", "constructor", { to }),
    ];
    const unknown = { class: "unavailable", code: "tool_unavailable" };
    expect(await converse(stage, "cannot")(...calls)).toEqual([
      ...[unfit, unfit, unfit],
      { ...unknown, message: expect.stringContaining("unknown tool teleport;") },
      { ...unknown, message: expect.stringContaining("unknown tool constructor;") },
    ]);
    expect(await askedAbout(stage, to)).toEqual([]);
  },
  LONG,
);

engineTest.concurrent(
  "a forged key and an odd one are unknown and resolve nothing, and only yes or no is accepted [L31]",
  async () => {
    const { stage } = await shared();
    const to = randomUUID();
    const outcome = send(stage, "keys", mail(to));
    const key = await keyOf(stage, to);
    expect(key).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    const forged = `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`;
    const answer = async (one: string, path: string, said: unknown) => {
      const { ok, text } = await post(stage, `approvals/${encodeURIComponent(one)}/${path}`, said);
      return ok ? "accepted" : text;
    };
    const yes = { said: "yes" };
    for (const one of [forged, key.toUpperCase(), "a/../b", "'; --", "x".repeat(10_000)]) {
      expect(await answer(one, "resolve", yes)).toContain("unknown or revoked key");
    }
    for (const said of [{ said: "maybe" }, { said: "timeout" }, {}, null, "yes", ["yes"]]) {
      expect(await answer(key, "resolve", said)).toContain("expected yes or no");
    }
    // The handlers that end a call without an answer cannot be called from outside.
    expect(await answer(key, "expire", null)).not.toBe("accepted");
    const open = { awakeable: "", text: "", deadline: 0 };
    expect(await answer(key, "open", open)).not.toBe("accepted");
    expect(await approve(stage, forged, "yes")).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: unknown or revoked key\n",
    });
    expect(await answer(key, "resolve", { said: "no" })).toBe("accepted");
    expect(await outcome).toMatchObject({ message: "somebody said no" });
  },
  LONG,
);

engineTest.concurrent(
  "of ten processes that resolve a call at once, one is accepted, and all others learn what it said [L32]",
  async () => {
    const { stage } = await shared();
    const to = randomUUID();
    const outcome = send(stage, "ten", mail(to));
    const key = await keyOf(stage, to);
    const told = await Promise.all(
      Array.from({ length: 10 }, (_, index) => {
        return approve(stage, key, ...(index % 2 === 0 ? ["yes"] : ["no", `${index}`]));
      }),
    );
    const first = told.findIndex(({ stdout }) => stdout === "accepted\n");
    const said = first % 2 === 0 ? "yes" : "no";
    for (const [index, { code, stdout }] of told.entries()) {
      const words = index === first ? "accepted\n" : `already resolved: ${said}\n`;
      expect([code, stdout]).toEqual([index % 2 === first % 2 ? 0 : 1, words]);
    }
    expect(await outcome).toEqual(
      said === "yes"
        ? "message sent"
        : { class: "permission_denied", code: "approval_denied", message: `${first}` },
    );
    expect(mailsOf(stage).filter((one) => one.to === to)).toHaveLength(said === "yes" ? 1 : 0);
  },
  LONG,
);

engineTest.concurrent(
  "approve.ts lists the pending calls, shows a whole call safely, and never shows where the engine waits",
  async () => {
    const { stage } = await shared();
    const to = randomUUID();
    const message = `\u001b[31m${"x".repeat(5_000)}\n`;
    const outcome = send(stage, "list", call("long", "send_email", { from: "a", to, message }));
    const key = await keyOf(stage, to);
    const [asked] = await askedAbout(stage, to);
    const listed = await approve(stage);
    const line = listed.stdout.split("\n").find((one) => one.startsWith(key));
    expect(line).toMatch(
      /^\S+ {2}send_email from "a", to "\S+", message "\\u001b\[31mx.* more characters\) \(\d+ s left\)$/,
    );
    const shown = await approve(stage, key);
    expect(shown).toEqual({
      code: 0,
      stdout: `send_email from "a", to "${to}", message "\\u001b[31m${"x".repeat(5_000)}\\n"\n`,
      stderr: "",
    });
    expect(asked?.awakeable).toMatch(/^sign_1/);
    expect(`${listed.stdout}${shown.stdout}`).not.toContain(asked?.awakeable);
    await approve(stage, key, "no");
    await outcome;
    const after = await approve(stage);
    expect([after.code, after.stdout.includes(key)]).toEqual([0, false]);
    expect(await approve(stage, key)).toMatchObject({
      code: 1,
      stderr: "error: unknown or revoked key\n",
    });
  },
  LONG,
);

test.concurrent("approve.ts says in one line what is wrong with its arguments or its settings", async () => {
  const env = {
    RESTATE_INGRESS_URL: "http://127.0.0.1:1",
    RESTATE_ADMIN_URL: "http://127.0.0.1:1",
  };
  const help = await approve({ env }, "--help");
  expect([help.code, help.stderr]).toEqual([0, ""]);
  expect(help.stdout).toMatch(/^Resolves a call of chapter 23/);
  const bad: readonly (readonly [words: string[], settings: Env, line: string])[] = [
    [["key", "maybe"], env, "expected yes or no, got maybe"],
    [["key", "yes", "sir"], env, "expected nothing after yes, got sir"],
    [["--yes"], env, "expected a key, --help or nothing, got --yes"],
    [["key", "yes"], {}, "expected the engine's address in RESTATE_INGRESS_URL"],
    [["key"], {}, "expected the engine's address in RESTATE_ADMIN_URL"],
    [[], {}, "expected the engine's address in RESTATE_ADMIN_URL"],
  ];
  for (const [words, settings, line] of bad) {
    const ended = await approve({ env: settings }, ...words);
    expect(ended).toEqual({ code: 1, stdout: "", stderr: `error: ${line}\n` });
  }
});

// ── Processes ────────────────────────────────────────────────────────────────────────────────────

const study = (location: string, id = location) => call(id, "study_climate", { location });
const awaiting = (...ids: unknown[]) => call("await", "await_processes", { ids });
const cancel = (id: unknown) => call("cancel", "cancel_process", { id });
const signal = (id: unknown, name: string, payload: unknown = "") =>
  call("signal", "signal_process", { id, name, payload });

const handle = (id: string) => ({ handle: "process", id });
const running = (id: string) => ({ id, running: true });
const cancelled = (id: string) => ({
  id,
  cancelled: "[Tool execution cancelled] it ended without a result",
});
/** Waits until something was held at the barrier so many times. */
async function untilHeld({ log }: Stage, name: string, times = 1): Promise<void> {
  await until(() => {
    const starts = log.filter((line) => line === `start ${name}`);
    expect(starts.length, name).toBeGreaterThanOrEqual(times);
  });
}

async function letGo(stage: Stage, name: string): Promise<void> {
  await untilHeld(stage, name);
  stage.letGo(name);
}

/** Lets some seasons of a held study go, one after the other. */
async function letStudy(stage: Stage, place: string, ...seasons: readonly string[]) {
  for (const season of seasons) await letGo(stage, `${place} ${season}`);
}

const SEASONS = ["winter", "spring", "summer", "autumn"];
const studied = (place: string) => `${place}: winter 0, spring 1, summer 2, autumn 3`;

/** The seasons of a study that were computed, in order. */
function seasonsOf(stage: Stage, place: string): unknown[] {
  return notesOf(stage).flatMap(({ location, season }) => (location === place ? [season] : []));
}

engineTest.concurrent(
  "an await has a time limit: what has not ended by then is running, and may be awaited again",
  async () => {
    const { stage } = await shared();
    const say = converse(stage, "slow");
    await say(study("held slow"), study("quick"));
    expect(await say(awaiting("held slow", "quick"))).toEqual([
      [running("held slow"), { id: "quick", result: studied("quick") }],
    ]);
    const again = say(awaiting("held slow"));
    await letStudy(stage, "held slow", ...SEASONS);
    expect(await again).toEqual([[{ id: "held slow", result: studied("held slow") }]]);
    expect(seasonsOf(stage, "held slow")).toEqual(SEASONS);
  },
  LONG,
);

engineTest.concurrent(
  "a study is answered with a handle at once; the same call again is the same process, running or ended, and another one a conflict [L35]",
  async () => {
    const { stage } = await shared();
    const say = converse(stage, "starts");
    const same = ' { "location" : "held a" } ';
    const [first, second] = await say(study("held a"), call("held a", "study_climate", same));
    expect([first, second]).toEqual([handle("held a"), handle("held a")]);
    const other = {
      class: "invalid_request",
      code: "handle_conflict",
      message: "held a is a process with other arguments",
    };
    expect(await say(study("held b", "held a"), call("no", "study_climate", {}))).toEqual([
      other,
      unfit,
    ]);
    await letStudy(stage, "held a", ...SEASONS);
    const result = { id: "held a", result: studied("held a") };
    expect(await say(awaiting("held a"))).toEqual([[result]]);
    expect(await say(study("held a"), study("held b", "held a"))).toEqual([
      handle("held a"),
      other,
    ]);
    expect(await say(awaiting("held a", "held a"), awaiting("no"))).toEqual([
      [result, result],
      toolError("unknown process no; there are held a"),
    ]);
    expect(seasonsOf(stage, "held a")).toEqual(SEASONS);
    expect(seasonsOf(stage, "held b")).toEqual([]);
  },
  LONG,
);

engineTest.concurrent(
  "several are awaited with one call, and each has its outcome in the order asked, however it ended [L35]",
  async () => {
    const { stage } = await shared();
    const say = converse(stage, "several");
    await say(study("throwing at once"), study("dying"), study("held m"), study("quick"));
    const all = say(awaiting("held m", "throwing at once", "quick", "dying"));
    await letStudy(stage, "held m", ...SEASONS);
    const died = toolError("worker exited with code: 3");
    expect(await all).toEqual([
      [
        { id: "held m", result: studied("held m") },
        { id: "throwing at once", error: toolError("no such study") },
        { id: "quick", result: studied("quick") },
        { id: "dying", error: died },
      ],
    ]);
    expect(seasonsOf(stage, "throwing at once")).toEqual(["winter"]);
  },
  LONG,
);

engineTest.concurrent(
  "signals arrive in order, before a study has looked up and in the middle of it, and none after the end [L35]",
  async () => {
    const { stage } = await shared();
    const say = converse(stage, "signals");
    await say(study("held s"));
    await untilHeld(stage, "held s winter");
    const sent = [
      await say(signal("held s", "narrow", "summer")),
      await say(signal("held s", "hint", "spring")),
      await say(signal("held s", "narrow", "the moon")),
      await say(signal("held s", "narrow", "autumn")),
    ];
    expect(sent).toEqual([1, 2, 3, 4].map((sequence) => [{ process_id: "held s", sequence }]));
    await letStudy(stage, "held s", "winter", "autumn");
    expect(await say(awaiting("held s"))).toEqual([[{ id: "held s", result: "held s: autumn 3" }]]);
    expect(seasonsOf(stage, "held s")).toEqual(["winter", "autumn"]);
    expect(await say(signal("held s", "narrow", "winter"))).toEqual([
      toolError("the study has ended"),
    ]);
    // The signal may come before or after the first season. In both cases the result has only one season.
    await say(study("quick early"), study("throwing"));
    await say(signal("quick early", "narrow", "spring"), awaiting("throwing"));
    expect(await say(awaiting("quick early"))).toEqual([
      [{ id: "quick early", result: expect.stringMatching(/^quick early: .*spring 1/) }],
    ]);
    expect(await say(signal("throwing", "narrow", "winter"))).toEqual([
      toolError("the study has ended"),
    ]);
  },
  LONG,
);

engineTest.concurrent(
  "an unknown id is refused by an error that lists the known ones, and harms none of them [L35]",
  async () => {
    const { stage } = await shared();
    const [say, sayElsewhere] = [converse(stage, "odd"), converse(stage, "elsewhere")];
    await sayElsewhere(study("quick", "theirs"));
    const odd = ["__proto__", "constructor", "", "theirs", "HELD O", "x".repeat(500), "a/../b"];
    expect(await say(awaiting("theirs"))).toEqual([
      toolError("unknown process theirs; there are none"),
    ]);
    await say(study("held o"));
    for (const id of odd) {
      const refused = toolError(`unknown process ${id}; there are held o`);
      const calls = [awaiting("held o", id), cancel(id), signal(id, "go")];
      expect(await say(...calls), id).toEqual([refused, refused, refused]);
    }
    for (const id of [7, null, true, {}, [], handle("held o")]) {
      const calls = [awaiting(id), cancel(id), signal(id, "go")];
      expect(await say(...calls)).toEqual([unfit, unfit, unfit]);
    }
    const malformed = [
      awaiting(),
      call("none", "await_processes", {}),
      call("text", "await_processes", { ids: "held o" }),
      signal("held o", "go", { season: "winter" }),
      call("broken", "cancel_process", "{"),
    ];
    expect(await say(...malformed)).toEqual(malformed.map(() => unfit));
    await letStudy(stage, "held o", ...SEASONS);
    expect(await say(awaiting("held o"))).toEqual([[{ id: "held o", result: studied("held o") }]]);
  },
  LONG,
);

engineTest.concurrent(
  "each conversation has handles of its own, and an id may contain any characters",
  async () => {
    const { stage } = await shared();
    const [say, sayElsewhere] = [converse(stage, "here"), converse(stage, "there")];
    const ids = ["same", "__proto__", "constructor", "a b/ü%2F", "x".repeat(64)];
    await say(...ids.map((id) => study("quick here", id)));
    await sayElsewhere(...ids.map((id) => study("quick there", id)));
    for (const [ask, place] of [
      [say, "quick here"],
      [sayElsewhere, "quick there"],
    ] as const) {
      expect(await ask(awaiting(...ids))).toEqual([
        ids.map((id) => ({ id, result: studied(place) })),
      ]);
    }
  },
  LONG,
);

engineTest.concurrent(
  "a cancel says how the process has really ended, and frees the thread of a study that never looks up [L15 L18 L35]",
  async () => {
    const stage = await openStage();
    // Two studies have a thread in that worker; the others wait for one.
    const workers = await startWorkers(stage, 1);
    const say = converse(stage, "cancels");
    await say(study("deaf"), study("deaf too"));
    await until(() => {
      expect(notesOf(stage).map(({ location }) => location)).toEqual(
        expect.arrayContaining(["deaf", "deaf too"]),
      );
    });
    await say(study("quick queued"), study("quick"));
    const status = (id: string, ended: string) => ({ process_id: id, status: ended });
    const whileAwaited = say(awaiting("deaf", "quick queued"));
    expect(await say(cancel("quick queued"))).toEqual([status("quick queued", "cancelled")]);
    expect(await say(cancel("deaf"))).toEqual([status("deaf", "cancelled")]);
    expect(await whileAwaited).toEqual([[cancelled("deaf"), cancelled("quick queued")]]);
    const quick = { id: "quick", result: studied("quick") };
    expect(await say(awaiting("quick"))).toEqual([[quick]]);
    expect(await say(cancel("deaf too"), cancel("deaf too"))).toEqual([
      status("deaf too", "cancelled"),
      status("deaf too", "cancelled"),
    ]);
    await say(study("throwing"));
    await say(awaiting("throwing"));
    expect(await say(cancel("quick"), cancel("throwing"), cancel("deaf"))).toEqual([
      status("quick", "success"),
      status("throwing", "failure"),
      status("deaf", "cancelled"),
    ]);
    expect(await say(awaiting("quick", "deaf"), signal("deaf", "narrow", "winter"))).toEqual([
      [quick, cancelled("deaf")],
      toolError("the study has ended"),
    ]);
    expect(seasonsOf(stage, "quick queued")).toEqual([]);
    expect(await workers.close()).toBe("");
    await stage.close();
  },
  LONG,
);

// ── Workers ──────────────────────────────────────────────────────────────────────────────────────

const weather = (location: string) => call(location, "get_weather", { location });

engineTest.concurrent(
  "calls run in several processes at once",
  async () => {
    const { stage } = await shared();
    const say = converse(stage, "many");
    const pidsOf = () =>
      notesOf(stage).flatMap(({ location, pid }) => (location.startsWith("held many") ? pid : []));
    const places = Array.from({ length: MANY }, (_, index) => `held many ${index}`);
    const outcomes = places.map((place) => say(weather(place)));
    // No call is released, so all calls that were seen run at the same time.
    await until(() => expect(new Set(pidsOf()).size).toBe(2));
    for (const place of places) stage.letGo(place);
    expect(await Promise.all(outcomes)).toEqual(places.map((place) => [`calm in ${place}`]));
  },
  LONG,
);

// ── Workers that are killed ──────────────────────────────────────────────────────────────────────

/** The processes that a place's calls have run in so far, and their idempotency keys. */
function runsOf(stage: Stage, place: string) {
  return notesOf(stage).filter(({ location }) => location === place);
}

/** Waits until there are so many workers, without those that were killed. */
async function untilReplaced(workers: Workers, count: number, killed: readonly unknown[]) {
  await until(() => {
    const pids = workers.pids();
    expect([pids.length, pids.filter((pid) => killed.includes(pid))]).toEqual([count, []]);
  });
}

engineTest.concurrent(
  "the work of a killed worker goes on in another one, a call under the same key, a study at its season; and the worker is replaced [L22 L28]",
  async () => {
    const stage = await openStage();
    const workers = await startWorkers(stage);
    const say = converse(stage, "killed");
    const outcome = say(weather("held k"));
    await untilHeld(stage, "held k");
    const [first] = runsOf(stage, "held k");
    kill(first?.pid);
    await untilHeld(stage, "held k", 2);
    stage.letGo("held k");
    expect(await outcome).toEqual(["calm in held k"]);
    const [, second, ...more] = runsOf(stage, "held k");
    expect([second?.key, more]).toEqual([first?.key, []]);
    expect(second?.pid).not.toBe(first?.pid);
    await untilReplaced(workers, 2, [first?.pid]);
    await say(study("held t"));
    await letStudy(stage, "held t", "winter");
    await untilHeld(stage, "held t spring");
    const victim = runsOf(stage, "held t").at(-1)?.pid;
    kill(victim);
    await untilHeld(stage, "held t spring", 2);
    stage.letGo("held t spring");
    await letStudy(stage, "held t", "summer", "autumn");
    expect(await say(awaiting("held t"))).toEqual([[{ id: "held t", result: studied("held t") }]]);
    expect(seasonsOf(stage, "held t")).toEqual(["winter", "spring", "spring", "summer", "autumn"]);
    await untilReplaced(workers, 2, [victim]);
    await workers.close();
    await stage.close();
  },
  LONG,
);

engineTest.concurrent(
  "all workers are killed at once, and again while others start: calls, a study and a pending call go on, and each is answered once [L32]",
  async () => {
    const stage = await openStage();
    const workers = await startWorkers(stage);
    const say = converse(stage, "all");
    const outcomes = say(weather("held a"), weather("held b"), mail("bob"));
    await say(study("held c"));
    await Promise.all(["held a", "held b", "held c winter"].map((name) => untilHeld(stage, name)));
    const key = await keyOf(stage, "bob");
    const first = workers.pids();
    first.forEach(kill);
    await until(() => expect(workers.pids().filter((pid) => first.includes(pid))).toEqual([]));
    // One of them is just starting, so it must get no request yet.
    const second = workers.pids();
    second.forEach(kill);
    await untilReplaced(workers, 2, [...first, ...second]);
    expect(await approve(stage, key, "yes")).toMatchObject({ code: 0, stdout: "accepted\n" });
    for (const name of ["held a", "held b", "held c winter"]) {
      await untilHeld(stage, name, 2);
      stage.letGo(name);
    }
    expect(await outcomes).toEqual(["calm in held a", "calm in held b", "message sent"]);
    const ended = say(awaiting("held c"));
    await letStudy(stage, "held c", "spring", "summer", "autumn");
    expect(await ended).toEqual([[{ id: "held c", result: studied("held c") }]]);
    expect(mailsOf(stage).map(({ to }) => to)).toEqual(["bob"]);
    for (const place of ["held a", "held b"]) {
      expect(new Set(runsOf(stage, place).map((run) => run.key)).size).toBe(1);
    }
    await workers.close();
    await stage.close();
  },
  LONG,
);

// ── Programs ─────────────────────────────────────────────────────────────────────────────────────

/** How many calls are under way after each line of the barrier's log. */
function openAfterEach(log: readonly string[]): number[] {
  let open = 0;
  return log.map((line) => (line.startsWith("start") ? ++open : --open));
}

const answeredIn = ({ input }: ResponsesRequest): number =>
  input.filter(({ type }) => type === "function_call_output").length;

engineTest.concurrent(
  "the nasty batch has its outcomes in the order asked, and at most four calls of a batch run at once [M3 M4 L1 L3 L4 L8]",
  async () => {
    const places = [..."ABCDEFGHI"].map((letter) => `held ${letter}`);
    const nasty = itemsOf(NASTY_REPLY);
    const held = places.map((location) => item(location, "get_weather", { location }));
    const api = await serveResponses((request) => {
      const answered = answeredIn(request);
      if (answered === 0) return nasty;
      return answered === nasty.length ? held : [message("done")];
    });
    let arrivals = 0;
    const stage = await openStage((waiting) => {
      arrivals++;
      // The one that came last ends first, as long as there are others to come.
      if (arrivals === places.length) return waiting.toReversed();
      return waiting.length === 4 ? waiting.slice(-1) : [];
    });
    const own = { OPENAI_BASE_URL: api.url, WORKERS: "2" };
    const { code, stdout } = await startMain(stage, "nasty", own).ended;
    api.close();
    await stage.close();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\nA:\ndone\n$/)]);
    const [, second, third] = api.requests;
    expect(lastOutputs(second ? [second] : [])).toEqual(settle(outputsOf(NASTY_RESULTS)));
    expect(lastOutputs(third ? [third] : [])).toEqual(
      places.map((place) => ({ id: place, output: `calm in ${place}` })),
    );
    expect(Math.max(...openAfterEach(stage.log))).toBe(4);
  },
  LONG,
);

engineTest.concurrent(
  "a pending call outlives the program, its workers and the engine, and its answer may come before they are back [L32]",
  async () => {
    const api = await serveResponses((request) =>
      answeredIn(request) === 0 ? [item("bob", "send_email", MAIL)] : [message("done")],
    );
    const stage = await openStage();
    const own = { OPENAI_BASE_URL: api.url, WORKERS: "1", RUN: "mail", CONVERSATION: "mail" };
    const first = startMain(stage, "mail bob", own);
    const key = await keyOf(stage, "bob@example.com");
    const [asked] = await askedAbout(stage, "bob@example.com");
    kill(stage.engine.pid);
    first.kill();
    const { stdout, stderr } = await first.ended;
    expect(mailsOf(stage)).toEqual([]);
    // It waits until a process serves the conversation.
    const approved = approve(stage, key, "yes");
    const other = (await shared()).stage;
    expect(await approve(other, key, "yes")).toMatchObject({
      code: 1,
      stderr: "error: unknown or revoked key\n",
    });
    const second = await startMain(stage, "mail bob", own).ended;
    expect(await approved).toEqual({ code: 0, stdout: "accepted\n", stderr: "" });
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining("\nA:\ndone\n")]);
    expect(mailsOf(stage).map(({ to }) => to)).toEqual(["bob@example.com"]);
    const said = [stdout, stderr, second.stdout, second.stderr].join("");
    expect(said).toContain(`approve.ts ${key} yes`);
    expect(said).not.toContain(asked?.awakeable);
    api.close();
    await stage.close();
  },
  LONG,
);

engineTest.concurrent(
  "deadlines of a batch run at once, also while everything is dead; then a yes is too late, and the calls have timed out [L33]",
  async () => {
    const ids = ["a", "b", "c", "d"];
    const api = await serveResponses((request) =>
      answeredIn(request) === 0
        ? ids.map((id) => item(id, "send_email", { ...MAIL, message: `hello ${id}` }))
        : [message("done")],
    );
    const stage = await openStage();
    const own = {
      ...{ OPENAI_BASE_URL: api.url, WORKERS: "1", RUN: "late", CONVERSATION: "late" },
      APPROVAL_SECONDS: "3",
    };
    const first = startMain(stage, "mail bob", own);
    const keys = await Promise.all(ids.map((id) => keyOf(stage, `hello ${id}`)));
    const asked = await askedAbout(stage, "hello");
    first.kill();
    await first.ended;
    const { pid } = stage.engine;
    kill(pid);
    await until(() => expect(stage.engine.pid).not.toBe(pid));
    const last = Math.max(...asked.map(({ deadline }) => deadline));
    await until(() => expect(Date.now()).toBeGreaterThan(last));
    const late = Promise.all(keys.map((key) => approve(stage, key, "yes")));
    const { code, stdout } = await startMain(stage, "mail bob", own).ended;
    for (const ended of await late) {
      expect(ended).toEqual({ code: 1, stdout: "already resolved: timeout\n", stderr: "" });
    }
    expect([code, stdout]).toEqual([0, expect.stringContaining("\nA:\ndone\n")]);
    const error = {
      class: "timeout",
      code: "tool_completion_timeout",
      message: "nobody approved it in time",
    };
    expect(lastOutputs(api.requests)).toEqual(ids.map((id) => ({ id, output: { error } })));
    expect(mailsOf(stage)).toEqual([]);
    api.close();
    await stage.close();
  },
  LONG,
);

/** A model that wants the weather of the place that the question names, and says what it is. */
const serveWeather = () =>
  serveResponses((request) => {
    const [question] = request.input;
    const location = question && "content" in question ? String(question.content) : "";
    if (answeredIn(request) === 0) return [item("look", "get_weather", { location })];
    return [message(`it is ${lastOutputs([request])[0]?.output}`)];
  });

engineTest.concurrent(
  "questions of one conversation are answered one after the other, and questions of two conversations at once",
  async () => {
    const api = await serveWeather();
    const stage = await openStage();
    const workers = await startWorkers(stage);
    const own = { OPENAI_BASE_URL: api.url, WORKERS: "0" };
    const ask = (place: string, CONVERSATION: string) =>
      startMain(stage, place, { ...own, CONVERSATION }).ended;
    const first = ask("held one", "mine");
    await untilHeld(stage, "held one");
    const second = ask("held two", "mine");
    const from = "FROM sys_invocation WHERE target = 'conversation/mine/ask'";
    await until(async () => {
      const rows = await query(stage, `SELECT status ${from}`);
      expect(rows.map(({ status }) => status).toSorted()).toEqual(["pending", "running"]);
    });
    const other = ask("held three", "theirs");
    await untilHeld(stage, "held three");
    expect(stage.log).toEqual(["start held one", "start held three"]);
    stage.letGo("held one");
    await untilHeld(stage, "held two");
    expect(stage.log.slice(2)).toEqual(["end held one", "start held two"]);
    stage.letGo("held two");
    for (const [ended, place] of [
      [first, "held one"],
      [second, "held two"],
    ] as const) {
      const { code, stdout } = await ended;
      expect([code, stdout]).toEqual([
        0,
        expect.stringContaining(`\nA:\nit is calm in ${place}\n`),
      ]);
    }
    stage.letGo("held three");
    expect((await other).stdout).toContain("it is calm in held three");
    api.close();
    await workers.close();
    await stage.close();
  },
  LONG,
);

engineTest.concurrent(
  "two processes that ask for the same run get the answer of one, and another question under its name is refused",
  async () => {
    const api = await serveWeather();
    const stage = await openStage();
    const workers = await startWorkers(stage, 1);
    const own = { OPENAI_BASE_URL: api.url, WORKERS: "0", RUN: "twice" };
    const both = [1, 2].map(() => startMain(stage, "held twice", own).ended);
    await untilHeld(stage, "held twice");
    const from = "FROM sys_invocation WHERE target = 'conversation/twice/ask'";
    expect(await query(stage, `SELECT status ${from}`)).toHaveLength(1);
    const refused = startMain(stage, "held never", own).ended;
    stage.letGo("held twice");
    for (const { code, stdout } of await Promise.all(both)) {
      expect([code, stdout]).toEqual([0, expect.stringContaining("it is calm in held twice\n")]);
    }
    const words = "the question of the run twice was held twice and is held never";
    const { code, stderr } = await refused;
    expect([code, stderr.split("\n").at(-2)]).toEqual([1, `error: ${words}`]);
    expect([api.requests.length, stage.log]).toEqual([2, ["start held twice", "end held twice"]]);
    api.close();
    await workers.close();
    await stage.close();
  },
  LONG,
);

engineTest.concurrent.each([
  ["Ctrl-C", 130],
  ["SIGKILL", "SIGKILL"],
] as const)(
  "%s in the middle of a call leaves no process behind, and no engine's data",
  async (how, code) => {
    const api = await serveWeather();
    const barrier = await serveBarrier(() => []);
    const TMPDIR = mkdtempSync(join(tmpdir(), "own-"));
    const env = {
      ...{ TMPDIR, TEMP: TMPDIR, OPENAI_BASE_URL: api.url, BARRIER_URL: barrier.url },
      WORKERS: "1",
    };
    const program = startForUser(MAIN, ["held C"], { folder: book(), env });
    await until(() => expect(barrier.log).toEqual(["start held C"]));
    const [world = ""] = readdirSync(TMPDIR).filter((name) => name.startsWith("world-"));
    const [note] = notesOf({ world: join(TMPDIR, world) });
    const [server = "", ...others] = serversOf(TMPDIR);
    expect(others).toEqual([]);
    const processes = [note?.pid ?? 0, Number.parseInt(server, 10)];
    // The parent of a worker is the process that started it, and the parent of a server is its keeper.
    const all = [...processes, ...processes.map(keeperOf)];
    if (how === "Ctrl-C") program.pressCtrlC();
    else program.kill();
    const ended = await program.ended;
    // A worker may notice the engine's end before it ends itself.
    const lines = ended.stderr.split("\n").filter((line) => !line.startsWith("warning: "));
    expect([ended.code, lines]).toEqual([code, [expect.stringMatching(/^model: /), ""]]);
    await untilGone(...all);
    // The program was killed, so it cannot remove its world itself.
    const left = readdirSync(TMPDIR, { recursive: true, encoding: "utf8" });
    if (how === "Ctrl-C") expect(left).toEqual([]);
    expect(left.filter((name) => name.includes("engine-"))).toEqual([]);
    api.close();
    barrier.close();
  },
  LONG,
);

engineTest.concurrent(
  "if the workers end, the program ends with one error line",
  async () => {
    const api = await serveWeather();
    const stage = await openStage();
    const own = { OPENAI_BASE_URL: api.url, WORKERS: "1" };
    const program = startMain(stage, "held D", own);
    await untilHeld(stage, "held D");
    kill(keeperOf(notesOf(stage)[0]?.pid ?? 0));
    const { code, stderr } = await program.ended;
    const lines = stderr.split("\n").filter((line) => line.startsWith("error: "));
    expect([code, lines]).toEqual([1, ["error: the workers have ended"]]);
    api.close();
    await stage.close();
  },
  LONG,
);

engineTest.concurrent(
  "two programs with engines of their own run beside each other, in one world, and leave no unused engine",
  async () => {
    const WORLD_DIR = mkdtempSync(join(tmpdir(), "world-"));
    const env = { WORLD_DIR, WORKERS: "1" };
    const ask = () => run(MAIN, ["How is the weather in X?"], { folder: book(), env });
    const [one, other] = await Promise.all([ask(), ask()]);
    expect([one.code, one.stderr]).toEqual([0, expect.stringMatching(/^model: .*\n$/)]);
    expect(other.stdout).toBe(one.stdout);
    expect(readdirSync(WORLD_DIR)).toEqual([]);
  },
  LONG,
);

// ── The settings ─────────────────────────────────────────────────────────────────────────────────

test.concurrent(
  "an invalid setting gives one error line, and nothing is started",
  async () => {
    const WORLD_DIR = mkdtempSync(join(tmpdir(), "world-"));
    const name = "expected up to 40 letters, digits, - and _ in";
    const url = "http://127.0.0.1:1";
    const both = "expected both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL, or none of them";
    const seconds = "expected a number from 0 to 86400 in APPROVAL_SECONDS, got";
    const workers = "expected a number from 0 to 64 in WORKERS, got";
    const bad: readonly (readonly [own: Env, line: string])[] = [
      [{ RUN: "x", WORLD_DIR: "" }, "RUN needs a WORLD_DIR, where e-mails outlive the program"],
      [{ RUN: "../x" }, `${name} RUN, got ../x`],
      [{ CONVERSATION: "a b" }, `${name} CONVERSATION, got a b`],
      [{ RESTATE_INGRESS_URL: url }, both],
      [{ RESTATE_ADMIN_URL: url }, both],
      [
        { RESTATE_INGRESS_URL: url, RESTATE_ADMIN_URL: "here" },
        "expected an address such as http://127.0.0.1:8080, got here",
      ],
      [{ APPROVAL_SECONDS: "soon" }, `${seconds} soon`],
      [{ APPROVAL_SECONDS: "-1" }, `${seconds} -1`],
      [{ APPROVALS: "maybe" }, "expected on or off in APPROVALS, got maybe"],
      [{ WORKERS: "65" }, `${workers} 65`],
      [{ WORKERS: "1.5" }, "expected a whole number in WORKERS, got 1.5"],
    ];
    for (const [own, line] of bad) {
      const { code, stdout, stderr } = await run(MAIN, ["?"], { env: { WORLD_DIR, ...own } });
      expect([code, stdout], line).toEqual([1, "Q: ?\n\n"]);
      expect(stderr.replace(/^model: .*\n/, "")).toBe(`error: ${line}\n`);
    }
    expect(readdirSync(WORLD_DIR)).toEqual([]);
  },
  LONG,
);

test.concurrent("workers on their own also give one error line for an invalid setting", async () => {
  const address = { RESTATE_INGRESS_URL: "http://a", RESTATE_ADMIN_URL: "http://a" };
  const bad: readonly (readonly [own: Env, line: string])[] = [
    [{}, "expected RESTATE_INGRESS_URL and RESTATE_ADMIN_URL"],
    [{ ...address, APPROVALS: "maybe" }, "expected on or off in APPROVALS, got maybe"],
  ];
  for (const [env, line] of bad) {
    const ended = await run("chapters/23-scale-out/worker.ts", [], { env });
    expect(ended).toEqual({ code: 1, stdout: "", stderr: `error: ${line}\n` });
  }
});

test.concurrent("--help lists the settings of the chapter, whatever they are", async () => {
  const env = { RUN: "../x", APPROVALS: "maybe", WORKERS: "x" };
  const { code, stdout, stderr } = await run(MAIN, ["--help"], { env });
  expect([code, stderr]).toEqual([0, ""]);
  const names = ["CONVERSATION", "RUN", "WORKERS", "APPROVALS", "APPROVAL_SECONDS", "KILL_WORKER"];
  for (const name of [...names, "RESTATE_INGRESS_URL", "RESTATE_ADMIN_URL", "WORLD_DIR"]) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
  }
});

test.concurrent(
  "an engine that does not answer gives one error line",
  async () => {
    const { url, close } = await listen(createServer());
    close();
    const env = { RESTATE_INGRESS_URL: url, RESTATE_ADMIN_URL: url };
    const { code, stderr } = await run(MAIN, ["?"], { env });
    expect([code, stderr.replace(/^model: .*\n/, "")]).toEqual([
      1,
      expect.stringMatching(/^error: the engine is not there: fetch failed: .*\n$/),
    ]);
  },
  LONG,
);
