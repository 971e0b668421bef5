import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Row, Runs } from "../scripts/axis.ts";
import { ROOT } from "../scripts/chapters.ts";
import { serveOfflineModel } from "../shared/offline/wire/server.ts";
import { copyBook } from "../scripts/copy.ts";
import { type Candidate, interleave, type Spread, startInstantModel } from "./measure.ts";

const QUESTION = "Get the weather in Beijing and LA and send an summary email to me.";
const CHAPTER = "chapters/13-dependency-detection/main.ts";

type Call = {
  readonly type: "function_call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
};
type OnStart = (call: Call) => () => void;
type RunBatch = (calls: readonly Call[]) => Promise<object[]>;
type Chapter = {
  runAgent(question: string, runBatch?: RunBatch): Promise<string>;
  parallelRunner(limit?: number, onStart?: OnStart): RunBatch;
  dependencyRunner(limit?: number, onStart?: OnStart): RunBatch;
};

async function load(folder: string, file: string): Promise<Chapter> {
  return import(pathToFileURL(join(folder, file)).href);
}

function stopwatch(run: () => Promise<unknown>): Candidate {
  return async () => {
    const start = performance.now();
    await run();
    return { ms: performance.now() - start };
  };
}

/** The seed's second question with a slow model: three replies compared with two. */
export async function measureReplies(): Promise<Record<string, Spread>> {
  process.env.OFFLINE_LATENCY_MS = "500";
  process.env.OPENAI_BASE_URL = await serveOfflineModel(0, true);
  delete process.env.OFFLINE_LATENCY_MS;
  const folder = copyBook({});
  const base = await load(folder, "chapters/04-parallel-tools/main.ts");
  const chapter = await load(folder, CHAPTER);
  const candidates = {
    "04": stopwatch(() => base.runAgent(QUESTION)),
    "13": stopwatch(() => chapter.runAgent(QUESTION, chapter.dependencyRunner())),
  };
  return interleave(candidates, 9);
}

/** A tool that takes as many ms as its argument says. */
const WAITING_WEATHER = `
export async function forecast({ location }) {
  await new Promise((resolve) => setTimeout(resolve, Number(location)));
  return "";
}
`;

/** The calls of the two chains, with their names in the picture. */
const CHAINS: Readonly<Record<string, string>> = {
  a: "a",
  b: "b",
  c: "c, refers to a",
  d: "d, refers to b",
};

function weather(id: string, location: unknown): Call {
  const args = JSON.stringify({ location });
  return { type: "function_call", id, name: "get_weather", arguments: args };
}

/** Two chains, short then long and long then short. One function runs them wave by wave, one each call when ready. */
async function loadChains() {
  await startInstantModel();
  const folder = copyBook({ "mock-tools/weather.ts": WAITING_WEATHER });
  const { parallelRunner, dependencyRunner } = await load(folder, CHAPTER);
  const after = (id: string, ms: string) => ({ $text: [ms, { $from: id }] });
  const first = [weather("a", "50"), weather("b", "150")];
  const wave = [weather("c", "150"), weather("d", "50")];
  const linked = [weather("c", after("a", "150")), weather("d", after("b", "50"))];
  return {
    async waves(onStart?: OnStart) {
      await parallelRunner(undefined, onStart)(first);
      await parallelRunner(undefined, onStart)(wave);
    },
    own: (onStart?: OnStart) => dependencyRunner(undefined, onStart)([...first, ...linked]),
  };
}

/** The times of the two ways. */
export async function measureWaves(): Promise<Record<string, Spread>> {
  const { waves, own } = await loadChains();
  return interleave({ waves: stopwatch(() => waves()), own: stopwatch(() => own()) }, 15);
}

/** The calls of a run as rows, with times in whole milliseconds since its beginning. */
async function record(run: (onStart: OnStart) => Promise<unknown>): Promise<Row[]> {
  const rows: Row[] = [];
  const zero = performance.now();
  const since = () => Math.round(performance.now() - zero);
  await run(({ id }) => {
    const start = since();
    return () =>
      rows.push({ label: CHAINS[id] ?? "", spans: [{ what: "call", start, end: since() }] });
  });
  return rows.toSorted((one, other) => one.label.localeCompare(other.label));
}

/** Records one run of each way, in threads that have run before. */
export async function recordWaves(): Promise<Runs> {
  const { waves, own } = await loadChains();
  for (let round = 0; round < 3; round++) {
    await waves();
    await own();
  }
  return [
    { title: "a call starts when a whole wave has ended", rows: await record(waves) },
    { title: "a call starts when the calls that it refers to have ended", rows: await record(own) },
  ];
}

/** The cost of the graph of 1,000 calls, none of which reaches its tool. */
export async function measureScheduling(): Promise<Record<string, Spread>> {
  await startInstantModel();
  const { dependencyRunner } = await load(ROOT, CHAPTER);
  const names = ["get_weather", "list_emails", "get_user_profile", "send_email"];
  const calls = Array.from({ length: 1_000 }, (_, index) => {
    const location = { $from: `c${index >> 1}`, path: "nothing" };
    const args = JSON.stringify(index < 8 ? { location: 7 } : { location });
    const name = names[index % names.length] ?? "";
    const call = { type: "function_call", id: `c${index}`, name, arguments: args } as const;
    return index < 8 ? { ...call, name: "get_weather" } : call;
  });
  return interleave({ "1000": stopwatch(() => dependencyRunner()(calls)) }, 15);
}
