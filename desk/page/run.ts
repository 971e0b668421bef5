// Starts the program of a chapter in a worker, and hears what it says.
import type { FromProgram, Start, ToProgram } from "./messages.ts";

declare global {
  // The scripts of the page. A worker is made from the text of their functions.
  var book: unknown;
  var thread: unknown;
  var chapters: Readonly<Record<string, { readonly file: string; readonly run: unknown }>>;
}

/** What a reader asks a chapter to do. */
export type Asked = {
  /** The chapter's number. */
  readonly number: string;
  /** The question, or undefined for those of the demo. */
  readonly question: string | undefined;
  readonly knobs: Readonly<Record<string, number>>;
  readonly env: Readonly<Record<string, string>>;
};

/** A program that runs. */
export type Running = {
  /** Ends it at once, and with it its threads. */
  stop(): void;
  /** Sends it the signal of Ctrl-C. */
  interrupt(): void;
};

/** The line with which a worker begins: the code behind it needs to know how it starts. */
const BEGIN = "self.onmessage = ({ data }) => { self.start = data;";

function programCode(run: unknown): string {
  return `${BEGIN} const { modules, program } = (${globalThis.book})();
program.run(() => (${run})(modules, program.knob)); };`;
}

/** Starts the program. It hears nothing more after "exit", or after it was stopped. */
export function startProgram(asked: Asked, hear: (said: FromProgram) => void): Running {
  const chapter = globalThis.chapters[asked.number];
  if (!chapter) throw new Error(`the script of chapter ${asked.number} is not loaded`);
  const script = new Blob([programCode(chapter.run)], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  const stop = (): void => {
    worker.onmessage = null;
    worker.terminate();
  };
  worker.onmessage = ({ data }: MessageEvent<FromProgram>) => {
    if (data.type === "exit") stop();
    hear(data);
  };
  worker.onerror = ({ message }) => {
    stop();
    hear({ type: "print", stream: "stderr", text: `error: ${message}\n` });
    hear({ type: "exit", code: 1 });
  };
  const start: Start = {
    argv: ["node", chapter.file, ...(asked.question === undefined ? [] : [asked.question])],
    // The page draws the calls itself, so it wants their notes.
    env: { ...asked.env, NOTE_CALLS: "1" },
    files: [],
    thread: 0,
    threadCode: `${BEGIN} (${globalThis.thread})(); };`,
    knobs: asked.knobs,
  };
  worker.postMessage(start);
  const signal: ToProgram = { type: "signal", name: "SIGINT" };
  return { stop, interrupt: () => worker.postMessage(signal) };
}
