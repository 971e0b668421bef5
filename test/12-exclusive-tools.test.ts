import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { serveScript } from "../scripts/serve.ts";
import { readReports } from "./programs/report.ts";
import { serveBarrier } from "./support/barrier.ts";
import { NASTY_REPLY, NASTY_RESULTS } from "./support/nasty.ts";
import { printed } from "./support/pages.ts";
import { lastResults, outputs } from "./support/script.ts";
import { like } from "./support/worlds.ts";

test("parallel calls are all under way before any of them ends, and then the serial ones, each alone [L6]", async () => {
  const { trail } = await watch("scattered");
  expect(trail).toBe("a( b( c( ) ) ) one( ) two( ) three( )");
});

test("outcomes stand in the order asked, whatever the order of the ends, though ids repeat", async () => {
  const { trail, outcomes } = await watch("one id for all");
  expect(trail).toBe("same( same( same( ) ) ) same( ) same( )");
  expect(outcomes).toEqual([
    [sent("same"), calm("same", "d"), sent("same"), calm("same", "e"), calm("same", "f")],
  ]);
});

test("of the chapter's tools, sending an e-mail is serial and all others are parallel", async () => {
  const { trail } = await watch("each tool");
  expect(trail).toBe("list( who( weather( ) ) ) one( ) two( )");
});

test("calls of unknown tools wait for no call and delay none", async () => {
  const { trail, outcomes } = await watch("unknown tools");
  expect(trail).toBe("teleport( weather( proto( ) ) ) one( ) two( )");
  const message = expect.stringMatching(/^unknown tool (teleport|__proto__); there are /);
  const error = { class: "unavailable", code: "tool_unavailable", message };
  expect(outcomes).toEqual([
    [
      sent("one"),
      { type: "failure", id: "teleport", error },
      calm("weather", "rain"),
      { type: "failure", id: "proto", error },
      sent("two"),
    ],
  ]);
  const lane = await watch("unknown tools in a lane of two");
  expect(lane.trail).toBe("g( constructor( ) teleport( ) h( ) )");
});

test("the parallel part reaches the limit of its runner and never passes it", async () => {
  const { trail, outcomes } = await watch("a limit of two");
  const parallel = trail.replace(" one( ) two( )", "");
  expect(peakOf(parallel)).toBe(2);
  expect(trail).toBe(`${parallel} one( ) two( )`);
  expect(outcomes).toEqual([[sent("one"), ...SIX.map((id) => calm(id, "rain")), sent("two")]]);
});

test("a batch may be all serial, all parallel, or empty", async () => {
  expect(await watch("serial only")).toEqual({
    trail: "one( ) two( ) three( )",
    outcomes: [[sent("one"), sent("two"), sent("three")]],
  });
  expect(await watch("parallel only")).toEqual({
    trail: "first( second( ) )",
    outcomes: [[calm("first", "rain"), calm("second", "snow")]],
  });
  expect(await watch("empty")).toEqual({ trail: "", outcomes: [[]] });
});

test("a call that fails stops neither the serial part nor the next serial call", async () => {
  const { trail, outcomes } = await watch("failing");
  expect(trail).toBe("bad( list( ) ) broken( ) lossy( ) mail( )");
  const failed = (id: string, type: string, code: string, message: unknown) => {
    return { type: "failure", id, error: { class: type, code, message } };
  };
  expect(outcomes).toEqual([
    [
      failed("bad", "execution", "tool_error", "a string"),
      failed("broken", "invalid_request", "invalid_tool_args", expect.any(String)),
      failed("lossy", "execution", "tool_error", "the acknowledgement was lost"),
      sent("mail"),
      { type: "success", id: "list", result: expect.any(Array) },
    ],
  ]);
});

test("a serial call that ends its thread does not stop the next one", async () => {
  const { trail, outcomes } = await watch("dying");
  expect(trail).toBe("dies( ) mail( ) last( )");
  const message = "worker exited with code: 3";
  const error = { class: "internal", code: "thread_ended", message };
  expect(outcomes).toEqual([
    [{ type: "failure", id: "dies", error }, sent("mail"), calm("last", "rain")],
  ]);
});

test("a serial call that is tried again excludes the others between its attempts, too [L23]", async () => {
  const { trail, outcomes } = await watch("retrying");
  expect(trail).toBe("weather( ) lossy( ) mail( )");
  expect(outcomes).toEqual([[sent("lossy"), sent("mail"), calm("weather", "rain")]]);
});

test("a serial call excludes those of its own batch, and not those of another", async () => {
  const { trail, outcomes } = await watch("two batches");
  expect(trail).toMatch(/^one\( three\( /);
  expect(peakOf(trail)).toBe(2);
  expect(outcomes).toEqual([[sent("one"), sent("two")], [sent("three")]]);
});

test("a read that was asked for after a write runs before it, and does not see it", async () => {
  const { trail, outcomes } = await watch("a read after a write");
  expect(trail).toBe("list( ) one( )");
  expect(outcomes).toEqual([[sent("one"), { type: "success", id: "list", result: [] }]]);
});

test("where the read is declared serial, too, it sees each write that was asked for before it", async () => {
  const { trail, outcomes } = await watch("a serial read after a write");
  expect(trail).toBe("list( ) two( ) list( )");
  const [one, two] = ["one", "two"].map((message) => ({ ...LETTER, message }));
  expect(outcomes).toEqual([
    [
      { type: "success", id: "list", result: [one] },
      sent("two"),
      { type: "success", id: "list", result: [one, two] },
    ],
  ]);
});

test("the nasty batch gets one outcome per call, in the order asked", async () => {
  const { requests } = await ran;
  expect(requests).toHaveLength(2);
  expect(lastResults(requests)).toEqual(NASTY_RESULTS);
});

test("the model is told of every tool, but not which of them are serial", async () => {
  const { requests } = await ran;
  const prompt = requests[0]?.messages[0]?.content ?? "";
  expect(prompt.match(/(?<=^\{"name":")\w+/gm)).toEqual([
    "get_weather",
    "get_user_profile",
    "list_emails",
    "send_email",
  ]);
  expect(prompt).not.toMatch(/parallel|serial|execution/);
});

test("the demo's reads overlap, and its e-mail goes alone", () => {
  expect(printed("12").match(/^The calls: .*$/gm)).toEqual(["The calls: ((()))()"]);
  const [, mailbox = ""] = printed("12").split("\nMail box:\n");
  const mail = { from: "weather-bot@example.com", to: "bob@example.com", message: "hello" };
  expect(JSON.parse(mailbox)).toEqual([mail]);
});

// ── One program runs all the batches ─────────────────────────────────────────────────────────────

const LETTER = { from: "a@example.com", to: "bob@example.com" };

/** A call with no arguments. */
const bare = (id: string, name: string) => ({ id, name, arguments: "{}" });

const LIST = bare("list", "list_emails");

/** A serial call. Its message is its id. */
function mail(id: string, to = LETTER.to) {
  const args = { ...LETTER, to, message: id };
  return { id, name: "send_email", arguments: JSON.stringify(args) };
}

/** A parallel call. In a place of one letter it waits at the barrier. */
function weather(id: string, location = id) {
  return { id, name: "get_weather", arguments: JSON.stringify({ location }) };
}

const sent = (id: string) => ({ type: "success", id, result: "message sent" });
const calm = (id: string, place: string) => ({ type: "success", id, result: `calm in ${place}` });

const SIX = ["first", "second", "third", "fourth", "fifth", "sixth"];

type Case = {
  readonly batches: readonly (readonly ReturnType<typeof mail>[])[];
  readonly limit?: number;
  readonly chapter?: "careful" | "retrying";
};

/** They run one after another, and what was sent in one is in the mailbox of the next. */
const CASES = {
  "a read after a write": { batches: [[mail("one"), LIST]] },
  "a serial read after a write": { batches: [[LIST, mail("two"), LIST]], chapter: "careful" },
  scattered: {
    batches: [[mail("one"), weather("a"), mail("two"), weather("b"), weather("c"), mail("three")]],
  },
  "one id for all": {
    batches: [
      [
        mail("same"),
        weather("same", "d"),
        mail("same"),
        weather("same", "e"),
        weather("same", "f"),
      ],
    ],
  },
  "each tool": {
    batches: [
      [mail("one"), LIST, bare("who", "get_user_profile"), mail("two"), weather("weather", "rain")],
    ],
  },
  "unknown tools": {
    batches: [
      [
        mail("one"),
        bare("teleport", "teleport"),
        weather("weather", "rain"),
        bare("proto", "__proto__"),
        mail("two"),
      ],
    ],
  },
  "unknown tools in a lane of two": {
    batches: [
      [
        weather("g"),
        bare("constructor", "constructor"),
        bare("teleport", "teleport"),
        weather("h"),
      ],
    ],
    limit: 2,
  },
  "a limit of two": {
    batches: [[mail("one"), ...SIX.map((id) => weather(id, "rain")), mail("two")]],
    limit: 2,
  },
  "serial only": { batches: [[mail("one"), mail("two"), mail("three")]] },
  "parallel only": { batches: [[weather("first", "rain"), weather("second", "snow")]] },
  empty: { batches: [[]] },
  failing: {
    batches: [
      [
        weather("bad", "throws a string"),
        { ...mail("broken"), arguments: "{broken" },
        mail("lossy", "one@lossy.example"),
        mail("mail"),
        LIST,
      ],
    ],
  },
  dying: {
    batches: [[weather("dies", "ends its thread"), mail("mail"), weather("last", "rain")]],
    chapter: "careful",
  },
  retrying: {
    batches: [[mail("lossy", "other@lossy.example"), mail("mail"), weather("weather", "rain")]],
    chapter: "retrying",
  },
  "two batches": { batches: [[mail("one"), mail("two")], [mail("three")]] },
} satisfies Record<string, Case>;

/** Releases each of these groups of places when all of the group wait, the last place first. */
function letGo(waiting: readonly string[]): readonly string[] {
  const groups = ["abc", "def", "gh"].map((places) => [...places]);
  const complete = groups.some((places) => places.every((place) => waiting.includes(place)));
  return complete ? waiting.toReversed() : [];
}

/** The chapter as a reader would edit it. */
function edit(...changes: readonly (readonly [old: string, text: string])[]): string {
  let source = readFileSync(join(ROOT, "chapters/12-exclusive-tools/main.ts"), "utf8");
  for (const [old, text] of changes) {
    expect(source).toContain(old);
    source = source.replace(old, text);
  }
  return source;
}

/** A copy of the book that has two more programs in the chapter's folder. */
function makeFolder(): string {
  const careful = edit(
    ['...getWeather, execution: "parallel"', '...getWeather, execution: "serial"'],
    ['...listEmails, execution: "parallel"', '...listEmails, execution: "serial"'],
  );
  const again = "new Promise(setImmediate).then(() => pool.run(task))";
  return copyBook({
    "mock-tools/weather.ts": like("test/worlds/nasty-or-waiting.ts"),
    "chapters/12-exclusive-tools/careful.ts": careful,
    "chapters/12-exclusive-tools/retrying.ts": edit([
      "await pool.run(task)",
      `await pool.run(task).catch(() => ${again})`,
    ]),
  });
}

const Watched = z.object({ trail: z.string(), outcomes: z.array(z.unknown()) });

async function runAll() {
  const barrier = await serveBarrier(letGo);
  const server = await serveScript([NASTY_REPLY, outputs()]);
  const cases = JSON.stringify(CASES);
  const { code, stdout, stderr } = await run("test/programs/12-batches.ts", [cases], {
    folder: makeFolder(),
    env: { OPENAI_BASE_URL: server.url, BARRIER_URL: barrier.url },
  });
  server.close();
  barrier.close();
  expect([code, stderr]).toEqual([0, ""]);
  return { reports: readReports(stdout), requests: server.requests };
}

const ran = runAll();

/**
 * How the batches of a case ran, and their outcomes. In the trail, "one( two( ) )" says that the
 * call with the id two has started while the one with the id one was under way.
 */
async function watch(name: keyof typeof CASES) {
  const { reports } = await ran;
  return Watched.parse(reports.get(name)?.value);
}

/** The most calls that were under way at once. */
function peakOf(trail: string): number {
  let depth = 0;
  const depths = [...trail].map((sign) => {
    if (sign === "(") depth++;
    if (sign === ")") depth--;
    return depth;
  });
  return Math.max(...depths);
}
