// Holds thousands of conversations with four chapters while tools, server and clock fail at random, and
// says whether anything was lost or left behind: npm run soak
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { compileBook, copyBook } from "../scripts/copy.ts";
import { run } from "../scripts/run.ts";
import { endWithOutput } from "../shared/output.ts";
import { readReports } from "./programs/report.ts";
import { like } from "./support/worlds.ts";

const USAGE = `npm run soak                              2000 conversations with each of four chapters
npm run soak -- --conversations 200       so many with each
npm run soak -- --seconds 30              as many as there are in this time, if that is sooner
npm run soak -- --seed 7                  the same calls as the run that named this seed`;

const TALKS = [
  ["06-retries", "outputs"],
  ["10-cancellation", "outputs"],
  ["14-native-tools", "responses"],
  ["17-streaming", "streamed chat"],
] as const;

const Count = z.coerce.number().int().positive();
const Sample = z.object({ heap: z.number(), resources: z.number() });
const Soak = z.object({
  conversations: z.number(),
  answers: z.number(),
  errors: z.number(),
  calls: z.number(),
  faults: z.number(),
  batches: z.number(),
  complaints: z.array(z.string()),
  samples: z.array(Sample).min(2),
});
type Soak = z.infer<typeof Soak>;

const MEGABYTE = 2 ** 20;
/** The most that a heap may grow from the second tenth to the last. A leak of 5 kB per conversation is more. */
const MAX_GROWTH = 8 * MEGABYTE;
/** Threads and sockets that may exist at one measurement and not at another. */
const MAX_MORE = 10;

/** Returns what went wrong. */
function findFaults({ complaints, conversations, answers, errors, samples }: Soak): string[] {
  const [, early, ...later] = samples;
  const last = later.at(-1);
  if (!early || !last) return ["it was over too soon to be measured"];
  const grown = last.heap - early.heap;
  const more = last.resources - early.resources;
  return [
    ...complaints,
    ...(answers + errors < conversations ? ["a conversation had no end"] : []),
    ...(answers === 0 ? ["no conversation had an answer"] : []),
    ...(grown > MAX_GROWTH ? [`the heap has grown by ${Math.round(grown / MEGABYTE)} MB`] : []),
    ...(more > MAX_MORE ? [`${more} more handles are open`] : []),
  ];
}

function describe(chapter: string, soak: Soak, seconds: number): string {
  const { conversations, answers, batches, calls, faults, samples } = soak;
  const heaps = samples.map(({ heap }) => Math.round(heap / MEGABYTE));
  const handles = samples.map(({ resources }) => resources);
  return `${chapter}: ${conversations} conversations in ${seconds} s, ${answers} answers; ${batches} batches, ${calls} calls, ${faults} faults of the server
  heap in MB: ${heaps.join(" ")}
  open handles: ${handles.join(" ")}`;
}

/** Soaks one chapter, and returns what is wrong. */
async function soak(folder: string, talk: string, args: readonly string[]): Promise<string[]> {
  const book = copyBook({
    "mock-tools/weather.ts": like("test/worlds/soaking.ts"),
    "mock-tools/mailbox.ts": like("test/worlds/mailed-weather.ts"),
  });
  const temporary = mkdtempSync(join(tmpdir(), "soak-"));
  const start = Date.now();
  const env = { TMPDIR: temporary };
  const command = [folder, talk, ...args];
  const { stdout, stderr } = await run("test/programs/soak.ts", command, { folder: book, env });
  const left = readdirSync(temporary);
  rmSync(temporary, { recursive: true });
  const report = readReports(stdout).get("soak");
  if (!report) return [`the program ended: ${stderr}`];
  const result = Soak.parse(report.value);
  console.log(describe(folder, result, Math.round((Date.now() - start) / 1_000)));
  return [...findFaults(result), ...left.map((name) => `${name} is left`)];
}

async function main(): Promise<void> {
  const options = {
    conversations: { type: "string", default: "2000" },
    seconds: { type: "string", default: "120" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return console.log(USAGE);
  for (const name of ["conversations", "seconds", "seed"] as const) {
    const { success } = Count.safeParse(values[name]);
    if (!success)
      throw new Error(`expected a whole number from 1 up in --${name}, got ${values[name]}`);
  }
  console.log(`seed ${values.seed}`);
  process.env.COMPILED_BOOK = await compileBook();
  const args = [values.conversations, values.seconds, values.seed];
  for (const [folder, talk] of TALKS) {
    const faults = await soak(folder, talk, args);
    if (faults.length > 0) throw new Error(`${folder}: ${faults.join("; ")}`);
  }
}

endWithOutput();
await main().catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
