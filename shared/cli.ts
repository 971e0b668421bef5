import { channel } from "node:diagnostics_channel";
import { readFileSync, realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { readMailbox } from "../mock-tools/mailbox.ts";
import { messageOf } from "../mock-tools/plain.ts";
import { describe } from "./describe.ts";
import { client, model, offline } from "./model.ts";
import { OFFLINE_HINT } from "./offline/wire/client.ts";
import { endWithOutput } from "./output.ts";
import { endTyping, print, printAnswer, printQuestion, printStatus } from "./print.ts";
import { settings } from "./settings.ts";
import { shorten } from "./terminal.ts";
import { printTimeline, wantTimeline } from "./timeline.ts";

// Threads inherit this setting, so it comes before they start. Measurements import chapters and draw nothing.
const isChapter = /\bmain\.[jt]s$/.test(process.argv[1] ?? "");
const isAsked = process.argv.includes("--timeline") || process.env.TIMELINE_FILE;
if (isChapter && (process.stderr.isTTY || isAsked)) wantTimeline();

/** True in the file that was started, false in an imported file. */
export function isEntry(url: string): boolean {
  const [, started] = process.argv;
  return started !== undefined && pathToFileURL(realpathSync(started)).href === url;
}

function printHelp(): void {
  const [, file = ""] = process.argv;
  const [title, claim, , command = ""] = readFileSync(file, "utf8").split("\n");
  const [head, what] = [title, claim].map((line) => line?.replace(/^\/\/ ?/, ""));
  const typed = command.replace(/^\/\/ /, "");
  const width = Math.max(...[...settings.keys()].map(({ length }) => length));
  const lines = [...settings].map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
  console.log(`${head}
${what}

With no question, the chapter asks its own. To ask yours:  ${typed} "a question"

${lines.join("\n")}

Names in capitals are set in the environment, or in a file called .env.`);
}

type Agent = (question: string, interrupted: AbortSignal) => Promise<string>;

/** Ctrl-C ends the program. If the agent takes a signal, the first Ctrl-C aborts that signal instead. */
function listenForCtrlC(runAgent: Agent): AbortSignal {
  const interrupt = new AbortController();
  process.on("SIGINT", () => {
    if (runAgent.length < 2 || interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  });
  return interrupt.signal;
}

/** Prints the mailbox if there are more mails in it than there were before. */
function printMailbox(before: number): void {
  try {
    const mailbox = readMailbox();
    if (mailbox.length > before) print(`\nMail box:\n${JSON.stringify(mailbox, null, 2)}`);
  } catch (error) {
    printStatus(`warning: the mailbox cannot be read: ${describe(error)}`);
  }
}

async function ask(runAgent: Agent, question: string, interrupted: AbortSignal): Promise<void> {
  const mails = readMailbox().length;
  printQuestion(question);
  try {
    printAnswer(await runAgent(question, interrupted));
  } finally {
    // E-mails were sent even if the run failed later.
    printMailbox(mails);
    await printTimeline();
  }
}

/** The question on the command line, or otherwise those of the demo. */
function readQuestions(words: readonly string[], demo: readonly string[]): readonly string[] {
  const own = words.join(" ").trim();
  if (words.length > 0 && own === "") throw new Error("expected a question, got an empty one");
  return own ? [own] : demo;
}

/** The model that answers, and its address. */
function nameModel(): readonly string[] {
  const where = offline ? OFFLINE_HINT : client.baseURL;
  return [`${model} (${where})`];
}

/** Hears each error that is printed, with its place. Nobody listens unless a debugger or a check does. */
const errors = channel("the-agent-loop:error");

function complain(error: unknown, interrupted: AbortSignal): void {
  endTyping();
  errors.publish(error);
  printStatus(interrupted.aborted ? "cancelled" : `error: ${describe(error)}`);
  process.exitCode = interrupted.aborted ? 130 : 1;
}

/** An error that was not caught is a mistake in the code, so this prints where it was made. */
function crash(error: unknown): void {
  endTyping();
  const { stack } = Object(error);
  console.error(shorten(`error: ${typeof stack === "string" ? stack : messageOf(error)}`));
  process.exit(1);
}

/**
 * Asks the question on the command line or otherwise the demo's, one after the other, and prints them
 * with their answers. An error becomes one line on stderr and exit code 1; it never rejects.
 * An agent with a second parameter gets a signal: the first Ctrl-C aborts the signal instead of ending
 * the program, which then ends with exit code 130 as soon as the agent does.
 */
export async function runQuestions(
  runAgent: Agent,
  demo: readonly string[],
  nameModels = nameModel,
): Promise<void> {
  endWithOutput();
  const interrupted = listenForCtrlC(runAgent);
  process.once("uncaughtException", crash);
  try {
    const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
    if (values.help || values.h) return printHelp();
    const [unknown] = Object.keys(values).filter((name) => name !== "timeline");
    if (unknown) throw new Error(`expected a question or --help, got the option ${unknown}`);
    const questions = readQuestions(positionals, demo);
    for (const name of nameModels()) printStatus(`model: ${name}`);
    for (const [index, question] of questions.entries()) {
      interrupted.throwIfAborted();
      if (index > 0) console.log();
      await ask(runAgent, question, interrupted);
    }
  } catch (error) {
    complain(error, interrupted);
  }
}
