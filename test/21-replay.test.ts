// Every request and every call goes through one boundary. With a journal, a run can be killed at any
// moment: the next one replays the recorded effects, runs the others, and ends as if nothing had happened. An
// effect that differs from its record is refused. The journal alone is in 21-journal.test.ts.
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ended, run } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { serveBarrier } from "./support/barrier.ts";
import { type ChatReply, chatCalls, lastResults, serveChat } from "./support/chat.ts";
import {
  ANSWER,
  copyStory,
  EFFECTS,
  live,
  liveWithoutRepeating,
  look,
  MAIN,
  newStory,
  questionOf,
  requestsOf,
  SENDING,
  SERIAL,
  type Story,
  serveSteps,
  settingsOf,
  startLife,
  stepOf,
  wasKilled,
} from "./support/lives.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import {
  call,
  type ItemsReply,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  respond,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { worldOf } from "./support/worlds.ts";

/** One model for all stories, each of which asks its own question. */
const model = serveSteps();

/** The transcript of a run up to its answer. The lines after it differ in each run. */
function transcriptOf(stdout: string): string {
  return stdout.split(/\n\n(?:Mail box|Replayed):/)[0] ?? "";
}

/** What a run without a crash prints for a story's question. */
const whole = (async () => {
  const story = newStory();
  const { stdout } = await live(await model, story);
  return { story, stdout, transcript: transcriptOf(stdout).replace(story.question, "QUESTION") };
})();

/** Checks that a story has ended as it would have without a crash, with each e-mail sent once. */
async function expectEnd(story: Story, stdout: string, words: string): Promise<void> {
  const { transcript } = await whole;
  expect(transcriptOf(stdout).replace(story.question, "QUESTION"), words).toBe(transcript);
  const { recorded, mails } = look(story);
  expect(recorded.toSorted(), words).toEqual(EFFECTS.toSorted());
  expect(mails, words).toEqual(SENDING);
  // The locks of dead processes are removed, too.
  const names = readdirSync(story.folder);
  expect(
    names.filter((name) => name.includes("lock")),
    words,
  ).toEqual([]);
}

test("a run records each effect, and a rerun prints the same and executes nothing [L26 L27]", async () => {
  const { story, stdout, transcript } = await whole;
  const before = look(story);
  const rerun = await liveWithoutRepeating(await model, story, {}, "the rerun");
  expect(transcript).toContain(`\nA:\n${ANSWER}`);
  expect(stdout).toMatch(/\nReplayed: 0, executed: 6\n$/);
  expect(rerun).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\nReplayed: 6, executed: 0\n$/),
  });
  await expectEnd(story, rerun.stdout, "the rerun");
  expect(look(story)).toEqual(before);
});

test("the same call runs in each step that asks for it, though its id is the same [L25]", async () => {
  const { story } = await whole;
  expect(look(story).mails).toEqual(SENDING);
});

// ── Killed ───────────────────────────────────────────────────────────────────────────────────────

test.concurrent("killed before, after, within and behind the record of each effect, it sends each e-mail once and ends as usual [L28]", async () => {
  const api = await model;
  const story = newStory();
  for (const [index, effect] of EFFECTS.entries()) {
    // The moment after one's record is the moment before the next one.
    const before = index === 0 ? ["before"] : [];
    const moments = [...before, "after", `${index * 29 + 1} bytes of`, "recorded"];
    for (const moment of moments.map((one) => `${one} ${effect}`)) {
      const life = { program: SERIAL, env: { KILL_AT: moment } };
      const ended = await liveWithoutRepeating(api, story, life, moment);
      expect(wasKilled(ended), moment).toBe(true);
      const end = moment.startsWith("recorded") ? index + 1 : index;
      expect(look(story).recorded).toEqual(EFFECTS.slice(0, end));
    }
  }
  const last = await liveWithoutRepeating(api, story, { program: SERIAL }, "the last life");
  expect(last.stdout).toMatch(/\nReplayed: 6, executed: 0\n$/);
  await expectEnd(story, last.stdout, "the last life");
  // An effect runs in each life that reaches it and finds no record.
  const asked = requestsOf(api, story).map(stepOf);
  expect(asked).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  expect(look(story).runs).toEqual(["step 1 call 0", "step 1 call 0", "step 1 call 0"]);
}, 120_000);

/** A random moment. Its numbers choose among the effects that remain. */
const anyMoment = fc.record({
  how: fc.constantFrom("before", "after", "bytes of", "recorded", "from outside", "from outside"),
  which: fc.nat(100),
  much: fc.nat(400),
  program: fc.constantFrom(MAIN, SERIAL),
});
type Moment = ReturnType<typeof anyMoment.generate>["value"];

/** The settings of a life that ends at a moment, if it reaches that moment. */
function lifeUntil({ how, which, much, program }: Moment, story: Story) {
  if (how === "from outside") return { program, killAfter: much / 4 };
  const left = EFFECTS.filter((key) => !look(story).recorded.includes(key));
  const effect = left[which % left.length];
  const KILL_AT = `${how === "bytes of" ? `${much} ` : ""}${how} ${effect}`;
  return { program, env: { KILL_AT: effect === undefined ? "" : KILL_AT } };
}

const SEED = Number(process.env.SEED) || Date.now() % 2 ** 31;
const KILLED_RUNS = 15;
/** Some moments come too late, and their run ends by itself. */
const MOMENTS = 4 * KILLED_RUNS;

test.concurrent.each([
  ["one story after another", SEED],
  ["others beside them", SEED + 1],
])(
  "killed at random moments, by itself or from outside, each ends as ever: %s",
  async (_, seed) => {
    const api = await model;
    let story = newStory();
    let kills = 0;
    for (const moment of fc.sample(anyMoment, { seed, numRuns: MOMENTS })) {
      if (kills === KILLED_RUNS) break;
      const life = lifeUntil(moment, story);
      const words = `seed ${seed}, kill ${kills}: ${JSON.stringify(life)}`;
      const ended = await liveWithoutRepeating(api, story, life, words);
      if (wasKilled(ended)) kills++;
      else {
        expect(ended.code, words).toBe(0);
        await expectEnd(story, ended.stdout, words);
        story = newStory();
      }
    }
    expect(kills).toBe(KILLED_RUNS);
    const words = `seed ${seed}, the last life`;
    await expectEnd(story, (await liveWithoutRepeating(api, story, {}, words)).stdout, words);
  },
  120_000,
);

test("killed in the middle of a call, the next run takes over the lock and makes the call again", async () => {
  const { api, story, first, env } = await startHeld();
  first.kill();
  expect(wasKilled(await first.ended)).toBe(true);
  const locks = () => readdirSync(story.folder).filter((name) => name.includes(".lock-"));
  expect(locks()).toHaveLength(1);
  const { code, stdout } = await live(api, story, { env });
  expect([code, look(story).runs]).toEqual([0, ["step 1 call 0", "step 1 call 0"]]);
  expect(stdout).toMatch(/\nReplayed: 1, executed: 2\n$/);
  expect(locks()).toEqual([]);
  api.close();
});

// ── Two processes ────────────────────────────────────────────────────────────────────────────────

test("while a process uses the journal, another one is refused in one line, and the first goes on", async () => {
  const { api, story, first, env, letGo } = await startHeld();
  const second = await live(api, story, { env });
  expect(second).toMatchObject({ code: 1, stdout: `Q: ${story.question}\n\n` });
  expect(second.stderr.split("\n").slice(1)).toEqual([
    expect.stringMatching(
      /^error: .*journal\.jsonl is locked: if no program uses it, delete .*\.lock-\d+-\w+$/,
    ),
    "",
  ]);
  await letGo();
  expect((await first.ended).code).toBe(0);
  expect(look(story).runs).toEqual(["step 1 call 0"]);
  api.close();
});

test("if two processes start at once, no effect runs in both", async () => {
  const story = newStory();
  const both = await Promise.all([live(await model, story), live(await model, story)]);
  const { runs, mails, recorded } = look(story);
  for (const keys of [runs, mails, recorded]) expect(new Set(keys).size).toBe(keys.length);
  for (const { code, stderr } of both) {
    const error = code === 0 ? "" : expect.stringMatching(/^error: .* is locked: /);
    expect(stderr.split("\n")[1]).toEqual(error);
  }
});

/** Starts a story whose call waits in its thread until there is a second arrival, its own or another's. */
async function startHeld() {
  const api = await serveResponses(({ input }) => {
    const isAnswered = input.some(({ type }) => type === "function_call_output");
    const held = call("held", "get_weather", { location: "the barrier" });
    return isAnswered ? [message("done")] : [held];
  });
  const events = new EventEmitter();
  let arrivals = 0;
  const barrier = await serveBarrier((waiting) => {
    events.emit("arrival");
    return ++arrivals > 1 ? waiting : [];
  });
  const story = newStory();
  const env = { BARRIER_URL: barrier.url };
  const arrival = once(events, "arrival");
  const first = startLife(api, story, { env });
  await arrival;
  const letGo = () => fetch(`${barrier.url}somebody else`);
  return { api, story, first, env, letGo };
}

// ── What has changed ─────────────────────────────────────────────────────────────────────────────

/** Runs a story that has ended once more, after an edit or with other settings, which is refused. */
async function rerunWith(
  env: Readonly<Record<string, string>>,
  edit = (journal: string) => journal,
) {
  const api = await model;
  const story = copyStory((await whole).story);
  writeFileSync(story.journal, edit(readFileSync(story.journal, "utf8")));
  const before = { ...look(story), requests: requestsOf(api, story).length };
  const { code, stdout, stderr } = await live(api, story, { env });
  expect({ ...look(story), requests: requestsOf(api, story).length }).toEqual(before);
  expect(code).toBe(1);
  return { counts: stdout.split("\n").at(-2), errors: stderr.split("\n").slice(1, -1) };
}

test("a recorded reply that was edited asks for another call, which is refused by naming both sides [L26]", async () => {
  const edit = (journal: string) => journal.replace(String.raw`\"a\"`, String.raw`\"b\"`);
  expect(await rerunWith({}, edit)).toEqual({
    counts: "Replayed: 1, executed: 0",
    errors: [
      'error: the journal holds another step 1 call 0: arguments was {"location":"a"} and is {"location":"b"}',
    ],
  });
});

test("another model or protocol is another request, and is refused before anything is sent", async () => {
  expect(await rerunWith({ OPENAI_MODEL: "other" })).toEqual({
    counts: "Replayed: 0, executed: 0",
    errors: [
      "error: the journal holds another step 1 request: model was gpt-5.4-mini and is other",
    ],
  });
  expect(await rerunWith({ OPENAI_PROTOCOL: "chat" })).toEqual({
    counts: "Replayed: 0, executed: 0",
    errors: [expect.stringMatching(/another step 1 request: .*messages was missing and is /)],
  });
});

test("another grain is refused before anything runs, so that no call is made twice [L28]", async () => {
  expect(await rerunWith({ JOURNAL_GRAIN: "batch" })).toEqual({
    counts: "",
    errors: ["error: the grain of the journal was call and is batch"],
  });
});

test("another question is refused in one line", async () => {
  const { story } = await whole;
  const { code, stderr } = await live(await model, { ...story, question: "another" });
  expect(code).toBe(1);
  expect(stderr.split("\n").slice(1)).toEqual([
    `error: the question of the journal was ${story.question} and is another`,
    "",
  ]);
});

test("a recorded value that is no outcome is refused, and so is a batch with too few of them [L7]", async () => {
  const spoil = (journal: string) => journal.replace('"type":"success"', '"type":"done"');
  expect((await rerunWith({}, spoil)).errors).toEqual([
    expect.stringMatching(/^error: expected an outcome, got \{"type":"done","id":"(look|send)"/),
  ]);
  const story = newStory();
  const env = { JOURNAL_GRAIN: "batch" };
  await live(await model, story, { env });
  const journal = readFileSync(story.journal, "utf8");
  const [, first = ""] = /"value":\[(\{.*?\},)/.exec(journal) ?? [];
  writeFileSync(story.journal, journal.replace(first, ""));
  const { code, stderr } = await live(await model, story, { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/\nerror: expected 2 outcomes, got \[\{"type":"success","id":"send"/);
});

// ── What is one effect ───────────────────────────────────────────────────────────────────────────

/** Kills a run when its first call has ended, and runs it to its end. */
async function killBetween(JOURNAL_GRAIN: string) {
  const story = newStory();
  const killed = { JOURNAL_GRAIN, KILL_AT: "end of call 0" };
  expect(wasKilled(await live(await model, story, { env: killed }))).toBe(true);
  const { stdout } = await live(await model, story, { env: { JOURNAL_GRAIN } });
  const { transcript } = await whole;
  expect(transcriptOf(stdout).replace(story.question, "QUESTION")).toBe(transcript);
  return look(story);
}

test("killed between two calls, the first one runs again only where the whole batch is one effect [L28]", async () => {
  const { runs, mails } = await killBetween("call");
  expect({ runs, mails }).toEqual({ runs: ["step 1 call 0"], mails: SENDING });
});

test("where the whole batch is one effect, its calls have the same keys as alone, in each run [L28]", async () => {
  const { runs, mails, recorded } = await killBetween("batch");
  expect(runs).toEqual(["step 1 call 0", "step 1 call 0"]);
  expect(mails).toEqual(SENDING);
  expect(recorded).toEqual([
    ...["step 1 request", "step 1 batch", "step 2 request", "step 2 batch", "step 3 request"],
  ]);
});

// ── A disk that is full ──────────────────────────────────────────────────────────────────────────

/** Runs a story where no file may have more than some 50,000 bytes. */
async function liveOnFullDisk({ url }: { readonly url: string }, story: Story): Promise<Ended> {
  const { folder, env } = settingsOf({ url }, story);
  const program = join(folder, SERIAL.replace(/ts$/, "js"));
  const args = ["-c", 'ulimit -f 100; exec "$0" "$@"', process.execPath, program, story.question];
  const child = spawn("sh", args, { env: { ...process.env, ...env } });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

test.skipIf(process.platform === "win32")(
  "where a line cannot be written nothing more starts, and what is recorded is kept for the next run [L7]",
  async () => {
    const api = await serveResponses(({ input }) => {
      const isAnswered = input.some(({ type }) => type === "function_call_output");
      const places = ["a", "returns much", "b"];
      const calls = places.map((location) => call(location, "get_weather", { location }));
      return isAnswered ? [message("done")] : calls;
    });
    const story = newStory();
    const { code, stderr } = await liveOnFullDisk(api, story);
    expect(code).toBe(1);
    expect(stderr.split("\n").slice(1)).toEqual([
      "error: the journal cannot be written: no space is left",
      "",
    ]);
    expect(look(story)).toMatchObject({
      recorded: ["step 1 request", "step 1 call 0"],
      runs: ["step 1 call 0", "step 1 call 1"],
    });
    const rerun = await live(api, story, { program: SERIAL });
    expect(rerun.stdout).toMatch(/\nReplayed: 2, executed: 3\n$/);
    expect(rerun.stderr).toMatch(/\nwarning: the last line of .* was torn, and is cut off\n$/);
    expect(look(story).runs.slice(2)).toEqual(["step 1 call 1", "step 1 call 2"]);
    api.close();
  },
);

// ── The settings ─────────────────────────────────────────────────────────────────────────────────

test("a journal is refused where the e-mails would not outlive the run [L29]", async () => {
  const { url } = await model;
  const { journal } = newStory();
  const { code, stderr } = await run(MAIN, ["?"], {
    env: { OPENAI_BASE_URL: url, JOURNAL: journal },
  });
  expect(code).toBe(1);
  expect(stderr.split("\n")[1]).toBe(
    "error: JOURNAL needs a WORLD_DIR, where e-mails outlive the run",
  );
  expect(existsSync(journal)).toBe(false);
});

test("an invalid setting gives one error line, but none with --help", async () => {
  const bad = [
    ["JOURNAL_GRAIN", "step", "error: expected call or batch in JOURNAL_GRAIN, got step"],
    ["JOURNAL_SYNC", "yes", "error: expected on or off in JOURNAL_SYNC, got yes"],
    [
      "KILL_AT",
      "soon",
      'error: expected a moment such as "after step 2 call 0" in KILL_AT, got soon',
    ],
  ] as const;
  for (const [name, value, words] of bad) {
    const ended = await run(MAIN, ["?"], { env: { [name]: value } });
    expect(ended).toMatchObject({ code: 1, stdout: "Q: ?\n\n" });
    expect(ended.stderr.replace(/^model: .*\n/, "")).toBe(`${words}\n`);
    const help = await run(MAIN, ["--help"], { env: { [name]: value } });
    expect(help).toMatchObject({ code: 0, stderr: "" });
  }
});

test("if the moment of KILL_AT never came, a warning at the end says so", async () => {
  const { story } = await whole;
  const KILL_AT = "after step 7 call 0";
  const { code, stdout, stderr } = await live(await model, copyStory(story), { env: { KILL_AT } });
  expect([code, stdout.split("\n").at(-2)]).toEqual([0, "Replayed: 6, executed: 0"]);
  expect(stderr.split("\n").slice(1)).toEqual([
    `warning: the program was not killed: "${KILL_AT}" never came`,
    "",
  ]);
});

// ── Conversations: without a journal, with one, and with the same one again ──────────────────────

const LA = call("la", "get_weather", { location: "LA" });
const DONE = [message("done")];
const NASTY = itemsOf(NASTY_REPLY);
const NASTY_OUTPUTS = settle(outputsOf(NASTY_RESULTS));
const answer = (body: object) => (response: ServerResponse) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(body));
};
const refuse = (response: ServerResponse) => {
  const error = { message: "too many requests", type: "rate_limit_error", param: null, code: null };
  response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
};
const failed = (others: object) => (response: ServerResponse) => respond(response, [], others);

/** The model's first reply to each question. When its calls are answered, it is done. */
const REPLIES = new Map<string, ItemsReply>([
  ["nasty", NASTY],
  ["failed", failed({ status: "failed", error: { code: "server_error", message: "no idea" } })],
  [
    "cut off",
    failed({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }),
  ],
  ["no response", answer({ id: 7 })],
  ["refused at first", [LA]],
]);

const CHATS = new Map<string, ChatReply>([
  ["two calls", { message: { tool_calls: chatCalls([LA, LA]) } }],
  ["refused", { message: { refusal: "I can't help with that." } }],
  ["no completion", answer({ id: 7 })],
]);

/** Holds each conversation three times, over one protocol. Returns the output and how it ended. */
async function converse(url: string, protocol: string, questions: Iterable<string>) {
  const { stdout, stderr } = await run("test/programs/21-conversations.ts", [...questions], {
    folder: worldOf("nasty"),
    env: { OPENAI_BASE_URL: url, OPENAI_PROTOCOL: protocol },
  });
  const reports = readReports(stdout);
  return (question: string) => {
    const [inline, recorded, replayed] = ["inline", "recorded", "replayed"].map((how) => {
      const part = reports.get(`${question}, ${how}`);
      if (!part) throw new Error(`no end of ${question}: ${stderr}`);
      return part;
    });
    return { inline, recorded, replayed };
  };
}

const overResponses = (async () => {
  const api = await serveResponses((request, index) => {
    const question = String(questionOf(request));
    const reply = REPLIES.get(question);
    if (reply === undefined) throw new Error(`nobody asks ${question}`);
    if (request.input.some(({ type }) => type === "function_call_output")) return DONE;
    // The first request of the recorded run, which is the third one for this question.
    const asked = api.requests.slice(0, index + 1).filter((one) => questionOf(one) === question);
    return question === "refused at first" && asked.length === 3 ? refuse : reply;
  });
  return { api, talk: await converse(api.url, "responses", REPLIES.keys()) };
})();

const overChat = (async () => {
  const api = await serveChat(({ messages }) => {
    const reply = CHATS.get(messages[1]?.content ?? "") ?? { message: {} };
    return messages.some(({ role }) => role === "tool") ? { message: { content: "done" } } : reply;
  });
  return { api, talk: await converse(api.url, "chat", CHATS.keys()) };
})();

test("the nasty batch is recorded call by call, and its rerun prints and answers the same", async () => {
  const { api, talk } = await overResponses;
  const { inline, recorded, replayed } = talk("nasty");
  const count = NASTY.length + 2;
  expect(inline?.value).toEqual({ answer: "done" });
  expect(recorded?.value).toEqual({ answer: "done", replayed: 0, executed: count });
  expect(replayed?.value).toEqual({ answer: "done", replayed: count, executed: 0 });
  expect(recorded?.printed).toBe(inline?.printed);
  expect(replayed?.printed).toBe(inline?.printed);
  const requests = api.requests.filter((one) => questionOf(one) === "nasty");
  expect(requests).toHaveLength(4);
  expect(lastOutputs(requests)).toEqual(NASTY_OUTPUTS);
});

test("what the server said is replayed, even a failure, a cut reply or a body that is not a reply [L27]", async () => {
  const { api, talk } = await overResponses;
  const ends = new Map([
    ["failed", "Error: the model fails: no idea"],
    ["cut off", "Error: the reply is incomplete: max_output_tokens"],
    ["no response", 'Error: expected a response, got {"id":7}'],
  ]);
  for (const [question, error] of ends) {
    const { inline, recorded, replayed } = talk(question);
    expect(inline?.value).toEqual({ error });
    expect(recorded?.value).toEqual({ error, replayed: 0, executed: 1 });
    expect(replayed?.value).toEqual({ error, replayed: 1, executed: 0 });
    expect(api.requests.filter((one) => questionOf(one) === question)).toHaveLength(2);
  }
});

test("a request to which the server gave no reply is sent again by the rerun", async () => {
  const { api, talk } = await overResponses;
  const { recorded, replayed } = talk("refused at first");
  const error = expect.stringContaining("too many requests");
  expect(recorded?.value).toEqual({ error, replayed: 0, executed: 1 });
  expect(replayed?.value).toEqual({ answer: "done", replayed: 0, executed: 3 });
  expect(api.requests.filter((one) => questionOf(one) === "refused at first")).toHaveLength(5);
});

test("over Chat Completions the same holds, with ids that were settled", async () => {
  const { api, talk } = await overChat;
  const { inline, recorded, replayed } = talk("two calls");
  expect(recorded?.value).toEqual({ answer: "done", replayed: 0, executed: 4 });
  expect(replayed?.value).toEqual({ answer: "done", replayed: 4, executed: 0 });
  expect(replayed?.printed).toBe(inline?.printed);
  const requests = api.requests.filter(({ messages }) => messages[1]?.content === "two calls");
  expect(requests).toHaveLength(4);
  expect(lastResults(requests).map(({ id }) => id)).toEqual(["la", "call_1"]);
  const ends = new Map([
    ["refused", "Error: the model refuses: I can't help with that."],
    ["no completion", 'Error: expected a chat completion, got {"id":7}'],
  ]);
  for (const [question, error] of ends) {
    expect(talk(question).recorded?.value).toEqual({ error, replayed: 0, executed: 1 });
    expect(talk(question).replayed?.value).toEqual({ error, replayed: 1, executed: 0 });
  }
});

// ── The demo ─────────────────────────────────────────────────────────────────────────────────────

test("the demo is killed after its e-mail, goes on, has nothing left to do, and is refused after an edit", () => {
  const demo = printed("21");
  expect(demo.match(/^\(killed\)$|^Replayed: .*|^Lines in .*|^error: .*/gm)).toEqual([
    "(killed)",
    "Lines in the journal: 5, e-mails sent: 1",
    "Replayed: 4, executed: 2",
    "Lines in the journal: 7, e-mails sent: 1",
    "Replayed: 6, executed: 0",
    "Lines in the journal: 7, e-mails sent: 1",
    "Replayed: 1, executed: 0",
    "Lines in the journal: 7, e-mails sent: 1",
    'error: the journal holds another step 1 call 0: arguments was {"location":"LA"} and is {"location":"Lima"}',
  ]);
});

test("the demo draws the bars of its runs where it is asked to", async () => {
  const { code, stdout, stderr } = await run(MAIN, ["--timeline"]);
  expect([code, stdout]).toEqual([0, printed("21").replace(/^error: .*\n/m, "")]);
  // The first run is killed before it draws. Of the others, only one runs a call: the e-mail.
  expect(stderr.match(/^ *send_email .*/gm)).toHaveLength(1);
});

test("the page shows two e-mails without a journal", () => {
  const shown = printed("21", undefined, "twice.ts");
  expect(shown.match(/^Lines in .*/gm)).toEqual([
    "Lines in the journal: 0, e-mails sent: 1",
    "Lines in the journal: 0, e-mails sent: 2",
  ]);
});

test("the page shows a failure that is replayed, and one that is not where the batch is one effect", () => {
  const shown = printed("21", undefined, "grains.ts");
  const oslo = /^Replayed: .*|Oslo is .*(?=, LA)|the line to Oslo dropped\.$/gm;
  const [failed, works] = ["the line to Oslo dropped.", "Oslo is snowy at -4 degrees"];
  expect(shown.match(oslo)).toEqual([
    ...[failed, failed, "Replayed: 2, executed: 2"],
    ...[works, works, "Replayed: 1, executed: 2"],
  ]);
});
