import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ROOT } from "../scripts/chapters.ts";
import { listen } from "../scripts/serve.ts";
import { type Candidate, interleave, type Spread } from "./measure.ts";

const FOLDER = "chapters/21-replay";

type Execute = (key: string, input: object, run: () => Promise<unknown>) => Promise<unknown>;
type RunBatch = (calls: readonly object[], execute: Execute) => Promise<object[]>;
type Chapter = {
  runAgent(question: string, runBatch: RunBatch, execute?: Execute): Promise<string>;
  parallelRunner(): RunBatch;
};

type Journals = {
  openJournal(
    path: string,
    options: { question: string; sync: boolean },
  ): { readonly execute: Execute; readonly close: () => void };
};

function load(file: string) {
  return import(pathToFileURL(join(ROOT, FOLDER, file)).href);
}

const Request = z.object({ input: z.array(z.looseObject({ content: z.string().optional() })) });

/** A model that replies at once: "8 calls" with 8 calls of the weather tool, and results with a message. */
async function serveInstantModel(): Promise<string> {
  const server = createServer(async (incoming, out) => {
    const { input } = Request.parse(JSON.parse(await text(incoming)));
    const count = input.length > 1 ? 0 : Number.parseInt(input[0]?.content ?? "", 10);
    const calls = Array.from({ length: count }, (_, index) => ({
      type: "function_call",
      call_id: `call_${index}`,
      name: "get_weather",
      arguments: '{"location":"LA"}',
    }));
    const content = [{ type: "output_text", text: "done", annotations: [] }];
    const message = { type: "message", role: "assistant", content };
    out.setHeader("content-type", "application/json");
    out.end(JSON.stringify({ object: "response", output: count > 0 ? calls : [message] }));
  });
  return `${(await listen(server)).url}/v1`;
}

/** Returns the path of another new file each time. The files are removed when this process ends. */
function freshFiles(): () => string {
  const folder = mkdtempSync(join(tmpdir(), "journals-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return () => join(folder, `${count++}.jsonl`);
}

/** The time of a function, in ms. */
async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** The time from question to answer with eight forecasts: without a journal, with an empty one, from a full one. */
export async function measureReplay(): Promise<Record<string, Spread>> {
  process.env.OPENAI_BASE_URL = await serveInstantModel();
  const chapter: Chapter = await load("main.ts");
  const { openJournal }: Journals = await load("journal.ts");
  const question = "8 calls";
  const ask = (execute?: Execute) => chapter.runAgent(question, chapter.parallelRunner(), execute);
  const askInJournal = async (file: string) => {
    const { execute, close } = openJournal(file, { question, sync: true });
    await ask(execute);
    close();
  };
  const freshFile = freshFiles();
  const whole = freshFile();
  return interleave(
    {
      inline: async () => ({ ms: await time(() => ask()) }),
      journal: async () => ({ ms: await time(() => askInJournal(freshFile())) }),
      replay: async () => ({ ms: await time(() => askInJournal(whole)) }),
    },
    11,
  );
}

const EFFECTS = 100;
const CALL = {
  type: "function_call",
  id: "la",
  name: "get_weather",
  arguments: '{"location":"LA"}',
};
const OUTCOME = { type: "success", id: "la", result: "sunny, 20 degrees" };

/** What the journal adds to an effect without work, and the time of a replayed effect. */
export async function measureJournal(): Promise<Record<string, Spread>> {
  const { openJournal }: Journals = await load("journal.ts");
  const freshFile = freshFiles();
  const whole = freshFile();
  const measure = (nameFile: () => string, sync: boolean): Candidate => {
    return async () => {
      const { execute, close } = openJournal(nameFile(), { question: "?", sync });
      const ms = await time(async () => {
        for (let index = 0; index < EFFECTS; index++) {
          await execute(`step 1 call ${index}`, CALL, async () => OUTCOME);
        }
      });
      close();
      return { effect: ms / EFFECTS };
    };
  };
  const candidates = {
    written: measure(freshFile, false),
    synced: measure(freshFile, true),
    replayed: measure(() => whole, false),
  };
  return interleave(candidates, 20);
}
