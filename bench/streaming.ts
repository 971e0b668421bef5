import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import { copyBook } from "../scripts/copy.ts";
import { listen } from "../scripts/serve.ts";
import { type Candidate, interleave, type Spread } from "./measure.ts";

const FILE = "chapters/17-streaming/main.ts";

type RunBatch = (calls: readonly object[]) => Promise<object[]>;
type Chapter = {
  runAgent(question: string, runBatch?: RunBatch): Promise<string>;
  parallelRunner(): RunBatch;
};

async function load(folder: string): Promise<Chapter> {
  return import(pathToFileURL(join(folder, FILE)).href);
}

/** A tool that waits 300 ms, and three times as long in Cairo. */
export const WAITING_WEATHER = `
export async function forecast({ location }) {
  await new Promise((resolve) => setTimeout(resolve, location === "Cairo" ? 900 : 300));
  return "sunny, 20 degrees";
}
`;

/** A copy of the chapter in which no tool may start early, so all calls wait for the whole reply. */
export function copyThatWaits(): string {
  const source = readFileSync(join(ROOT, FILE), "utf8");
  const none = source.replaceAll(', retry: "safe" }]', " }]");
  if (none === source) throw new Error(`${FILE} has no tool that may start early`);
  return copyBook({ [FILE]: none, "mock-tools/weather.ts": WAITING_WEATHER });
}

/** The time from question to answer with three calls, all of one length or the first of them longer. */
export async function measureStreaming(): Promise<Record<string, Record<string, Spread>>> {
  delete process.env.OFFLINE_TOKENS_PER_SECOND;
  process.env.OPENAI_BASE_URL = await serveOfflineModel(0, true);
  const waited = await load(copyThatWaits());
  const streamed = await load(copyBook({ "mock-tools/weather.ts": WAITING_WEATHER }));
  const questions = {
    "300, 300 and 300": "How is the weather in Lima, LA and Paris?",
    "900, 300 and 300": "How is the weather in Cairo, LA and Paris?",
  };
  const results: Record<string, Record<string, Spread>> = {};
  for (const [lengths, question] of Object.entries(questions)) {
    const measure = (chapter: Chapter, runBatch?: RunBatch): Candidate => {
      return async () => {
        const start = performance.now();
        await chapter.runAgent(question, runBatch);
        return { ms: performance.now() - start };
      };
    };
    results[lengths] = await interleave(
      {
        serial: measure(waited),
        parallel: measure(waited, waited.parallelRunner()),
        streamed: measure(streamed, streamed.parallelRunner()),
      },
      7,
    );
  }
  return results;
}

/** A tool that returns the moment at which it was entered. */
const PUNCTUAL_WEATHER = `
export function forecast() {
  return performance.timeOrigin + performance.now();
}
`;

const PACE_MS = 40;
const IDS = ["0", "1", "2"];
const ARGUMENTS = ['{"loca', 'tion":', '"LA"}'];

/** Events that are written together, and whether they contain the last byte of a call's arguments. */
type Beat = { readonly events: readonly object[]; readonly last?: boolean };

function responseBeats(id: string, output_index: number): Beat[] {
  const item = { type: "function_call", call_id: id, name: "get_weather", status: "completed" };
  const whole = { ...item, arguments: ARGUMENTS.join("") };
  const done = { type: "response.output_item.done", output_index, item: whole };
  const begun = { ...item, arguments: "" };
  const pieces = ARGUMENTS.map((delta, index) => {
    const grown = { type: "response.function_call_arguments.delta", output_index, delta };
    const last = index === ARGUMENTS.length - 1;
    return { events: last ? [grown, done] : [grown], last };
  });
  return [
    { events: [{ type: "response.output_item.added", output_index, item: begun }] },
    ...pieces,
  ];
}

function chatBeats(id: string, place: number): Beat[] {
  const chunk = (call: object) => ({ choices: [{ delta: { tool_calls: [call] } }] });
  const pieces = ARGUMENTS.map((part, index) => {
    const piece = chunk({ index: place, function: { arguments: part } });
    return { events: [piece], last: index === ARGUMENTS.length - 1 };
  });
  const begun = { index: place, id, function: { name: "get_weather", arguments: "" } };
  return [{ events: [chunk(begun)] }, ...pieces];
}

const completed = { type: "response.completed", response: {} };
const finished = { choices: [{ delta: {}, finish_reason: "stop" }] };

const Request = z.looseObject({
  messages: z.array(z.object({ role: z.string(), content: z.string().nullish() })).optional(),
  input: z.array(z.object({ output: z.string().optional() })).optional(),
});

/** A model that streams three calls at a fixed pace, and the delay of each of the last three entries. */
async function servePacedModel() {
  let sent: number[] = [];
  let entered: number[] = [];
  const answer = async (body: z.infer<typeof Request>, out: ServerResponse): Promise<void> => {
    const { messages, input = [] } = body;
    const outputs = messages
      ? messages.flatMap(({ role, content }) => (role === "tool" ? (content ?? "") : []))
      : input.flatMap(({ output }) => output ?? []);
    const calls = outputs.length > 0 ? [] : IDS.flatMap(messages ? chatBeats : responseBeats);
    if (outputs.length > 0) entered = outputs.map(Number);
    else sent = [];
    for (const beat of [...calls, { events: [messages ? finished : completed] }]) {
      if (calls.length > 0) await wait(PACE_MS);
      out.write(beat.events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
      if (beat.last) sent.push(performance.timeOrigin + performance.now());
    }
    out.end();
  };
  const server = createServer(async (incoming, out) => {
    out.setHeader("content-type", "text/event-stream");
    await answer(Request.parse(JSON.parse(await text(incoming))), out);
  });
  const { url } = await listen(server);
  const delays = () => sent.map((time, index) => (entered[index] ?? Number.NaN) - time);
  return { url: `${url}/v1`, delays };
}

/** The time from the last byte of a call's arguments to its tool's entry, for the first call and the last. */
export async function measureFirstStart(): Promise<Record<string, Spread>> {
  const { url, delays } = await servePacedModel();
  process.env.OPENAI_BASE_URL = url;
  const measure = async (protocol: string): Promise<Candidate> => {
    process.env.OPENAI_PROTOCOL = protocol;
    const { runAgent } = await load(copyBook({ "mock-tools/weather.ts": PUNCTUAL_WEATHER }));
    return async () => {
      await runAgent("?");
      const [first = Number.NaN, ...others] = delays();
      return { first, last: others.at(-1) ?? Number.NaN };
    };
  };
  const candidates = { responses: await measure("responses"), chat: await measure("chat") };
  return interleave(candidates, 25);
}
