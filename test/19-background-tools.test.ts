// A call of a background tool is answered at once with a handle, and the process that it has started goes on
// while the model and other calls work. With the handle it is awaited, cancelled and sent signals. No
// odd handle does any harm, and no process outlives the program. The cases run in
// test/programs/19-processes.ts, with studies that are held in their threads until a case releases them.
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run, start } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { chatCalls, lastResults, serveChat, type ToolChatRequest } from "./support/chat.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import {
  call,
  type Item,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  type ResponsesRequest,
  serveResponses,
  settle,
} from "./support/responses.ts";
import { like } from "./support/worlds.ts";

const FILE = "chapters/19-background-tools/main.ts";
const folder = bookWithLongGrace();

const ran = run("test/programs/19-processes.ts", [], { folder });

/** The chapter with a grace that is long enough for a study that looks at its flag, even on a busy machine. */
function bookWithLongGrace(): string {
  const file = "chapters/19-background-tools/process.ts";
  const source = readFileSync(join(ROOT, file), "utf8");
  const patient = source.replace("GRACE_MS = 50;", "GRACE_MS = 1_000;");
  expect(patient).not.toBe(source);
  return copyBook({
    [file]: patient,
    "mock-tools/climate.ts": like("test/worlds/studying.ts"),
    "mock-tools/weather.ts": like("test/worlds/nasty.ts"),
  });
}

/** What one of the cases has reported. */
async function caseOf(name: string): Promise<unknown> {
  const { stdout, stderr } = await ran;
  const part = readReports(stdout).get(name);
  if (!part) throw new Error(`the case ${name} has not ended: ${stderr}`);
  return part.value;
}

const handle = (id: string) => ({ handle: "process", id });
const is = (id: string, status: string) => ({ process_id: id, status });
const cancelled = (id: string) => {
  return { id, cancelled: "[Tool execution cancelled] it ended without a result" };
};

function refused(error: string): object {
  return { class: "execution", code: "tool_error", message: error };
}

const unfit = {
  class: "invalid_request",
  code: "invalid_tool_args",
  message: expect.stringMatching(/^invalid arguments: /),
};

// ── Start ────────────────────────────────────────────────────────────────────────────────────────

test("a call is answered with a handle while its process runs, and other calls of its batch with their results [L35]", async () => {
  expect(await caseOf("answerAtOnce")).toEqual({
    first: [handle("held a"), "calm in LA"],
    meanwhile: ["held a"],
    last: [[{ id: "held a", result: "now" }]],
    after: [],
  });
});

test("arguments are validated first: where they do not fit, nothing is started, and there is no handle [L35]", async () => {
  expect(await caseOf("refuseArguments")).toEqual({
    outcomes: Array(6).fill(unfit),
    running: [],
    unknown: [refused("unknown process wrong; there are none")],
    begun: [],
  });
});

test("the same id with the same arguments is the same process, running or ended; with others it is a conflict [L35]", async () => {
  const conflict = {
    class: "invalid_request",
    code: "handle_conflict",
    message: "a is a process with other arguments",
  };
  expect(await caseOf("startTwice")).toEqual({
    same: [handle("a"), handle("a")],
    later: [handle("a")],
    other: [conflict],
    again: [handle("a"), [{ id: "a", result: "" }]],
    begun: ["held"],
  });
});

test("of 26 studies two run at once, and calls of other tools do not wait for them [L35]", async () => {
  const ids = Array.from({ length: 26 }, (_, index) => `held ${index}`);
  expect(await caseOf("runMany")).toEqual({
    handles: ids.map(handle),
    others: ["a", "b", "c", "d", "e", "f"].map((place) => `calm in ${place}`),
    peaks: Array(13).fill(2),
    results: [ids.map((id) => ({ id, result: id }))],
  });
});

// ── Await ────────────────────────────────────────────────────────────────────────────────────────

test("several are awaited with one call, and each has its outcome in the order asked, whenever it ended [L35]", async () => {
  const [a, b] = [
    { id: "held a", result: "first" },
    { id: "held b", result: "second" },
  ];
  const quick = { id: "quick", result: "studied quick" };
  const ended = { class: "internal", code: "thread_ended", message: "worker exited with code: 3" };
  expect(await caseOf("awaitSeveral")).toEqual({
    both: [[b, a, b]],
    kinds: [
      [
        { id: "throwing", error: refused("no such study") },
        { id: "dying", error: ended },
        { id: "odd", error: refused("Do not know how to serialize a BigInt") },
        quick,
      ],
    ],
    again: [[quick]],
  });
});

test("what is cancelled while it is awaited is not awaited for ever, even if it ignores the cancel [L15]", async () => {
  expect(await caseOf("cancelWhileAwaiting")).toEqual({
    outcomes: [
      [cancelled("held"), cancelled("deaf")],
      [cancelled("deaf")],
      is("deaf", "cancelled"),
      is("held", "cancelled"),
    ],
    next: [handle("quick"), "calm in LA"],
    end: [[{ id: "quick", result: "studied quick" }]],
  });
});

test("an await has a time limit: what has not ended by then is running, is not in the way of a cancel, and may be awaited again [L15]", async () => {
  const running = (id: string) => ({ id, running: true });
  expect(await caseOf("awaitInVain")).toEqual({
    first: [
      [running("held"), running("deaf"), running("held in the queue")],
      is("deaf", "cancelled"),
    ],
    again: [[{ id: "held", result: "now" }, cancelled("deaf"), cancelled("held in the queue")]],
  });
});

// ── Cancel ───────────────────────────────────────────────────────────────────────────────────────

test("a cancel says how the process has really ended: cancelled if it stopped, was ended or never began, and else with its result [L35 L18]", async () => {
  expect(await caseOf("cancelAll")).toEqual({
    ended: [is("quick", "success"), is("throwing", "failure")],
    first: [is("held", "cancelled"), is("held", "cancelled"), is("keen", "success")],
    second: [
      is("held in the queue", "cancelled"),
      is("deaf", "cancelled"),
      is("deaf too", "cancelled"),
    ],
    again: [is("held", "cancelled"), is("keen", "success"), is("deaf", "cancelled")],
    ends: [
      [
        cancelled("held"),
        { id: "keen", result: "a half of keen" },
        cancelled("deaf"),
        cancelled("deaf too"),
        cancelled("held in the queue"),
      ],
    ],
    begun: ["quick", "throwing", "held", "keen", "deaf", "deaf too"].toSorted(),
  });
});

// ── Signal ───────────────────────────────────────────────────────────────────────────────────────

test("signals arrive in order in mid-computation, also those sent before it began, and none after the end [L35]", async () => {
  const sent = (id: string, sequence: number) => ({ process_id: id, sequence });
  expect(await caseOf("sendSignals")).toEqual({
    early: [sent("held late", 1), sent("held late", 2)],
    numbers: [sent("held a", 1), sent("held a", 2)],
    results: [
      [
        { id: "held a", result: "one, two, three" },
        { id: "held b", result: "b" },
        { id: "held late", result: "early, bird, late" },
      ],
    ],
    late: [
      refused("the process held a has ended: success"),
      refused("the process held c has ended: cancelled"),
    ],
  });
});

test("on a terminal, a process says how far it is, up to its end, on one clean line each time", async () => {
  expect(await caseOf("tellProgress")).toEqual([[{ id: "telling", result: "done" }]]);
  const parts = Array.from({ length: 50 }, (_, index) => `part ${index + 1}`);
  const progress = ["a half", "[object Object]", ...parts];
  expect((await ran).stderr).toBe(progress.map((line) => `telling: ${line}\n`).join(""));
});

// ── Handles ──────────────────────────────────────────────────────────────────────────────────────

test("an unknown id is refused at once by an error that lists the known ones, and harms none of them [L35]", async () => {
  const odd = ["__proto__", "constructor", "toString", "", "weather", "HELD A", "x".repeat(500)];
  expect(await caseOf("tryHandles")).toEqual({
    unknown: odd.flatMap((id) => {
      return Array(3).fill(refused(`unknown process ${id}; there are held a, held b`));
    }),
    malformed: Array(23).fill(unfit),
    end: [
      [
        { id: "held a", result: "a" },
        { id: "held b", result: "b" },
      ],
    ],
  });
});

test("each conversation has handles of its own, so the same id may stand for another process in another one", async () => {
  expect(await caseOf("talkTwice")).toEqual({
    first: [handle("same")],
    second: [handle("same")],
    foreign: [
      handle("own"),
      [
        { id: "same", result: "studied quick b" },
        { id: "own", result: "studied quick c" },
      ],
    ],
    ends: [[{ id: "same", result: "one" }], refused("unknown process own; there are same")],
  });
});

// ── The conversation ─────────────────────────────────────────────────────────────────────────────

const MEANWHILE: readonly (readonly Item[])[] = [
  [call("long", "study_climate", { location: "barred" }), call("who", "get_user_profile")],
  [message("You are Jack."), call("wait", "await_processes", { ids: ["long"] })],
  [message("done")],
];
const NASTY = settle(itemsOf(NASTY_REPLY));

/** The model lets the study end when it has been asked for its second reply, and not before. */
function replyTo(question: string, step: number, world: string): readonly Item[] {
  if (question === "nasty") return step === 0 ? NASTY : [message("done")];
  if (step === 1) writeFileSync(join(world, "gate"), "");
  return MEANWHILE[step] ?? [];
}

async function converse(protocol: "responses" | "chat") {
  const world = mkdtempSync(join(tmpdir(), "world-"));
  const overChat = ({ messages }: ToolChatRequest) => {
    const asked = messages.find(({ role }) => role === "user");
    const step = messages.filter(({ role }) => role === "assistant").length;
    const items = replyTo(String(asked && "content" in asked && asked.content), step, world);
    const calls = chatCalls(items);
    return { message: calls.length > 0 ? { tool_calls: calls } : { content: "done" } };
  };
  const overResponses = ({ input }: ResponsesRequest) => {
    const [first] = input;
    const outputs = input.filter(({ type }) => type === "function_call_output");
    const isLong = outputs.some((item) => "call_id" in item && item.call_id === "wait");
    const step = isLong ? 2 : Math.min(outputs.length, 1);
    return replyTo(String(first && "content" in first && first.content), step, world);
  };
  const chat = protocol === "chat" ? await serveChat(overChat) : undefined;
  const responses = protocol === "chat" ? undefined : await serveResponses(overResponses);
  const env = {
    OPENAI_BASE_URL: chat?.url ?? responses?.url,
    OPENAI_PROTOCOL: protocol,
    WORLD_DIR: world,
    QUESTIONS: JSON.stringify(["meanwhile", "nasty"]),
  };
  const { stdout } = await run("test/programs/19-conversations.ts", [], { folder, env });
  chat?.close();
  responses?.close();
  const ends = [...readReports(stdout)].map(([name, { value }]) => [name, value]);
  const refusals = chat?.refusals ?? responses?.refusals;
  return { ends, refusals, requests: { chat: chat?.requests, responses: responses?.requests } };
}

const LONG = { id: "long", output: handle("long") };
const WHO = { id: "who", output: { name: "Jack", email: "jack@example.com" } };
const AWAITED = { id: "wait", output: [{ id: "long", result: "studied barred" }] };
const ENDS = [
  ["meanwhile", { answer: "done" }],
  ["nasty", { answer: "done" }],
];

test("the model replies while the process runs, and gets its result by awaiting it, over either protocol [L35]", async () => {
  const { ends, refusals, requests } = await converse("responses");
  expect(ends).toEqual(ENDS);
  expect(refusals).toEqual([]);
  const [, second, third, , nasty] = requests.responses ?? [];
  expect(lastOutputs(second ? [second] : [])).toEqual([LONG, WHO]);
  expect(lastOutputs(third ? [third] : [])).toEqual([AWAITED]);
  expect(lastOutputs(nasty ? [nasty] : [])).toEqual(settle(outputsOf(NASTY_RESULTS)));
  const chatted = await converse("chat");
  expect(chatted.ends).toEqual(ENDS);
  expect(chatted.refusals).toEqual([]);
  const [, one, two, , three] = chatted.requests.chat ?? [];
  expect(lastResults(one ? [one] : [])).toEqual([LONG, WHO]);
  expect(lastResults(two ? [two] : [])).toEqual([AWAITED]);
  expect(lastResults(three ? [three] : [])).toEqual(settle(outputsOf(NASTY_RESULTS)));
});

test("over Chat Completions, the demo prints the same", async () => {
  const { code, stdout } = await run(FILE, [], { env: { OPENAI_PROTOCOL: "chat" } });
  expect(stdout).toBe(printed("19"));
  expect(code).toBe(0);
});

test("the timeline shows the study across the replies, and the signal that it got", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bars-")), "bars.jsonl");
  await run(FILE, [], { env: { TIMELINE_FILE: file } });
  const questions = readFileSync(file, "utf8").trim().split("\n");
  const labels = questions.map((line) => {
    const bars: { label: string; start: number; end: number; how: string }[] = JSON.parse(line);
    const study = bars.find(({ label }) => label === "study_climate Lima");
    const isAcross = bars.every(({ start }) => start <= (study?.end ?? 0));
    return [isAcross, ...bars.map(({ label }) => label).toSorted()];
  });
  expect(labels).toEqual([
    [true, "await_processes", "get_user_profile", "study_climate Lima"],
    [
      true,
      ...["await_processes", "cancel_process", "signal_process"],
      ...["study_climate Lima", "study_climate Paris"],
    ],
  ]);
});

// ── The end of the program ───────────────────────────────────────────────────────────────────────

test("processes that still run when the answer comes are named and cancelled, so the next question's studies run", async () => {
  expect(await caseOf("answerBefore")).toEqual([
    "answered",
    JSON.stringify([[{ id: "quick", result: "studied quick" }]]),
  ]);
  const said = readReports((await ran).stdout).get("answerBefore")?.printed ?? "";
  const ids = ["deaf", "deaf too", "held in the queue"];
  expect(said).toBe(ids.map((id) => `\nNot ended: ${id}. It is cancelled.\n`).join(""));
});

test("the program ends without waiting for a study that never ends", async () => {
  const question = "Study the climate of Vostok, don't wait for it. Who am I?";
  const { code, stdout, stderr } = await run(FILE, [question]);
  expect(stdout).toContain(
    "\nNot ended: study_climate_vostok. It is cancelled.\n\nA:\nYour profile:",
  );
  expect(stderr).toMatch(/^model: .*\n$/);
  expect(code).toBe(0);
});

test("Ctrl-C while a process is awaited ends the program and the process, and leaves nothing behind", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "interrupted-"));
  const env = { TMPDIR: temporary, TEMP: temporary };
  const program = start(FILE, ["Study the climate of Vostok."], { env });
  const errors = text(program.stderr);
  let said = "";
  await new Promise<void>((resolve) => {
    // The output stays open, since closing it would end the program, too.
    program.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes("[Step 2]")) resolve();
    });
  });
  program.kill("SIGINT");
  const [code, signal] = await once(program, "exit");
  expect({ code, signal }).toEqual({ code: 130, signal: null });
  expect(await errors).toMatch(/^model: .*\n$/);
  expect(readdirSync(temporary)).toEqual([]);
});

test("with BACKGROUND=off a study is an ordinary call, and another value is refused in one line", async () => {
  const question = "Study the climate of LA. Who am I?";
  const { stdout } = await run(FILE, [question], { env: { BACKGROUND: "off" } });
  expect(stdout).toContain('"result": "LA, 30 years: winter');
  expect(stdout).not.toContain("handle");
  expect(stdout).not.toContain("[Step 3]");
  const odd = await run(FILE, [question], { env: { BACKGROUND: "of\u001b[31m" } });
  expect(odd).toMatchObject({ code: 1, stdout: `Q: ${question}\n\n` });
  expect(odd.stderr.replace(/^model: .*\n/, "")).toBe(
    "error: expected on or off in BACKGROUND, got of\n",
  );
});

test("--help names the setting, also where it is set to something odd", async () => {
  const { stdout, code } = await run(FILE, ["--help"], { env: { BACKGROUND: "perhaps" } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}BACKGROUND +off: a call/m);
});
