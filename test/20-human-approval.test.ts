// The chapter promises: a call that needs consent is pending until somebody resolves it, once, or its
// deadline passes. Meanwhile it holds no slot and no thread. Keys cannot be forged, and whatever happens to
// the question, the call has one outcome. This holds across processes and over both protocols.
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import {
  listPending,
  readResolution,
  resolve,
  sayResolved,
  settle,
} from "../chapters/20-human-approval/exchange.ts";
import { asReady } from "../chapters/20-human-approval/ready.ts";
import { openRun } from "../chapters/20-human-approval/runs.ts";
import { abridge, describeCall } from "../shared/shown.ts";
import { openTerminal } from "../chapters/20-human-approval/terminal.ts";
import { cancelAll, openWait, thisRun } from "../chapters/20-human-approval/waits.ts";
import { bookFolder } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run, start } from "../scripts/run.ts";
import { readReports } from "./programs/report.ts";
import { chatCalls, serveChat } from "./support/chat.ts";
import { startForUser } from "./support/interrupt.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import {
  call,
  itemsOf,
  lastOutputs,
  message,
  outputsOf,
  serveResponses,
  settle as settleIds,
} from "./support/responses.ts";
import { outputs, weather } from "./support/script.ts";
import { SEQUENCES } from "./support/sequences.ts";
import { like, worldOf } from "./support/worlds.ts";

const FILE = "chapters/20-human-approval/main.ts";
const APPROVE = "chapters/20-human-approval/approve.ts";

/** The chapter with people who do odd things, and with nasty weather. */
const folder = copyBook({
  "chapters/20-human-approval/people.ts": like("test/worlds/askers.ts", "../.."),
  "mock-tools/weather.ts": like("test/worlds/nasty.ts"),
});

// ── The outcomes of the calls ────────────────────────────────────────────────────────────────────

function mail(to: string, id?: string) {
  const args = { from: "a@example.com", to, message: "hello" };
  const sent = { name: "send_email", arguments: JSON.stringify(args) };
  return id === undefined ? sent : { id, ...sent };
}

const SENT = { type: "success", result: "message sent" };

function failed(type: string, code: string, message: unknown) {
  return { type: "failure", error: { class: type, code, message } };
}

const denied = (message: string) => failed("permission_denied", "approval_denied", message);
const thrown = (message: unknown) => failed("execution", "tool_error", message);
const KEYLESS = failed(
  "internal",
  "pending_tool_missing_completion_key",
  "it is pending, but nobody took its key",
);
const LATE = failed("timeout", "tool_completion_timeout", "nobody approved it in time");
const CANCELLED = {
  type: "cancelled",
  error: {
    class: "cancelled",
    code: "tool_completion_cancelled",
    message: "nobody waits for it any more",
  },
};

/** Calls of one batch, each with its outcome and with the reply to people who say no to it afterwards. */
const FATES: readonly (readonly [ReturnType<typeof weather>, object, string?])[] = [
  [mail("a"), SENT, "already resolved: yes"],
  [mail("b: no"), denied("somebody said no"), "already resolved: no"],
  [mail("c: no, with a reason"), denied("not today"), "already resolved: no"],
  [mail("d: nobody"), LATE, "already resolved: timeout"],
  [mail("e: forgetful"), KEYLESS],
  [mail("f: throws"), thrown("a string")],
  [
    mail("g: takes a key and throws"),
    thrown("something was thrown that cannot be shown (object)"),
    "already resolved: cancelled",
  ],
  [mail("h: takes a key and says nothing"), SENT, "already resolved: cancelled"],
  [mail("i: says nothing"), SENT],
  [mail("j: resolves first"), SENT, "already resolved: yes"],
  [mail("k: takes the key later"), SENT, "already resolved: yes"],
  [mail("l: takes two keys"), SENT, "already resolved: yes"],
  [mail("m: yes, then no"), SENT, "already resolved: yes"],
  [weather("LA"), { type: "success", result: "calm in LA" }],
  [weather("throws a string"), thrown("a string")],
  [weather("ends its thread"), failed("internal", "thread_ended", expect.any(String))],
  [
    { name: "send_email", arguments: '{"to":"n"}' },
    failed("invalid_request", "invalid_tool_args", expect.any(String)),
  ],
  [
    { name: "teleport", arguments: "{}" },
    failed("unavailable", "tool_unavailable", expect.any(String)),
  ],
];

const ODD_IDS = [
  "__proto__",
  "constructor",
  "",
  "../../x",
  "a\u0000b",
  "\ud800",
  "x".repeat(9_999),
];

const BATCHES = {
  fates: batch(4, ...FATES.map(([one]) => one)),
  // If the first call held the only lane, the others would never run.
  slots: batch(1, ...["a", "b", "c", "d"].map((to) => mail(`${to}: held`)), weather("LA")),
  "one id": batch(4, mail("a: no", "same"), mail("b", "same"), mail("c: nobody", "same")),
  "odd ids": batch(4, ...ODD_IDS.map((id, index) => mail(`${index}`, id))),
  // The weather has the only slot when all is cancelled, so what was approved still waits for it.
  cancelled: batch(1, mail("a"), mail("b: never"), mail("c: cancels all"), weather("LA")),
  nothing: batch(4),
};

function batch(limit: number, ...calls: ReturnType<typeof weather>[]) {
  return { limit, calls: calls.length > 0 ? JSON.parse(outputs(...calls)).outputs : [] };
}

const End = z.object({
  outcomes: z.array(z.looseObject({ id: z.string() })),
  trail: z.array(z.string()),
  late: z.record(z.string(), z.string()),
  keys: z.array(z.string()),
});

const ran = run("test/programs/20-batches.ts", [JSON.stringify(BATCHES)], { folder });

async function endOf(name: keyof typeof BATCHES): Promise<z.infer<typeof End>> {
  const { stdout, stderr } = await ran;
  const reported = readReports(stdout).get(name);
  if (!reported) throw new Error(`no end of ${name}: ${stderr}`);
  return End.parse(reported.value);
}

test("every call of a batch has its outcome in its place, whatever the people do who are asked [L30]", async () => {
  const { outcomes } = await endOf("fates");
  expect(outcomes).toEqual(
    FATES.map(([, outcome], index) => ({ id: `call_${index}`, ...outcome })),
  );
});

test("the first resolution stands, even before the wait, and all later attempts learn it [L32]", async () => {
  const { late } = await endOf("fates");
  const told = FATES.flatMap(([{ arguments: args }, , said]) => {
    return said === undefined ? [] : [[JSON.parse(args).to.split(": ")[0], said] as const];
  });
  expect(late).toEqual(Object.fromEntries(told));
});

test("nobody is asked about a call that cannot run, or that needs no consent [L2]", async () => {
  const { keys } = await endOf("fates");
  expect(keys).toHaveLength(FATES.filter(([, , said]) => said !== undefined).length);
});

test("calls that are pending hold no slot, and take one again, one after the other, when approved", async () => {
  const { outcomes, trail } = await endOf("slots");
  expect(outcomes.map(({ type }) => type)).toEqual(Array(5).fill("success"));
  const [weatherFirst, mailsThen] = [trail.slice(0, 3), trail.slice(3)];
  expect(weatherFirst).toEqual(["start call_4", "end call_4", "approve 4"]);
  expect(mailsThen).toEqual([0, 1, 2, 3].flatMap((n) => [`start call_${n}`, `end call_${n}`]));
});

test("two calls with one id have two keys, and each its own resolution and deadline [L31 L8]", async () => {
  const { outcomes, keys } = await endOf("one id");
  expect(new Set(keys).size).toBe(3);
  expect(outcomes).toEqual(
    [denied("somebody said no"), SENT, LATE].map((outcome) => ({ id: "same", ...outcome })),
  );
});

test("an id may contain any characters", async () => {
  const { outcomes, keys } = await endOf("odd ids");
  expect(outcomes).toEqual(ODD_IDS.map((id) => ({ ...SENT, id })));
  expect(keys.map((key) => /^\d+\.\d+\.[\w-]{43}$/.test(key))).toEqual(ODD_IDS.map(() => true));
});

test("a cancel wakes all that is pending, for good, lets nothing start, and leaves alone what runs [L34]", async () => {
  const { outcomes, late } = await endOf("cancelled");
  expect(outcomes).toEqual([
    { id: "call_0", ...CANCELLED },
    { id: "call_1", ...CANCELLED },
    { id: "call_2", ...CANCELLED },
    { id: "call_3", type: "success", result: "calm in LA" },
  ]);
  expect(late).toEqual({
    a: "already resolved: yes",
    b: "already resolved: cancelled",
    c: "already resolved: cancelled",
  });
});

test("a batch of no calls has no outcomes, and asks nobody", async () => {
  expect(await endOf("nothing")).toEqual({ outcomes: [], trail: [], late: {}, keys: [] });
});

test("the batches say nothing on stderr, and leave no folder", async () => {
  const { code, stderr } = await ran;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(readdirSync(join(folder, ".approvals"))).toEqual([]);
});

test("what is ready is handed out first, in its order, and the rest as it comes", async () => {
  const resolvers: ((value: string) => void)[] = [];
  const later = () => new Promise<string>((done) => resolvers.push(done));
  const [first, second, third, fourth] = asReady([
    later(),
    Promise.resolve("b"),
    later(),
    Promise.resolve("d"),
  ]);
  expect([await first, await second]).toEqual(["b", "d"]);
  resolvers[1]?.("c");
  expect(await third).toBe("c");
  resolvers[0]?.("a");
  expect(await fourth).toBe("a");
});

// ── Keys and files ───────────────────────────────────────────────────────────────────────────────

const exchange = mkdtempSync(join(tmpdir(), "approvals-"));
beforeAll(() => {
  process.env.APPROVALS_DIR = exchange;
});
afterAll(() => {
  cancelAll();
  delete process.env.APPROVALS_DIR;
});

let places = 0;

/** A call of this process that is pending, with a place of its own. */
function pend(seconds = 600, question = "a question") {
  const place = `1000.${places++}`;
  return { place, ...openWait(place, "an id", { text: question, seconds }) };
}

test("a key in which anything was altered is unknown, and resolves nothing [L31]", () => {
  const { key, place } = pend();
  const other = pend();
  const [, , signature = ""] = key.split(".");
  const altered = [...key].map((letter, at) => {
    return key.slice(0, at) + (letter === "1" ? "2" : "1") + key.slice(at + 1);
  });
  const forged = [
    ...altered,
    key.slice(0, -1),
    `${key}A`,
    `0${key}`,
    ` ${key}`,
    `${key}\n`,
    "",
    place,
    `${place}.`,
    signature,
    `${other.place}.${signature}`,
    `${place}.${"A".repeat(43)}`,
    `../${key}`,
    `${key}/../x`,
    "x".repeat(1_000_000),
    `${place}.${"A".repeat(1_000_000)}`,
    "1".repeat(1_000_000),
  ];
  expect(forged.filter((one) => one !== key).length).toBe(forged.length);
  expect(forged.map((one) => sayResolved(resolve(one, { said: "yes" })))).toEqual(
    forged.map(() => "unknown or revoked key"),
  );
  expect(sayResolved(resolve(key, { said: "no" }))).toBe("denied");
});

test("no other letter is accepted in place of the last letter of a signature", () => {
  const { key } = pend();
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const twins = [...letters].map((letter) => key.slice(0, -1) + letter);
  const known = twins.filter((twin) => resolve(twin, { said: "yes" }) !== undefined);
  expect(known).toEqual([key]);
});

test("a key of another run resolves nothing in this one, and nothing when that run is over [L31]", () => {
  const mine = pend();
  const other = openRun();
  const signed = { id: "an id", text: "a question", deadline: Date.now() + 60_000 };
  writeFileSync(join(other.folder, `${mine.place}.question`), JSON.stringify(signed));
  const keys = listPending()
    .map(({ key }) => key)
    .filter((key) => key.startsWith(`${mine.place}.`));
  expect(new Set(keys).size).toBe(2);
  const theirs = keys.find((key) => key !== mine.key) ?? "";
  expect(sayResolved(resolve(theirs, { said: "yes" }))).toBe("approved");
  expect(readResolution(thisRun().folder, mine.place)).toBe(undefined);
  rmSync(other.folder, { recursive: true });
  expect(sayResolved(resolve(theirs, { said: "yes" }))).toBe("unknown or revoked key");
});

test("two calls with one deadline are over together, and one that was asked later is over later [L33]", async () => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const over: string[] = [];
  const watch = (name: string, { resolution }: ReturnType<typeof pend>) => {
    void resolution.then(({ said }) => over.push(`${name} ${said}`));
  };
  watch("first", pend(10));
  watch("second", pend(10));
  await vi.advanceTimersByTimeAsync(4_000);
  watch("third", pend(10));
  await vi.advanceTimersByTimeAsync(5_999);
  expect(over).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual(["first timeout", "second timeout"]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(over).toEqual(["first timeout", "second timeout", "third timeout"]);
});

test("after its deadline a call has timed out, even if its program has not looked at the clock [L33]", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { key, place, resolution } = pend(10);
  vi.setSystemTime(Date.now() + 10_000);
  expect(sayResolved(resolve(key, { said: "yes" }))).toBe("already resolved: timeout");
  expect(readResolution(thisRun().folder, place)).toEqual({ said: "timeout" });
  expect(listPending().filter((one) => one.key === key)).toEqual([]);
  expect(await resolution).toEqual({ said: "timeout" });
});

test("without its folder, a call still ends at its deadline", async () => {
  const { folder: gone } = thisRun();
  const { resolution } = pend(0.05);
  renameSync(gone, `${gone}-gone`);
  expect(await resolution).toEqual({ said: "timeout" });
  renameSync(`${gone}-gone`, gone);
});

test("a resolution file that cannot be read resolves nothing, and lets no call run", async () => {
  const { folder: own } = thisRun();
  const { place, resolution } = pend(0.05);
  writeFileSync(join(own, `${place}.resolution`), '{"said":"yes');
  expect(readResolution(own, place)).toBe(undefined);
  expect(settle(own, place, { said: "yes" })).toEqual({ said: "cancelled", accepted: false });
  expect(await resolution).toEqual({ said: "cancelled", accepted: false });
});

const onUnix = test.skipIf(process.platform === "win32");

onUnix("only the user may read the pending calls", () => {
  const own = openRun().folder;
  expect(statSync(own).mode & 0o777).toBe(0o700);
  expect(statSync(join(own, "run.json")).mode & 0o777).toBe(0o600);
});

/** Uses another folder for the pending calls, for one test. */
function exchangeIn(path: string): void {
  process.env.APPROVALS_DIR = path;
  onTestFinished(() => {
    process.env.APPROVALS_DIR = exchange;
  });
}

const FOREIGN = "expected a folder that is yours and that only you may write to, got ";

onUnix.each([0o722, 0o777, 0o1777, 0o770])(
  "a folder of mode %o is refused, because others could approve in it",
  (mode) => {
    const root = freshFolder();
    exchangeIn(root);
    const { folder: own } = openRun();
    chmodSync(own, mode);
    expect(() => openRun()).toThrow(`${FOREIGN}${own}`);
    chmodSync(own, 0o700);
    expect(() => listPending()).not.toThrow();
    chmodSync(root, mode);
    for (const act of [openRun, listPending, () => resolve(pendingKey, { said: "yes" })]) {
      expect(act).toThrow(`${FOREIGN}${root}`);
    }
  },
);

onUnix("a folder that belongs to another user is refused", () => {
  exchangeIn(freshFolder());
  const user = statSync(process.env.APPROVALS_DIR ?? "").uid;
  const getuid = vi.spyOn(process, "getuid").mockReturnValue(user + 1);
  onTestFinished(() => getuid.mockRestore());
  expect(() => openRun()).toThrow(FOREIGN);
});

const pendingKey = `1.0.${"A".repeat(43)}`;

/** Makes a file or folder look as if nobody had written to it for so many seconds. */
function age(path: string, seconds: number): void {
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(path, then, then);
}

test("a killed run whose process number is in use again is dead, and removed after a day", () => {
  exchangeIn(freshFolder());
  const { folder: own } = openRun();
  const asked = { id: "an id", text: "a question", deadline: Date.now() + 60_000 };
  writeFileSync(join(own, "1.0.question"), JSON.stringify(asked));
  const [{ key } = { key: "" }] = listPending();
  age(join(own, "run.json"), 60);
  expect(listPending()).toEqual([]);
  expect(resolve(key, { said: "yes" })).toBe(undefined);
  openRun();
  expect(existsSync(own)).toBe(true);
  age(join(own, "run.json"), 25 * 60 * 60);
  openRun();
  expect(existsSync(own)).toBe(false);
});

test("a run that waits is alive, however old it is", async () => {
  age(join(thisRun().folder, "run.json"), 3_600);
  const { key } = pend();
  const isFound = (): boolean => listPending().some((one) => one.key === key);
  await vi.waitUntil(isFound, { timeout: 10_000 });
});

test("a folder without an owner is removed after a minute, and only folders of runs are removed", () => {
  const root = freshFolder();
  exchangeIn(root);
  const name = "run-00000000-0000-4000-8000-00000000000";
  for (const folder of [`${name}1`, `${name}2`, "photos", "run-of-the-mill"]) {
    mkdirSync(join(root, folder), { mode: 0o700 });
    if (!folder.endsWith("2")) age(join(root, folder), 120);
  }
  const { folder: own } = openRun();
  expect(
    readdirSync(root)
      .map((folder) => join(root, folder))
      .toSorted(),
  ).toEqual(
    [own, ...[`${name}2`, "photos", "run-of-the-mill"].map((one) => join(root, one))].toSorted(),
  );
});

// ── At the terminal ──────────────────────────────────────────────────────────────────────────────

/** Somebody at a terminal, what they type, and all that they have been shown. */
function sitDown() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const person = openTerminal(600, { input, output });
  onTestFinished(() => person.end());
  let shown = "";
  output.on("data", (chunk) => {
    shown += chunk;
  });
  return { person, input, shown: () => shown };
}

type Seat = ReturnType<typeof sitDown>;

/** Announces a pending call to a terminal, and waits until its number is shown. */
async function tell({ person, shown }: Seat, question: string) {
  const wait = pend(600, question);
  person.hear({ ...wait, text: question, to: "somebody" });
  const line = new RegExp(`^(\\d+): ${question}$`, "m");
  const [, number = ""] = await vi.waitUntil(() => line.exec(shown()));
  return { ...wait, number };
}

/** Types something, returns the lines that are shown after it. */
async function type({ input, shown }: Seat, typed: string): Promise<string[]> {
  const before = shown().length;
  input.write(typed);
  const count = typed.split("\n").length - 1;
  const after = (): string[] => shown().slice(before).split("\n").slice(0, -1);
  await vi.waitUntil(() => after().length >= count);
  return after();
}

const ASK_AGAIN = "expected the number of a pending call, then yes or no";

test("at a terminal, each call is answered by its number, in any order", async () => {
  const seat = sitDown();
  const answers = [
    ["y", "approved", { said: "yes" }],
    ["no", "denied", { said: "no" }],
    [" No, not today ", "denied", { said: "no", reason: "not today" }],
    ["YES", "approved", { said: "yes" }],
    ["n -5 degrees", "denied", { said: "no", reason: "-5 degrees" }],
  ] as const;
  const asked = [];
  for (const [index] of answers.entries()) asked.push(await tell(seat, `question ${index}`));
  for (const [index, [typed, said, resolution]] of [...answers.entries()].toReversed()) {
    expect(await type(seat, `${asked[index]?.number} ${typed}\n`)).toEqual([said]);
    expect(await asked[index]?.resolution).toEqual(resolution);
  }
});

test("what is not clearly a yes or a no to one question is asked again, and resolves nothing", async () => {
  const seat = sitDown();
  const { number, place } = await tell(seat, "asked");
  const unclear = ["", "y", "yes", "no", "ok", number, "0 yes", `${Number(number) + 1} yes`].concat(
    ["sure", "ok", "yes please", "not today", "y n", "nope"].map((words) => `${number} ${words}`),
  );
  expect(await type(seat, `${unclear.join("\n")}\n`)).toEqual(unclear.map(() => ASK_AGAIN));
  expect(readResolution(thisRun().folder, place)).toBe(undefined);
});

test("what was typed before a question was shown never answers it [L32]", async () => {
  const seat = sitDown();
  const bob = await tell(seat, "bob");
  seat.input.write(`${bob.number} y`);
  resolve(bob.key, { said: "no" });
  await bob.resolution;
  const eve = await tell(seat, "eve");
  expect(await type(seat, "\n")).toEqual([ASK_AGAIN]);
  expect(await type(seat, `y\n${bob.number} y\n${eve.number} no\n`)).toEqual([
    ASK_AGAIN,
    ASK_AGAIN,
    "denied",
  ]);
  expect(seat.shown()).toContain(`no longer asked here: ${bob.number} (no)\n`);
  expect(await eve.resolution).toEqual({ said: "no" });
});

test("a pasted line answers no question that comes up while the lines before it are read", async () => {
  const seat = sitDown();
  const bob = await tell(seat, "bob");
  const eve = pend(600, "eve");
  bob.over.addEventListener("abort", () => {
    seat.person.hear({ ...eve, text: "eve", to: "somebody" });
  });
  const guesses = Array.from({ length: 20 }, (_, index) => `${index + 1} y`);
  seat.input.write(`${[`${bob.number} y`, "y", ...guesses].join("\n")}\n`);
  await vi.waitUntil(() => seat.shown().includes(": eve\n"));
  await type(seat, "y\nyes\n");
  expect(readResolution(thisRun().folder, eve.place)).toBe(undefined);
});

test("no number comes twice, and none can be known before it is shown", async () => {
  const seat = sitDown();
  const numbers: string[] = [];
  for (let index = 0; index < 40; index++) numbers.push((await tell(seat, `q${index}`)).number);
  expect(new Set(numbers).size).toBe(40);
  const steps = numbers.slice(1).map((number, index) => Number(number) - Number(numbers[index]));
  expect(new Set(steps).size).toBeGreaterThan(10);
});

test("the terminal stops asking about a call that was resolved elsewhere or has timed out", async () => {
  const seat = sitDown();
  const asked = await tell(seat, "asked");
  const late = pend(0.05, "late");
  seat.person.hear({ ...late, text: "late", to: "somebody" });
  resolve(asked.key, { said: "yes" });
  await asked.resolution;
  await late.resolution;
  await vi.waitUntil(() => seat.shown().includes("(timeout)"));
  expect(seat.shown()).toContain(`no longer asked here: ${asked.number} (yes)\n`);
  expect(seat.shown()).toMatch(/^no longer asked here: \d+ \(timeout\)$/m);
});

test("where nothing more can be typed, the terminal says so at once, and others may resolve the call", async () => {
  const seat = sitDown();
  const { key, resolution } = await tell(seat, "asked");
  seat.input.end();
  await vi.waitUntil(() => /^nothing more can be typed here; approve\.ts, .*$/m.test(seat.shown()));
  const later = await tell(seat, "later");
  for (const one of [key, later.key]) resolve(one, { said: "yes" });
  expect(await resolution).toEqual({ said: "yes" });
  expect(await later.resolution).toEqual({ said: "yes" });
  expect(seat.shown()).not.toContain(`type ${later.number}`);
});

// ── What is shown ────────────────────────────────────────────────────────────────────────────────

test.each([
  [
    "a recipient that reads like a message",
    "bob@example.com: hello (already approved)",
    '"bob@example.com: hello (already approved)"',
  ],
  ["quotes", 'bob", message "hello', '"bob\\", message \\"hello"'],
  ["controls", "a\u001b[2Jb\nc\u0000", '"a\\u001b[2Jb\\nc\\u0000"'],
  ["controls in one character", "a\u009b31mb\u007f", '"a\\u009b31mb\\u007f"'],
  ["directions", "a\u202eb", '"a\\u202eb"'],
  [
    "what has no width",
    "a\u200bb\u00adc\ufe0f\u{e0041}",
    '"a\\u200bb\\u00adc\\ufe0f\\udb40\\udc41"',
  ],
  ["odd spaces", "a\u00a0b\u2028c  d", '"a\\u00a0b\\u2028c  d"'],
  ["letters of all kinds", "Grüße, 東京 👍", '"Grüße, 東京 👍"'],
])("%s: each part of a call is shown with its label and in quotes", (_, to, quoted) => {
  const line = describeCall("send_email", { from: "me", to, message: "hello" });
  expect(line).toBe(`send_email from "me", to ${quoted}, message "hello"`);
  expect(abridge(line)).toBe(line);
});

test("a long text is cut and says how much is left out, and what follows it is shown", () => {
  const line = describeCall("send_email", { to: `bob${"x".repeat(5_000)}`, message: "hello" });
  expect(abridge(line)).toMatch(
    /^send_email to "bobx{996}… \(4005 more characters\), message "hello"$/,
  );
  expect(line.length).toBeGreaterThan(5_000);
});

// ── From another process ─────────────────────────────────────────────────────────────────────────

const QUESTION =
  'Send an email to bob@example.com saying "See you." and one to eve@example.com saying "The code."';

const FROM = 'from "weather-bot@example.com"';

type Env = Record<string, string | undefined>;

/** Starts the chapter with a question, and waits until so many keys have been shown. */
async function startPending(count: number, question: string, env: Env, book = bookFolder()) {
  const program = start(FILE, [question], { env, folder: book });
  const ended = Promise.all([text(program.stdout), once(program, "close")]);
  let stderr = "";
  const keys = await new Promise<string[]>((done) => {
    program.stderr.on("data", (chunk) => {
      stderr += chunk;
      const found = [...stderr.matchAll(/approve\.ts (\S+) yes/g)].map(([, key = ""]) => key);
      if (found.length === count) done(found);
    });
  });
  const end = async () => {
    const [stdout, [code, signal]] = await ended;
    return { stdout, stderr, code: code ?? signal };
  };
  return { program, keys, end };
}

function freshFolder(): string {
  const made = mkdtempSync(join(tmpdir(), "exchange-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test("another process lists what is pending, approves and denies it, and the program goes on", async () => {
  const env = { APPROVALS_DIR: freshFolder() };
  const { keys, end } = await startPending(2, QUESTION, env);
  const [bob = "", eve = ""] = keys;
  const approve = (...args: string[]) => run(APPROVE, args, { env });
  const listed = await approve();
  expect(
    listed.stdout
      .replaceAll(/\(\d+ s left\)/g, "(N s left)")
      .split("\n")
      .toSorted(),
  ).toEqual([
    "",
    `${bob}  send_email ${FROM}, to "bob@example.com", message "See you." (N s left)`,
    `${eve}  send_email ${FROM}, to "eve@example.com", message "The code." (N s left)`,
  ]);
  const forged = await approve(`${bob.slice(0, -1)}${bob.endsWith("A") ? "E" : "A"}`, "yes");
  expect(forged).toMatchObject({ code: 1, stdout: "" });
  expect(forged.stderr).toMatch(/^error: unknown or revoked key 1\.0\.[\w-]{43}\n$/);
  const says = (stdout: string, code = 0) => ({ code, stdout, stderr: "" });
  expect(await approve(eve, "no", "-5", "degrees")).toEqual(says("denied\n"));
  expect(await approve(eve, "yes")).toEqual(says("already resolved: no\n", 1));
  expect(await approve(eve, "no")).toEqual(says("already resolved: no\n"));
  expect((await approve()).stdout).toMatch(/^1\.0\.\S+ {2}send_email .*"bob@example\.com".*\n$/);
  expect(await approve(bob, "yes")).toEqual(says("approved\n"));
  const { stdout, code } = await end();
  expect(stdout).toContain("I didn't send the e-mail to eve@example.com: -5 degrees.");
  expect(stdout).toMatch(/\nMail box:\n\[\n {2}\{[^{]*bob@example\.com[^{]*\}\n\]\n$/);
  expect(code).toBe(0);
  expect(await approve()).toEqual(says("nothing is pending\n"));
  expect((await approve(bob, "yes")).stderr).toMatch(/^error: unknown or revoked key /);
  expect(readdirSync(env.APPROVALS_DIR)).toEqual([]);
});

test("of twenty processes that resolve a call at once, one is accepted, and all others learn what it said [L32]", async () => {
  const env = { APPROVALS_DIR: freshFolder() };
  // The other call keeps the program alive, and with it the key, until all of them have their reply.
  const { keys, end } = await startPending(2, QUESTION, env);
  const [bob = "", eve = ""] = keys;
  const told = await Promise.all(
    Array.from({ length: 20 }, (_, index) => {
      return run(APPROVE, index % 2 === 0 ? [bob, "yes"] : [bob, "no", `${index}`], { env });
    }),
  );
  const lines = told.map(({ stdout }) => stdout);
  const first = lines.findIndex((line) => line === "approved\n" || line === "denied\n");
  const said = first % 2 === 0 ? "yes" : "no";
  const others = lines.filter((_, index) => index !== first);
  expect(others).toEqual(Array(19).fill(`already resolved: ${said}\n`));
  await run(APPROVE, [eve, "no"], { env });
  const { stdout } = await end();
  expect(stdout).toContain(said === "yes" ? '"result": "message sent"' : `"message": "${first}"`);
});

test("without an answer in time, the call has timed out, and the model says so [L33]", async () => {
  const env = { APPROVALS_DIR: freshFolder(), APPROVAL_SECONDS: "0.2" };
  const question = 'Send an email to bob@example.com saying "See you."';
  const { stdout, stderr, code } = await run(FILE, [question], { env });
  expect(stdout).toContain('"code": "tool_completion_timeout"');
  expect(stdout).toMatch(/\nA:\nI didn't send the e-mail: nobody approved it in time\.\n$/);
  expect(stdout).not.toMatch(/\d\.\d\.[\w-]{43}/);
  expect(stderr).toMatch(/^model: .*\nto resolve it: .*\n$/);
  expect(code).toBe(0);
});

onUnix(
  "Ctrl-C while a call is pending cancels it, shows the outcomes of the batch, and asks no more [L34]",
  async () => {
    const mailTo = (to: string) => call(to, "send_email", { from: "a", to, message: "hello" });
    const batch = [
      call("weather", "get_weather", { location: "LA" }),
      mailTo("bob"),
      mailTo("eve"),
    ];
    const server = await serveResponses([batch, [message("done")]]);
    const MAILBOX_FILE = join(freshFolder(), "mails");
    const env = { APPROVALS_DIR: freshFolder(), OPENAI_BASE_URL: server.url, MAILBOX_FILE };
    const { program, keys, end } = await startPending(2, "a question", env);
    expect(await run(APPROVE, [keys[0] ?? "", "yes"], { env })).toMatchObject({
      stdout: "approved\n",
    });
    const isSent = (): boolean => {
      return existsSync(MAILBOX_FILE) && readFileSync(MAILBOX_FILE, "utf8").includes("bob");
    };
    await vi.waitUntil(isSent, { timeout: 30_000 });
    program.kill("SIGINT");
    const { stdout, stderr, code } = await end();
    server.close();
    expect([server.requests.length, server.refusals]).toEqual([1, []]);
    const [, results = "", rest = ""] = stdout.split("----------\n");
    expect(JSON.parse(results.replace("Function call results: ", ""))).toEqual([
      { id: "weather", result: "sunny, 20 degrees" },
      { id: "bob", result: "message sent" },
      { id: "eve", error: CANCELLED.error },
    ]);
    expect(rest).toMatch(/^\n\nMail box:\n/);
    expect(stderr.split("\n").slice(-2)).toEqual(["cancelled", ""]);
    expect(code).toBe(130);
    expect(readdirSync(env.APPROVALS_DIR)).toEqual([]);
  },
);

onUnix(
  "Ctrl-C while a tool does not stop says what the program waits for, and a second Ctrl-C ends it [L34]",
  async () => {
    const mailToBob = call("bob", "send_email", { from: "a", to: "bob", message: "hello" });
    const deaf = call("weather", "get_weather", { location: "deaf a" });
    const server = await serveResponses([[deaf, mailToBob], [message("done")]]);
    const env = { APPROVALS_DIR: freshFolder(), OPENAI_BASE_URL: server.url };
    const { program, end } = await startPending(1, "a question", env, worldOf("stations"));
    const told = new Promise<void>((done) => {
      program.stderr.on("data", (chunk) => {
        if (String(chunk).includes("Ctrl-C again")) done();
      });
    });
    program.kill("SIGINT");
    await told;
    program.kill("SIGINT");
    const { stderr, code } = await end();
    server.close();
    expect(stderr.split("\n").slice(-2)).toEqual([
      "cancelled; waiting for the calls that run; Ctrl-C again ends the program",
      "",
    ]);
    expect(code).toBe(130);
    expect(server.requests.length).toBe(1);
    expect(readdirSync(env.APPROVALS_DIR)).toEqual([]);
  },
);

onUnix("Ctrl-C while the model thinks ends the program at once, and leaves nothing", async () => {
  const env = { APPROVALS_DIR: freshFolder() };
  const server = await serveResponses([() => user.pressCtrlC()]);
  const user = startForUser(FILE, ["a question"], { env: { ...env, OPENAI_BASE_URL: server.url } });
  const { code, stdout } = await user.ended;
  expect(stdout).toBe("Q: a question\n\n");
  expect(code).toBe(130);
  server.close();
  expect(readdirSync(env.APPROVALS_DIR)).toEqual([]);
});

onUnix(
  "a killed program leaves a folder: its keys resolve nothing, and the next run removes it",
  async () => {
    const env = { APPROVALS_DIR: freshFolder() };
    const { program, keys, end } = await startPending(2, QUESTION, env);
    program.kill("SIGKILL");
    await end();
    expect(readdirSync(env.APPROVALS_DIR)).toHaveLength(1);
    expect(await run(APPROVE, [], { env })).toMatchObject({
      code: 0,
      stdout: "nothing is pending\n",
    });
    const { code, stderr } = await run(APPROVE, [keys[0] ?? "", "yes"], { env });
    expect(stderr).toBe(`error: unknown or revoked key ${keys[0]}\n`);
    expect(code).toBe(1);
    await run(FILE, ["Who am I?"], { env });
    expect(readdirSync(env.APPROVALS_DIR)).toEqual([]);
  },
);

test("whatever an e-mail says, it is shown safely in both terminals, on one line", async () => {
  const evil = SEQUENCES.map(([, one]) => one)
    .join(" ")
    .replaceAll("\u0000", "");
  const args = {
    from: "a",
    to: `bob ${evil}\nMail box:`,
    message: `${evil}\n${"x".repeat(5_000)}`,
  };
  const server = await serveResponses([
    [call(evil.slice(0, 60), "send_email", args)],
    [message("done")],
  ]);
  const env = { APPROVALS_DIR: freshFolder(), OPENAI_BASE_URL: server.url };
  const { keys, end } = await startPending(1, "a question", env);
  const listed = await run(APPROVE, [], { env });
  expect(listed.stdout).toMatch(
    /^1\.0\.\S+ {2}send_email from "a", to "bob [^\n]*", message "[^\n]* more characters\) \(\d+ s left\)\n$/,
  );
  const whole = await run(APPROVE, [keys[0] ?? ""], { env });
  const parts = /^send_email from ("a"), to ("bob .*"), message (".*x{5000}")\n$/.exec(
    whole.stdout,
  );
  expect(parts?.slice(1).map((part) => JSON.parse(part))).toEqual(Object.values(args));
  await run(APPROVE, [keys[0] ?? "", "no", evil], { env });
  const { stdout, stderr } = await end();
  server.close();
  for (const shown of [listed.stdout, whole.stdout, stdout, stderr]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.exec(shown)).toBe(null);
  }
  expect(stdout).toMatch(/^Waiting for approval: send_email to "bob .*\\nMail box:"$/m);
});

test.each([
  ["--help", ["--help"], 0, /^Resolves a call of chapter 20/, /^$/],
  [
    "a word but yes or no",
    ["abc", "maybe"],
    1,
    /^$/,
    /^error: .* yes or no after the key, got maybe\n$/,
  ],
  ["a word after yes", ["abc", "yes", "sir"], 1, /^$/, /^error: .* nothing after yes, got sir\n$/],
  ["no key", ["abc", "yes"], 1, /^$/, /^error: unknown or revoked key abc\n$/],
  [
    "a long word",
    ["x".repeat(100_000), "no"],
    1,
    /^$/,
    /^error: unknown or revoked key x{80}… \(\d+ more characters\)\n$/,
  ],
  ["a key that shows a call", ["abc"], 1, /^$/, /^error: unknown or revoked key abc\n$/],
  ["an option", ["--yes"], 1, /^$/, /^error: expected a key, .*, got --yes\n$/],
] as const)(
  "approve.ts says in one line what it makes of %s",
  async (_, args, code, stdout, stderr) => {
    const env = { APPROVALS_DIR: freshFolder() };
    const ended = await run(APPROVE, args, { env });
    expect(ended.stdout).toMatch(stdout);
    expect(ended.stderr).toMatch(stderr);
    expect(ended.code).toBe(code);
  },
);

const SECONDS = "expected more than 0 and up to 86400 seconds in APPROVAL_SECONDS";

test.each([
  ["APPROVAL_SECONDS", "soon", `${SECONDS}, got soon`],
  ["APPROVAL_SECONDS", "1e9", `${SECONDS}, got 1e9`],
  ["APPROVAL_SECONDS", "0", `${SECONDS}, got 0`],
  ["APPROVALS_DIR", "package.json", "expected a folder for what is pending, got package.json: .*"],
])("%s=%s is one line", async (name, value, line) => {
  const { stderr, code } = await run(FILE, ["Who am I?"], { env: { [name]: value } });
  expect(stderr).toMatch(new RegExp(`^model: .*\nerror: ${line}\n$`));
  expect(code).toBe(1);
});

onUnix("a link to nowhere as APPROVALS_DIR gives one error line", async () => {
  const link = join(freshFolder(), "link");
  symlinkSync("nowhere/at/all", link);
  const { stderr, code } = await run(FILE, ["Who am I?"], { env: { APPROVALS_DIR: link } });
  expect(stderr).toMatch(
    /^model: .*\nerror: expected a folder for what is pending, got \/.*: .*\n$/,
  );
  expect(code).toBe(1);
});

test("approve.ts reads the file .env, as the chapter does", async () => {
  const book = copyBook({ ".env": "APPROVALS_DIR=package.json\n" });
  const { stderr } = await run(APPROVE, [], { folder: book, env: { APPROVALS_DIR: undefined } });
  expect(stderr).toMatch(/^error: expected a folder for what is pending, got package\.json: .*\n$/);
});

// ── The rest of the loop ─────────────────────────────────────────────────────────────────────────

test("the nasty batch has the outcomes that it has in the base, over both protocols", async () => {
  const nasty = itemsOf(NASTY_REPLY);
  const responses = await serveResponses([nasty, [message("done")]]);
  const first = await run("test/programs/ask.ts", ["20-human-approval", "nasty"], {
    folder,
    env: { OPENAI_BASE_URL: responses.url },
  });
  responses.close();
  expect(lastOutputs(responses.requests), first.stderr).toEqual(
    settleIds(outputsOf(NASTY_RESULTS)),
  );
  const chat = await serveChat(({ messages }) => {
    const isFirst = messages.every(({ role }) => role !== "tool");
    return { message: isFirst ? { tool_calls: chatCalls(nasty) } : { content: "done" } };
  });
  const second = await run("test/programs/ask.ts", ["20-human-approval", "nasty"], {
    folder,
    env: { OPENAI_BASE_URL: chat.url, OPENAI_PROTOCOL: "chat" },
  });
  chat.close();
  expect(readReports(second.stdout).get("nasty")?.value, second.stderr).toMatchObject({
    answer: "done",
  });
});

test("the demo shows each way in which a call is resolved", () => {
  expect(printed("20").match(/^(?:Waiting|Somebody) .*/gm)).toEqual([
    'Waiting for approval: send_email to "bob@example.com"',
    "Somebody approves the e-mail to bob@example.com with a forged key: unknown or revoked key",
    "Somebody approves the e-mail to bob@example.com: approved",
    "Somebody denies the e-mail to bob@example.com: already resolved: yes",
    'Waiting for approval: send_email to "bob@example.com"',
    'Waiting for approval: send_email to "eve@example.com"',
    "Somebody denies the e-mail to eve@example.com: denied",
    "Somebody approves the e-mail to bob@example.com: approved",
    'Waiting for approval: send_email to "carol@example.com"',
    "Somebody approves the e-mail to carol@example.com too late: already resolved: timeout",
  ]);
});
