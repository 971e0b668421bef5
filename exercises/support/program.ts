import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { bookFolder } from "../../scripts/chapters.ts";
import { changeCopy, copyBook } from "../../scripts/copy.ts";
import type { Files } from "../../scripts/exercises/files.ts";
import { type Exercise, FOLDER } from "../../scripts/exercises/list.ts";
import { compiledOf, type Ended, run } from "../../scripts/run.ts";
import { listen } from "../../scripts/serve.ts";
import { Unmet } from "./unmet.ts";
import { faultOf } from "./fault.ts";
import { type Reply, saying } from "./replies.ts";
import { type Feedback, talkOf } from "./talk.ts";
import { serveTools, type Tools, wrappedTools } from "./tools.ts";

/**
 * The model's replies, one a step. After the last, the model says "done". A function gets the step, from 0
 * up, and what came back after the reply before.
 */
export type Replies =
  | readonly Reply[]
  | ((step: number, before: Feedback) => Reply | Promise<Reply>);

/** What a check asks the reader's program. */
export type Asking = {
  readonly replies: Replies;
  /** What the tools do. By default, what they always do. */
  readonly tools?: Tools;
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the demo, runAgent is called with the question and each of these configs, one by one. */
  readonly configs?: readonly object[];
  /** After so many milliseconds the program is ended. */
  readonly limit?: number;
  /** True if the program may end with an error. Otherwise that is not met. */
  readonly mayFail?: boolean;
};

const Mail = z.object({ from: z.string(), to: z.string(), message: z.string() });

/** One run of the agent: a conversation with the model, from the question on. */
export type Run = {
  readonly requests: readonly unknown[];
  /** What went back to the model after each reply, one after the other. */
  readonly feedback: readonly Feedback[];
};

/** How a question ended. */
export type Asked = Ended &
  Run & {
    /** All runs. Some chapters ask a question several times; `requests` and `feedback` are the last's. */
    readonly runs: readonly Run[];
    /** The text below "A:", if the program answered. */
    readonly answer: string | undefined;
    readonly mailbox: readonly z.infer<typeof Mail>[];
  };

const End = z.object({ answer: z.string().optional(), error: z.string().optional() });
const Ends = z.object({
  ends: z.array(End),
  waits: z.array(z.number()),
  mailbox: z.array(Mail),
});

/** How questions ended that were asked in one process, one after the other. */
export type AskedEach = {
  /** The answer of each, or the message of the error that its run ended with. */
  readonly runs: readonly (Run & z.infer<typeof End>)[];
  /** The waits that the program asked for, in milliseconds. They did not take that long. */
  readonly waits: readonly number[];
  readonly mailbox: Asked["mailbox"];
};

/** The reader's program. */
export type Program = {
  /** Runs main.ts once, with a question, against a scripted model. */
  ask(asking: Asking): Promise<Asked>;
  /**
   * Asks runAgent of main.ts several questions in one process, each with replies of its own. A run that
   * ends with an error does not end the process. All runs share the tools.
   */
  askEach(scripts: readonly Replies[], options?: EachOptions): Promise<AskedEach>;
  /** Runs one of its files as a reader does: with the offline model, unless a setting says otherwise. */
  run(args?: readonly string[], options?: RunOptions): Promise<Ended>;
  /**
   * Reads what main.ts exports as its prediction.
   *
   * @throws Unmet if it does not fit the schema
   */
  predicted<Value>(schema: z.ZodType<Value>): Promise<Value>;
};

type EachOptions = Pick<Asking, "tools" | "env" | "limit">;

type RunOptions = {
  /** main.ts, if nothing else is given. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limit?: number;
};

const LIMIT_MS = 30_000;
/** The watchdog says what a program that takes too long was doing. If it cannot, the program is killed. */
const GRACE_MS = 5_000;
const QUESTION = "a question";

/** The conversations that a model had, one after the other. */
function readRuns(number: string, requests: readonly unknown[]): Run[] {
  const talk = talkOf(number);
  // A run of chapter 21 or 22 may go on with a conversation that began in another process.
  const isStart = (request: unknown, index: number) => index === 0 || talk.step(request) === 0;
  const starts = requests.flatMap((one, index) => (isStart(one, index) ? index : []));
  return starts.map((start, index) => {
    const own = requests.slice(start, starts[index + 1]);
    return { requests: own, feedback: own.slice(1).map(talk.read) };
  });
}

/** Serves a model that follows a script for each question, in the form of a chapter. */
async function serveModel(number: string, scripts: readonly Replies[]) {
  const talk = talkOf(number);
  const requests: unknown[] = [];
  let questions = 0;
  const server = createServer(async (incoming, response) => {
    const request = await json(incoming);
    requests.push(request);
    const step = talk.step(request);
    if (step === 0) questions++;
    // A chapter may ask one question several times.
    const script = scripts[questions - 1] ?? scripts.at(-1) ?? [];
    const reply =
      typeof script === "function" ? await script(step, talk.read(request)) : script[step];
    talk.send(reply ?? saying("done"), response);
  });
  return { ...(await listen(server)), requests };
}

function readMailbox(stdout: string): Asked["mailbox"] {
  const text = /\nMail box:\n(\[\n.*?^\])/ms.exec(stdout)?.[1];
  return text === undefined ? [] : z.array(Mail).parse(JSON.parse(text));
}

function readAnswer(stdout: string): string | undefined {
  return /^A:\n(.*?)(?=\n+Mail box:|\n*$(?![\s\S]))/ms.exec(stdout)?.[1];
}

/** A copy of the book for each folder that programs run from. */
const books = new Map<string, string>();

/** A copy of the book with tools that can ask the check. It is made once, for many programs. */
function openBook(): string {
  const from = bookFolder();
  const read = (file: string) => readFileSync(join(from, file), "utf8");
  const parts = ["shared", "mock-tools", `${FOLDER}/support`, "package.json", "tsconfig.json"];
  const book = books.get(from) ?? copyBook(wrappedTools(read), from, parts);
  books.set(from, book);
  return book;
}

let count = 0;

/** Lays a program into the book, in a folder of its own, as deep as a chapter's. */
function layProgram(book: string, { name }: Exercise, files: Files): string {
  const folder = `${FOLDER}/${name}-${++count}`;
  const own = [...files].map(([file, text]) => [`${folder}/${file}`, text]);
  changeCopy(book, Object.fromEntries(own));
  return join(book, folder);
}

/** Runs a program of a copy of the book under the eyes of start.ts. */
function startIn(book: string, folder: string, signal: AbortSignal | undefined) {
  return (program: string, args: readonly string[], { env = {}, limit = LIMIT_MS }: RunOptions) => {
    // Its temporary files are removed with the program, even if it is killed.
    const settings = { CHECK_LIMIT_MS: String(limit), TMPDIR: folder, TEMP: folder, ...env };
    const words = [folder, compiledOf(join(folder, program)), ...args];
    const options = { folder: book, env: settings, limit: limit + GRACE_MS, signal };
    return run(`${FOLDER}/support/start.ts`, words, options);
  };
}

/** The program of an exercise, made of these files, and a function that removes it. */
export function programOf(
  exercise: Exercise,
  files: Files,
  signal?: AbortSignal,
): Program & { remove: () => void } {
  const { number } = exercise.chapter;
  const book = openBook();
  const folder = layProgram(book, exercise, files);
  const start = startIn(book, folder, signal);
  const main = compiledOf(join(folder, "main.ts"));
  /** Runs one of the programs beside this file, which loads main.ts and prints JSON in its last line. */
  const startBeside = async (program: string, args: readonly string[], options: RunOptions) => {
    const ended = await start(`../support/${program}`, [main, ...args], options);
    const fault = faultOf(ended);
    if (fault !== undefined) throw new Unmet(fault);
    const last: unknown = JSON.parse(ended.stdout.trimEnd().split("\n").at(-1) ?? "");
    return last;
  };
  return {
    remove: () => rmSync(folder, { recursive: true, force: true }),
    async run(args = [], { file = "main.ts", ...options } = {}) {
      return start(file, args, options);
    },
    async predicted(schema) {
      const read = schema.safeParse(await startBeside("predicted.ts", [], {}));
      if (read.success) return read.data;
      throw new Unmet(`prediction in main.ts: ${z.prettifyError(read.error)}`);
    },
    async askEach(scripts, { tools = {}, env = {}, limit = LIMIT_MS } = {}) {
      const [model, acts] = await Promise.all([serveModel(number, scripts), serveTools(tools)]);
      const all = { OPENAI_BASE_URL: `${model.url}/v1`, ...acts.env, ...env };
      try {
        const last = await startBeside("asks.ts", [String(scripts.length)], { env: all, limit });
        const { ends, ...others } = Ends.parse(last);
        const runs = readRuns(number, model.requests);
        const none = { requests: [], feedback: [] };
        return { runs: ends.map((end, index) => ({ ...none, ...runs[index], ...end })), ...others };
      } finally {
        model.close();
        acts.close();
      }
    },
    async ask({ replies, tools = {}, env = {}, configs, limit = LIMIT_MS, mayFail = false }) {
      const [model, acts] = await Promise.all([serveModel(number, [replies]), serveTools(tools)]);
      const options = { env: { OPENAI_BASE_URL: `${model.url}/v1`, ...acts.env, ...env }, limit };
      const lists = configs?.map((config) => [QUESTION, config]);
      const ended = await (lists
        ? start("../support/called.ts", [main, "runAgent", JSON.stringify(lists)], options)
        : start("main.ts", [QUESTION], options));
      model.close();
      acts.close();
      const fault = faultOf(ended, true);
      if (fault !== undefined && !mayFail) throw new Unmet(fault);
      const runs = readRuns(number, model.requests);
      const last = runs.at(-1) ?? { requests: [], feedback: [] };
      const { stdout } = ended;
      return { ...ended, ...last, runs, answer: readAnswer(stdout), mailbox: readMailbox(stdout) };
    },
  };
}
