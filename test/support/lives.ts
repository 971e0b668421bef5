// Runs of chapter 21 that are killed and started again, and the traces that they leave.
import { cpSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import { z } from "zod";
import { type Ended, run } from "../../scripts/run.ts";
import { startForUser } from "./interrupt.ts";
import {
  type Api,
  call,
  type Item,
  message,
  type ResponsesRequest,
  serveResponses,
} from "./responses.ts";
import { worldOf } from "./worlds.ts";

export const MAIN = "chapters/21-replay/main.ts";
export const SERIAL = "test/programs/21-serial.ts";
/** True if a process was killed. On Windows, a process that kills itself has exit code 1. */
export function wasKilled({ code }: Ended): boolean {
  return code === "SIGKILL" || (process.platform === "win32" && code === 1);
}

const LOOK = call("look", "get_weather", { location: "a" });
const SEND = call("send", "send_email", {
  from: "weather-bot@example.com",
  to: "jack@example.com",
  message: "hello",
});
/** The second step asks once more for a call of the first, under the same id. */
const STEPS: readonly (readonly Item[])[] = [[LOOK, SEND], [SEND]];

/** The effects of the conversation, in order. */
export const EFFECTS = [
  ...["step 1 request", "step 1 call 0", "step 1 call 1"],
  ...["step 2 request", "step 2 call 0"],
  "step 3 request",
];
/** Those that send an e-mail. */
export const SENDING = ["step 1 call 1", "step 2 call 0"];
export const ANSWER = 'done: "calm in a" "message sent" "message sent"';

/** The step that a request begins, by the calls that are answered in it. */
export function stepOf({ input }: ResponsesRequest): number {
  const answered = input.filter(({ type }) => type === "function_call_output").length;
  return answered === 0 ? 1 : answered;
}

/** Serves a model that always makes the calls of the steps, and then says what came of them. */
export function serveSteps(): Promise<Api<ResponsesRequest>> {
  return serveResponses((request) => {
    const outputs = request.input.flatMap((item) => ("output" in item ? item.output : []));
    return STEPS[stepOf(request) - 1] ?? [message(`done: ${outputs.join(" ")}`)];
  });
}

const Keyed = z.object({ key: z.string() });

function readLines<Value>(file: string, schema: z.ZodType<Value>): Value[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // A torn line has no newline.
  return lines.slice(0, -1).map((line) => schema.parse(JSON.parse(line)));
}

/** Takes an idempotency key, returns the key of the effect. */
export function effectOf(idempotencyKey: string): string {
  return idempotencyKey.replace(/^\S+ /, "");
}

/** A conversation in one or more lives: its journal, and a world that outlives them. */
export type Story = {
  readonly question: string;
  readonly folder: string;
  readonly journal: string;
};

let count = 0;

export function newStory(question = `question ${count++}`): Story {
  const folder = mkdtempSync(join(tmpdir(), "story-"));
  return { question, folder, journal: join(folder, "journal.jsonl") };
}

/** A copy of a story with everything that it has left so far. Each can go on in its own way. */
export function copyStory({ question, folder }: Story): Story {
  const copy = newStory(question);
  cpSync(folder, copy.folder, { recursive: true });
  return copy;
}

/** The traces of a story so far: recorded effects, runs of the weather tool, and e-mails, by their keys. */
export function look({ folder, journal }: Story) {
  const entries = readLines(journal, z.looseObject({ key: z.string().optional() }));
  const runs = readLines(join(folder, "notes.jsonl"), Keyed);
  const mails = readLines(join(folder, "mailbox.jsonl"), Keyed);
  return {
    recorded: entries.flatMap(({ key }) => key ?? []),
    runs: runs.map(({ key }) => effectOf(key)),
    mails: mails.map(({ key }) => effectOf(key)),
  };
}

/** Settings of a life. Its program is the chapter by default. */
type Life = {
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** When to kill it from outside, in milliseconds after its first output. */
  readonly killAfter?: number;
};

/** Where a story's program is started, and its environment. */
export function settingsOf(
  { url }: { readonly url: string },
  { folder, journal }: Story,
  { env }: Life = {},
) {
  const world = { OPENAI_BASE_URL: url, WORLD_DIR: folder, JOURNAL: journal };
  return { folder: worldOf("counted"), env: { ...world, ...env } };
}

/** Starts a story's program, with tools that count their runs, so that a test can kill it. */
export function startLife(api: { readonly url: string }, story: Story, life: Life = {}) {
  return startForUser(life.program ?? MAIN, [story.question], settingsOf(api, story, life));
}

/** Runs a story's program until it has ended in any way. */
export async function live(
  api: { readonly url: string },
  story: Story,
  life: Life = {},
): Promise<Ended> {
  if (life.killAfter === undefined) {
    return run(life.program ?? MAIN, [story.question], settingsOf(api, story, life));
  }
  const { kill, began, ended } = startLife(api, story, life);
  await began;
  await wait(life.killAfter);
  kill();
  return ended;
}

/** The question that a request is about. */
export function questionOf({ input: [first] }: ResponsesRequest): unknown {
  return first && "content" in first ? first.content : undefined;
}

/** The requests about a story's question. */
export function requestsOf(api: Api<ResponsesRequest>, { question }: Story): ResponsesRequest[] {
  return api.requests.filter((one) => questionOf(one) === question);
}

/** Checks that nothing ran in a life, and nothing was asked, that had been recorded before it. */
export async function liveWithoutRepeating(
  api: Api<ResponsesRequest>,
  story: Story,
  life: Life,
  words: string,
): Promise<Ended> {
  const before = { ...look(story), asked: requestsOf(api, story).length };
  const ended = await live(api, story, life);
  const ran = look(story).runs.slice(before.runs.length);
  const requests = requestsOf(api, story)
    .slice(before.asked)
    .map((request) => `step ${stepOf(request)} request`);
  const again = [...ran, ...requests].filter((key) => before.recorded.includes(key));
  expect(again, words).toEqual([]);
  return ended;
}
